"""Bars of days on which New York was closed: there are none, so they are refused, or dropped where a vendor makes them.

A series with such bars may be shifted as a whole or in part; then that is said, and not the first of its bars.
"""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Days, ordinals_of
from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.checks import Place
from engine.data.sessions import FIRST_CERTAIN, SessionsBetween
from engine.data.shifts import Stretch, shifted_stretches

MARGIN = timedelta(days=14)
"""Beyond the ends of a series, for dates that are a week off."""

LATEST = date.max - MARGIN
MOST_NAMED = 3
COLUMNS = ("days", "open", "high", "low", "close", "volume", "known_at")
WORDS = {1: "a day", 7: "a week"}


def closed_rows(days: Days, sessions: SessionsBetween) -> NDArray[np.bool_]:
    """Mark the days on which the exchange was closed; none before `FIRST_CERTAIN`, where nobody knows for certain."""
    certain = days >= np.datetime64(FIRST_CERTAIN, "D")
    if not certain.any():
        return certain
    known = days[certain]
    opened = sessions(known.min().item(), known.max().item())
    # Of integers: for dates numpy sorts, and loads its masked arrays to do so.
    closed: NDArray[np.bool_] = certain & ~np.isin(ordinals_of(days), ordinals_of(opened))
    return closed


def refuse_shifted(days: Days, sessions: SessionsBetween | None, place: Place) -> None:
    """Refuse a series whose dates are off by a day or a week, as a whole or in part.

    Args:
        days: as the source has them, in its order.
        sessions: of the exchange; None for a market that never closes.

    Raises:
        DataError: it is shifted; names the stretch, and a session with the date that it has.
    """
    if sessions is None or not closed_rows(days, sessions).any():
        return
    certain = np.flatnonzero(days >= np.datetime64(FIRST_CERTAIN, "D"))
    ordinals = ordinals_of(days[certain])
    first, last = date.fromordinal(int(ordinals.min())), date.fromordinal(int(ordinals.max()))
    opened = ordinals_of(sessions(first - MARGIN, min(last, LATEST) + MARGIN))
    stretches = shifted_stretches(ordinals, opened)
    if stretches:
        begins = int(certain[stretches[0].first])
        others = len(stretches) - 1
        more = f", and {others} more {'stretch is' if others == 1 else 'stretches are'} shifted" if others else ""
        raise DataError(f"{place(begins)}: {_shift_words(stretches[0], ordinals, opened)}{more}")


def refuse_closed(days: Days, sessions: SessionsBetween | None, place: Place) -> None:
    """Refuse bars of days on which the exchange was closed.

    Raises:
        DataError: there is one; names the first, and how many there are.
    """
    if sessions is None:
        return
    closed = np.flatnonzero(closed_rows(days, sessions))
    if closed.size:
        row = int(closed[0])
        day: date = days[row].item()
        more = f"; {closed.size:,} bars are of such days" if closed.size > 1 else ""
        raise DataError(f"{place(row)} ({day}): New York was closed on that {day:%A}{more}")


def without_carried(bars: BarSeries, sessions: SessionsBetween | None, place: str) -> tuple[BarSeries, str]:
    """Drop rows of closed days in which nothing was traded: the last price, which some vendors carry on.

    That is a row whose open, high, low and close are one price, or which has no volume and the close of the row before,
    or no close at all.

    Args:
        place: the series in its source's own terms, for the words.

    Returns:
        The series, and what was dropped in words; empty where nothing was.
    """
    if sessions is None or not len(bars):
        return bars, ""
    flat = (bars.open == bars.high) & (bars.high == bars.low) & (bars.low == bars.close)
    repeated = np.concatenate(([False], bars.close[1:] == bars.close[:-1])) & ~(bars.volume > 0)
    carried = closed_rows(bars.days, sessions) & (flat | repeated | np.isnan(bars.close))
    if not carried.any():
        return bars, ""
    columns = {name: getattr(bars, name)[~carried] for name in COLUMNS}
    return replace(bars, **columns), _dropped_words(bars.days[carried], place)


def _dropped_words(days: Days, place: str) -> str:
    named = ", ".join(str(day) for day in days[:MOST_NAMED])
    more = f" and {len(days) - MOST_NAMED:,} more" if len(days) > MOST_NAMED else ""
    rows = "row was" if len(days) == 1 else "rows were"
    return (
        f"{place}: {len(days):,} {rows} dropped, of days when New York was closed and nothing was traded: {named}{more}"
    )


def _shift_words(stretch: Stretch, ordinals: NDArray[np.int64], opened: NDArray[np.int64]) -> str:
    days = ordinals[stretch.first : stretch.last + 1]
    written = date.fromordinal(int(days[0]))
    if len(days) == len(ordinals):
        what = "the whole series is"
    elif stretch.last == len(ordinals) - 1:
        what = f"from {written} on the series is"
    else:
        what = f"from {written} to {date.fromordinal(int(days[-1]))} the series is"
    span = WORDS[abs(stretch.late)]
    true_day = written - timedelta(days=stretch.late)
    direction = "late" if stretch.late > 0 else "early"
    closed = int((~np.isin(days, opened)).sum())
    are = "is of a day" if closed == 1 else "are of days"
    return (
        f"{what} shifted by {span}: the session of {true_day} is dated {written}, {span} {direction}; "
        f"{closed:,} of its bars {are} when New York was closed"
    )
