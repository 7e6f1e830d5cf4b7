"""The list of runs keeps its columns, whatever a run has made of prices that jump."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from engine.record.run_outline import RunOutline
from engine.report.run_list import print_list
from engine.report.run_words import run_words

AT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "+50.0%"), (-0.5, "-50.0%"), (20.86, "+2,086%"), (99.99, "+9,999%"), (158_403.5, "+1.6e7%")],
)
def test_a_return_fits_its_column(value: float, words: str) -> None:
    page = io.StringIO()

    run = RunOutline(
        folder=Path("run-1"), at=AT, mode="backtest", name="x", total_return=value, excess=value, rotations=3
    )
    print_list(Console(file=page, width=80), [run], Path("logs"))

    _, head, row, _ = page.getvalue().splitlines()
    assert row.split()[-3:] == [words, words, "3"]
    assert len(row) == len(head)


def test_a_second_line_tells_a_run_from_others_where_there_is_something_to_tell() -> None:
    told = {"strategy.hold_weeks": 12, "data.csv_dir": "/a/folder/of/csv/files/with/a/long/name", "window.to": None}
    plain = RunOutline(folder=Path("run-1"), at=AT, mode="backtest", name="x", rotations=3, strategy="rotation")
    page = io.StringIO()

    print_list(Console(file=page, width=80), [replace(plain, label="mine", settings=told), plain], Path("logs"))

    _, _, _, second, last = page.getvalue().splitlines()
    assert second.strip() == "rotation · mine · strategy.hold_weeks data.csv_dir window.to"
    assert last.startswith("run-1")


def test_what_a_label_would_do_to_a_terminal_is_not_done() -> None:
    entry = RunOutline(folder=Path("run-1"), at=AT, mode="backtest", name="x", strategy="rotation", label="\x1b[2Jx")

    assert "\x1b" not in run_words(entry)
