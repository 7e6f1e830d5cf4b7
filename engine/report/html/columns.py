"""The columns that charts and the day's panel share: each number once, cut to the digits that can be seen."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.record.review.holdings import HeldDay
from engine.record.run_record import RunRecord

CHART_DIGITS = 7
PANEL_DIGITS = 10
SHARE_DECIMALS = 4

Column = list[Any]
Columns = Mapping[str, Column]
"""By name; columns of one chart have one length."""


def equity_columns(record: RunRecord) -> dict[str, Column]:
    """Give `day`, equity and drawdown of the run, and the equity of each benchmark that was tradable."""
    days = [decision.day for decision in record.decisions]
    equity = [decision.equity for decision in record.decisions]
    columns: dict[str, Column] = {
        "day": [day.isoformat() for day in days],
        "equity": [digits(value, PANEL_DIGITS) for value in equity],
        "drawdown": drawdowns(equity),
    }
    for name, curve in record.benchmarks.items():
        if curve:
            held = [curve.get(day) for day in days]
            columns[f"hold {name}"] = [digits(value, CHART_DIGITS) for value in held]
    return columns


def held_columns(held: Sequence[HeldDay], assets: Sequence[str]) -> dict[str, Column]:
    """Give each asset's share of equity by day, and that of the cash."""
    columns: dict[str, Column] = {
        f"share {asset}": [round(day.shares.get(asset, 0.0), SHARE_DECIMALS) or 0 for day in held] for asset in assets
    }
    return {**columns, "share of cash": [round(day.cash, SHARE_DECIMALS) or 0 for day in held]}


def drawdowns(equity: Sequence[float | None]) -> Column:
    """Give the fall from the running peak by day, as fractions, 0 or negative; None where there is no equity."""
    values = np.array([math.nan if value is None else value for value in equity])
    if not len(values):
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        falls = values / np.fmax.accumulate(values) - 1
    return [None if fall != fall else round(fall, SHARE_DECIMALS) or 0 for fall in falls.tolist()]  # noqa: PLR0124


def digits(value: float | None, significant: int) -> float | None:
    """Cut a number to so many significant digits; None for none, and for what JSON has no word for."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{significant}g}")
