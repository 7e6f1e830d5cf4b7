"""All weeks of a series from a first one on, where the last few are not enough."""

import numpy as np

from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.market import Floats
from engine.core.series import ValueSeries
from engine.core.series_columns import weekly_values
from strategies.signals.known import NOTHING, last_known


def complete_sundays(series: ValueSeries, *others: ValueSeries, days: Ordinals) -> Ordinals:
    """Give the Sundays of all weeks from the first value of any of the series on that are complete on the last day."""
    begins = [int(each.ordinals[0]) for each in (series, *others) if len(each)]
    first = min(begins, default=int(days[-1]))
    return np.arange(first + (-first) % DAYS_A_WEEK, int(days[-1]) + 1, DAYS_A_WEEK)


def values_by_week(series: ValueSeries, sundays: Ordinals) -> Floats:
    """Give the value of each week; NaN in a week without one."""
    return weekly_values(series, sundays, 1)[:, 0]


def in_last_week(column: Floats, sundays: Ordinals, days: Ordinals) -> Floats:
    """Give of a column by weeks the row of each day's last complete week; NaN before the first.

    Args:
        sundays: 7 days apart, up to the last one before the last day.
    """
    rows = np.searchsorted(sundays, days, side="right").astype(np.int64) - 1
    return last_known(column, np.maximum(rows, NOTHING))
