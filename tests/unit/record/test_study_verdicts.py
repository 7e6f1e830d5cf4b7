"""Which study is quoted beside a run: the newest of its very bars, with draws enough to say anything."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.record.study_verdicts import newest_study, study_of_run, verdicts_in
from engine.report.caveats import claims_behind
from tests.support.run_records import day_number, decision, record

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


@pytest.mark.parametrize(
    ("mode", "last_day", "is_quoted"), [("paper", 2, True), ("paper", 1, False), ("backtest", 2, True)]
)
def test_a_summary_that_is_older_than_the_last_decision_quotes_nothing(
    mode: str, last_day: int, is_quoted: bool
) -> None:
    quote = {"folder": "study-x", "claims": []}
    summary = {"last_day": str(day_number(last_day)), "study": quote}

    found = study_of_run(record([decision(1), decision(2)], summary=summary, mode=mode))

    assert found == (quote if is_quoted else None)
