"""`aligned.json`: written and read back; what is damaged is a sentence that names the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import DataError
from engine.record.aligned import read_aligned, write_aligned

FOUND: dict[str, Any] = {
    "core": "BTC",
    "n": 1,
    "breakouts": 1,
    "total_excess": 0.5,
    "aligned": {
        "days": 1,
        "rotations": [{"entry": "2024-01-01", "exit": None, "line": [0.0, 0.5]}],
        "mean": [0.0, 0.5],
        "band": {"q05": [0.0, -0.1], "q95": [0.0, 0.2]},
    },
    "random_entries": {
        "draws": 2, "mean": 0.1, "q05": -0.1, "q95": 0.2, "p_up": 0.3, "p_lo": 1.0, "rank": "2 of 2 below",
    },
}  # fmt: skip


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_aligned(tmp_path) is None

    write_aligned(tmp_path, FOUND)

    assert read_aligned(tmp_path) == FOUND


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n": "5"}, "'n': '5' is no count"),
        ({"aligned": {**FOUND["aligned"], "mean": [None]}}, "'aligned': 'mean': 0: None is no number"),
        ({"random_entries": {}}, "'random_entries': it has no 'draws'"),
    ],
)
def test_what_is_damaged_is_a_sentence(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "aligned.json").write_text(json.dumps({**FOUND, **changes}), encoding="utf-8")

    with pytest.raises(DataError, match=r"aligned\.json: is damaged: ") as raised:
        read_aligned(tmp_path)
    assert words in str(raised.value)
