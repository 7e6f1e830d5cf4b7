"""Builders of small series: a market is a list of closes."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from engine.core.calendar import days_between
from engine.core.market import BarSeries
from engine.data.kinds import COINS, MarketKind


def bars_of(symbol: str, first: date, closes: Sequence[float], *, kind: MarketKind = COINS) -> BarSeries:
    """Build one bar a calendar day from `first` on: open equals close, high and low one percent around, volume 10."""
    days = days_between(first, first + timedelta(days=len(closes) - 1))
    return bars_on(symbol, days, closes, kind=kind)


def bars_on(
    symbol: str, days: Sequence[str] | np.ndarray, closes: Sequence[float], *, kind: MarketKind = COINS
) -> BarSeries:
    """Build one bar on each of `days`, as `bars_of` does."""
    close = np.array(closes, dtype=np.float64)
    return kind.build(
        symbol,
        days=np.array(days, dtype="datetime64[D]"),
        open=close,
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        volume=np.full(len(close), 10.0),
    )
