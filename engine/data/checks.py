"""Checks on the way in: every provider's bars pass here before anyone sees them.

Nothing is repaired. A bad row is an error that names its place; a gap is counted and put into words, never filled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.core.calendar import Days, ordinals_of
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats

LEAST_PRICE, LARGEST_PRICE = 1e-15, 1e15
"""Beyond these nothing is a price, and exact amounts would need hundreds of digits."""

OHLC_TOLERANCE = 0.005
"""Vendors round open and close apart from high and low; more than this fraction outside is an error."""

Place = Callable[[int], str]
"""Gives the place of row i in the source's own terms: `data/BTC.csv, line 12`."""


def check_bars(
    *,
    days: Days,
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    place: Place,
) -> None:
    """Check one market's daily bars, columns of equal length, in the order of their source.

    Raises:
        DataError: a date not later than the one before, a price that is not finite and positive, high below low, open
            or close outside low and high by more than `OHLC_TOLERANCE`, a negative volume; for the first such row.
    """
    if not len(days):
        return
    step = np.diff(days.astype(np.int64))
    if step.size and step.min() <= 0:
        row = int(np.argmax(step <= 0)) + 1
        what = "is given twice" if step[row - 1] == 0 else f"comes after {days[row - 1]}"
        raise DataError(f"{place(row)}: date {days[row]} {what}; dates must ascend and be unique")
    if _all_are_plain(open, high, low, close, volume):
        return
    columns = {"open": open, "high": high, "low": low, "close": close}
    for name, column in columns.items():
        # One comparison finds NaN, zero, negative and infinite values.
        _refuse(
            ~((column >= LEAST_PRICE) & (column <= LARGEST_PRICE)),
            _told(name, column, "is not a positive number"),
            days,
            place,
        )
    _refuse(high < low, lambda i: f"high {high[i]} is below low {low[i]}", days, place)
    for name in ("open", "close"):
        column = columns[name]
        outside = (column > high * (1 + OHLC_TOLERANCE)) | (column < low * (1 - OHLC_TOLERANCE))
        _refuse(outside, _told_outside(name, column, low, high), days, place)
    _refuse(volume < 0, _told("volume", volume, "is negative"), days, place)
    _refuse(volume == np.inf, _told("volume", volume, "is not a number"), days, place)


def _all_are_plain(open: Floats, high: Floats, low: Floats, close: Floats, volume: Floats) -> bool:
    """Tell of all rows at once that nothing is the matter; False: look at each column. NaN is in no comparison."""
    return bool(
        (low >= LEAST_PRICE).all()
        and (high <= LARGEST_PRICE).all()
        and (np.minimum(open, close) >= low).all()
        and (np.maximum(open, close) <= high).all()
        and not ((volume < 0) | (volume == np.inf)).any()
    )


def _told(name: str, column: Floats, what: str) -> Callable[[int], str]:
    return lambda row: f"{name} {column[row]} {what}"


def _told_outside(name: str, column: Floats, low: Floats, high: Floats) -> Callable[[int], str]:
    return lambda row: f"{name} {column[row]} lies outside low {low[row]} and high {high[row]}"


def _refuse(
    bad: "np.ndarray[tuple[int], np.dtype[np.bool_]]", problem: Callable[[int], str], days: Days, place: Place
) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"{place(row)} ({days[row]}): {problem(row)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Missing bars inside a series: their number, and each run of them in words."""

    missing: int
    lines: tuple[str, ...]


def crypto_gaps(bars: BarSeries) -> Gaps:
    """Find the days without a bar in a market that trades every day."""
    holes = np.flatnonzero(np.diff(bars.ordinals) > 1)
    lines = []
    for hole in holes:
        first, last = int(bars.ordinals[hole]) + 1, int(bars.ordinals[hole + 1]) - 1
        lines.append(_gap_line(bars.symbol, first, last, last - first + 1, "day"))
    span = int(bars.ordinals[-1] - bars.ordinals[0]) + 1 if len(bars) else 0
    return Gaps(missing=span - len(bars), lines=tuple(lines))


def index_gaps(bars: BarSeries, sessions: Days) -> Gaps:
    """Find the sessions of the exchange calendar without a bar, between the first and the last bar."""
    expected = ordinals_of(sessions)
    if not len(bars):
        return Gaps(missing=0, lines=())
    expected = expected[(expected >= bars.ordinals[0]) & (expected <= bars.ordinals[-1])]
    missing = np.flatnonzero(~np.isin(expected, bars.ordinals))
    runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1) if missing.size else []
    lines = tuple(
        _gap_line(bars.symbol, int(expected[run[0]]), int(expected[run[-1]]), run.size, "session") for run in runs
    )
    return Gaps(missing=int(missing.size), lines=lines)


def _gap_line(symbol: str, first: int, last: int, count: int, unit: str) -> str:
    days = f"{date.fromordinal(first)}" if first == last else f"{date.fromordinal(first)} to {date.fromordinal(last)}"
    return f"{symbol}: no bar on {days} ({count} {unit}{'s' if count > 1 else ''})"
