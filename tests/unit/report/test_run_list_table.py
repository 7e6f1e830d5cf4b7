"""The list of runs keeps its columns, whatever a run has made of prices that jump."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from engine.record.run_outline import RunOutline
from engine.report.run_list import print_list

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
