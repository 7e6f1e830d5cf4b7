"""The table of parity on a terminal of 80 columns."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from engine.report.attribution import MEANINGS, print_parity

HEADINGS = ("main cause", "bars", "decisions", "equity", "orders", "fills", "max. bp", "equity bp")


@pytest.mark.parametrize(
    ("bp", "written"),
    [
        (1.5, "-1.50"),
        (999.99, "-999.99"),
        (1000.0, "-1,000"),
        (12_345.67, "-12,346"),
        (999_999.4, "-999,999"),
        (1_234_567.89, "-1.2e+06"),
    ],
)
def test_no_heading_and_no_figure_of_the_causes_is_cut(bp: float, written: str) -> None:
    row = {"bar": 12, "decision": 1234, "equity": 1234, "order": 1234, "fill": 1234, "largest_bp": bp, "equity_bp": -bp}
    summary = {
        "name": "rotation", "first_day": "2018-01-01", "last_day": "2026-06-30", "synthetic": False,
        "days_per_second": 1.0, "requests_per_day": 11.7,
        "decision_days": 3103, "orders": 200, "fills": 200, "final_equity": 1.0,
        "live_final_equity": 1.0, "live_excess_bp": bp, "unexplained": 0, "causes": dict.fromkeys(MEANINGS, row),
    }  # fmt: skip
    text = io.StringIO()

    print_parity(Console(file=text, width=80), summary=summary, folder=Path("logs/run"))

    lines = text.getvalue().splitlines()
    heads = next(line for line in lines if "main cause" in line)
    assert all(head in heads for head in HEADINGS)
    assert "…" not in text.getvalue()
    assert written in next(line for line in lines if "fill price model" in line)
