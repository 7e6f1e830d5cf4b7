"""Which row of a column was the last one known on each decision day."""

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import DAYS_A_WEEK, Instants, Ordinals, instants_after
from engine.core.market import BarSeries, Floats

NOTHING = -1
"""Stands for "no row known yet"."""


def last_known_bars(bars: BarSeries, decision_days: BarSeries) -> NDArray[np.int64]:
    """Give, for each day of `decision_days`, the position of the last bar known at its end; -1 before the first."""
    return _last_at(bars.known_at, instants_after(decision_days.days))


def last_complete_weeks(sundays: Ordinals, decision_days: BarSeries) -> NDArray[np.int64]:
    """Give, for each day of `decision_days`, the position of the last week that has ended; -1 before the first."""
    return np.searchsorted(sundays, decision_days.ordinals, side="right").astype(np.int64) - 1


def last_known(values: Floats, positions: NDArray[np.int64]) -> Floats:
    """Give the value at each position; NaN before the first."""
    known: Floats = np.append(values, np.nan)[positions]
    return known


def earlier_closes(bars: BarSeries, *, weeks: int) -> Floats:
    """Give for each bar the last close up to so many weeks before; NaN where there is none."""
    positions = np.searchsorted(bars.ordinals, bars.ordinals - DAYS_A_WEEK * weeks, side="right").astype(np.int64) - 1
    return last_known(bars.close, positions)


def _last_at(known_at: Instants, instants: Instants) -> NDArray[np.int64]:
    return np.searchsorted(known_at, instants, side="right").astype(np.int64) - 1
