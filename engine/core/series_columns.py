"""What a series says at the end of each of many decision days, as columns; row D uses what was known at D's end.

A row without an answer (too little history, a stale value, a week without one) is NaN, in all its places where a row is
several values. Whoever compares a value with a threshold rounds it first (`rounded`).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import DAYS_A_WEEK, Instants, Ordinals, days_of, instants_after, ordinals_of
from engine.core.market import Floats
from engine.core.series import ValueSeries

NONE = -1
"""Stands for "no such position"."""
DECIMALS = 10
"""A value is rounded to so many before it is compared: less is noise of the arithmetic."""
_SURE, _NEAR_A_HALF = 2.0**40, 1e-3
"""Up to that size a product is off by far less than this."""


def last_positions(series: ValueSeries, days: Ordinals) -> NDArray[np.int64]:
    """Give the position of the last value on each day, stale or not; `NONE` before the first is known."""
    return _known_by(series, instants_after(days_of(days)))


def last_values(series: ValueSeries, days: Ordinals) -> Floats:
    """Give the last value on each day; NaN where it is stale or there is none.

    Args:
        days: ordinals of decision days, in any order.
    """
    return last_n(series, days, 1)[:, 0]


def last_n(series: ValueSeries, days: Ordinals, count: int) -> Floats:
    """Give the `count` latest values of each day, the last one last.

    Returns:
        Shape (days, count).
    """
    positions = last_positions(series, days)
    return _windows(series.values, np.where(_is_fresh(series, positions, days), positions, NONE), count)


def changes_over_weeks(series: ValueSeries, days: Ordinals, weeks: int) -> Floats:
    """Give the last value less the last one dated at or before `weeks` weeks earlier than it.

    Both by their dates: a value that came out late on a holiday compares no other weeks than those before it. The
    earlier one must not have been stale on the day that it stands for.
    """
    positions = last_positions(series, days)
    fresh = _is_fresh(series, positions, days)
    changes = np.full(len(days), np.nan)
    now = positions[fresh]
    wanted = series.ordinals[now] - DAYS_A_WEEK * weeks
    before = np.searchsorted(series.ordinals, wanted, side="right").astype(np.int64) - 1
    there = _is_fresh(series, before, wanted)
    changes[np.flatnonzero(fresh)[there]] = series.values[now[there]] - series.values[before[there]]
    return changes


def weekly_values(series: ValueSeries, days: Ordinals, weeks: int) -> Floats:
    """Give the values of the `weeks` latest complete weeks of each day, the last one last.

    A week (Monday to Sunday UTC, complete on its Sunday) has the last value that became known in it, after the Sunday
    before 24:00 UTC and up to its own.

    Returns:
        Shape (days, weeks); a row of which a week has no value is NaN.
    """
    # Ordinal 7 is a Sunday.
    return _period_values(series, days // DAYS_A_WEEK, weeks, _ends_of_weeks)


def monthly_values(series: ValueSeries, days: Ordinals, months: int) -> Floats:
    """Give the values of the `months` latest complete calendar months (UTC) of each day, the last one last.

    A month is complete on its last day, and has the last value that became known in it.

    Returns:
        Shape (days, months); a row of which a month has no value is NaN.
    """
    # A day completes a month when the day after it is in another one.
    begun = days_of(days + 1).astype("datetime64[M]").astype(np.int64)
    return _period_values(series, begun - 1, months, _ends_of_months)


def distances(rows: Floats) -> Floats:
    """Give the last value of each row over the mean of the row, less 1; NaN where the mean is 0.

    Args:
        rows: shape (days, values).
    """
    means = np.mean(rows, axis=1)
    return rows[:, -1] / np.where(means == 0, np.nan, means) - 1


def sample_deviations(rows: Floats) -> Floats:
    """Give the sample deviation (n - 1) of each row; exactly 0 where all its values are equal.

    Args:
        rows: shape (days, values), at least two values.
    """
    # Sums of equal numbers may be off by a bit, which would make a deviation of nothing.
    equal = (rows == rows[:, :1]).all(axis=1)
    return np.where(equal, 0.0, np.std(rows, axis=1, ddof=1))


def rounded(column: Floats) -> Floats:
    """Round a column to `DECIMALS` decimals, as is done before any comparison with a threshold."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = column * 10**DECIMALS
        result: Floats = np.rint(scaled) / 10**DECIMALS
        # A product is off by a bit: what is near a half, or large, Python rounds by the number itself.
        doubtful = (np.abs(scaled) > _SURE) | (np.abs(scaled - np.floor(scaled) - 0.5) < _NEAR_A_HALF)
    if doubtful.any():
        result[doubtful] = [round(value, DECIMALS) for value in column[doubtful].tolist()]
    return result


def _known_by(series: ValueSeries, instants: Instants) -> NDArray[np.int64]:
    return np.searchsorted(series.known_at, instants, side="right").astype(np.int64) - 1


def _is_fresh(series: ValueSeries, positions: NDArray[np.int64], days: Ordinals) -> NDArray[np.bool_]:
    if not len(series):
        return np.zeros(len(positions), dtype=np.bool_)
    fresh: NDArray[np.bool_] = (positions > NONE) & (days - series.ordinals[positions] <= series.fresh_days)
    return fresh


def _windows(values: Floats, ends: NDArray[np.int64], count: int) -> Floats:
    """Give the `count` values up to each end; NaN where there are fewer, or one of them is NaN."""
    rows = np.full((len(ends), count), np.nan)
    whole = ends >= count - 1
    rows[whole] = values[ends[whole, np.newaxis] + np.arange(1 - count, 1)]
    rows[np.isnan(rows).any(axis=1)] = np.nan
    return rows


def _period_values(
    series: ValueSeries, last: NDArray[np.int64], count: int, ends_of: Callable[[NDArray[np.int64]], Ordinals]
) -> Floats:
    """Give the values of the `count` periods up to each number of `last`.

    Args:
        last: number of the last complete period on each day.
        ends_of: gives the last days of periods by their numbers.
    """
    if not len(series) or not len(last):
        return np.full((len(last), count), np.nan)
    first = int(last.min()) - count
    numbers = np.arange(first, int(last.max()) + 1)
    positions = _known_by(series, instants_after(days_of(ends_of(numbers))))
    # One that was known by the end of the period before did not become known in this one.
    values = np.where(np.diff(positions) > 0, series.values[positions[1:]], np.nan)
    return _windows(values, last - first - 1, count)


def _ends_of_weeks(numbers: NDArray[np.int64]) -> Ordinals:
    return numbers * DAYS_A_WEEK


def _ends_of_months(numbers: NDArray[np.int64]) -> Ordinals:
    return ordinals_of((numbers + 1).astype("datetime64[M]").astype("datetime64[D]")) - 1
