"""Which study is quoted beside a run: the newest of its very bars, with draws enough to say anything."""

import json
from pathlib import Path
from typing import Any

from engine.record.study_verdicts import newest_study, verdicts_in
from engine.report.caveats import claims_behind

DATA = {"BTC": "b", "RUT": "r", "ETH": "e"}


def write(out: Path, time: str, **changes: Any) -> None:
    study = {
        "end": "2025-12-31",
        "draws": 9999,
        "data": DATA,
        "rows": {"001-8": "not supported", "002-1": "supported"},
        "results": [
            {"row": "001-8", "primary": True, "title": "A delayed fuse", "verdict": "not supported", "n": 537},
            {"row": "001-8", "primary": False, "title": "Beside it", "verdict": "supported", "n": 1},
            {"row": "002-1", "primary": True, "title": "Another", "verdict": "supported", "n": 2},
        ],
        **changes,
    }
    folder = out / f"study-rotation-{time}"
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")


def test_the_newest_study_of_the_same_bars_is_quoted_with_its_n(tmp_path: Path) -> None:
    write(tmp_path, "20260101T000000Z")
    write(tmp_path, "20260102T000000Z")
    write(tmp_path, "20260103T000000Z", data={**DATA, "RUT": "another"})
    write(tmp_path, "20260104T000000Z", draws=999)
    (tmp_path / "study-broken-20260105T000000Z").mkdir()

    found = newest_study(tmp_path, lambda: {"BTC": "b", "RUT": "r"})

    assert found is not None
    assert found.quote["folder"] == "study-rotation-20260102T000000Z"
    assert claims_behind(found.quote) == (
        "The claims behind an entry, tested on these bars (study-rotation-20260102T000000Z): a delayed fuse: not "
        "supported, n = 537."
    )


def test_a_run_of_other_bars_is_left_with_the_general_warning(tmp_path: Path) -> None:
    assert newest_study(tmp_path / "nowhere", dict) is None
    write(tmp_path, "20260101T000000Z")

    assert newest_study(tmp_path, lambda: {**DATA, "SOL": "s"}) is None


def test_the_rows_are_those_of_the_study_that_is_quoted_while_it_is_there(tmp_path: Path) -> None:
    write(tmp_path, "20260101T000000Z")
    write(tmp_path, "20260102T000000Z", rows={"001-8": "supported"})

    assert verdicts_in(tmp_path, {"folder": "study-rotation-20260101T000000Z"})["001-8"] == "not supported"
    assert verdicts_in(tmp_path, {"folder": "../study-rotation-20260101T000000Z"}) == {}
    assert verdicts_in(tmp_path, None) == {}
