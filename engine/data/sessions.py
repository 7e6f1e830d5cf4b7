"""The trading sessions of the New York Stock Exchange, by exchange_calendars' XNYS; the one file that imports it.

Only the holiday rules of the library are used. Its whole calendar also computes opening and closing times, which
costs several times as much (and warns under pandas 3.1), and has no holidays before 1970; a test holds the two equal
from then on.

What those rules say of the years of most histories is kept beside this file, for the library takes longer to load than
the rest of a run's preparations; with another version of the library, or other years, it is asked.
"""

import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import numpy as np

from engine.core.calendar import Days, days_between

SessionsBetween: TypeAlias = Callable[[date, date], Days]
"""Gives the sessions of an exchange from the first to the last date, both included."""

FIRST_RULED = np.datetime64("1600-01-01", "D")
LAST_RULED = np.datetime64("4000-12-31", "D")
"""The holiday rules know the date of Easter in these years; before and after, every weekday counts as a session."""

FIRST_CERTAIN = date(1970, 1, 1)
"""From here on the rules are held equal to the library's calendar, and no Saturday was a session (the last: 1952)."""

PLAIN_WEEK = "1111100"
KEPT = Path(__file__).with_name("new_york_closures.json")
"""The weekdays without a session, as one version of the library has them, by `tests/support/kept_closures.py`."""

FIRST_KEPT, LAST_KEPT = 1970, 2060
SPANS_KEPT = 8


class NewYorkSessions:
    """The sessions of XNYS, closures of the past included; holidays of the future as the rules of today have them."""

    def between(self, first: date, last: date) -> Days:
        """Give the sessions from `first` to `last`, both included; none when `last` is before `first`."""
        # Each series has its own span, and the rules cost a fiftieth of a second: most lie within one that is known.
        wanted = first.year, max(first.year, last.year)
        known = next((span for span in _spans if span[0] <= wanted[0] and wanted[1] <= span[1]), wanted)
        days = _sessions_of_years(*known)
        if known is wanted:
            _spans.append(wanted)
            del _spans[:-SPANS_KEPT]
        start = np.searchsorted(days, np.datetime64(first, "D"), side="left")
        stop = np.searchsorted(days, np.datetime64(last, "D"), side="right")
        return days[start:stop]


_spans: list[tuple[int, int]] = []
"""Of years, whose sessions are kept."""


@lru_cache(maxsize=SPANS_KEPT)
def _sessions_of_years(first: int, last: int) -> Days:
    days = days_between(date(first, 1, 1), date(last, 12, 31))
    ruled = days[(days >= FIRST_RULED) & (days <= LAST_RULED)]
    weekmask, holidays = (
        _kept(first, last) or library_rules(ruled[0], ruled[-1]) if len(ruled) else (PLAIN_WEEK, days[:0])
    )
    sessions = days[np.is_busday(days, weekmask=weekmask, holidays=holidays)]
    # Everybody who asks gets a part of the one array.
    sessions.flags.writeable = False
    return sessions


def sessions_by_year() -> Callable[[date, date], Days]:
    """Give the sessions between two days, out of a calendar that is computed once a year of days."""
    calendar = NewYorkSessions()
    known: dict[int, Days] = {}

    def between(first: date, last: date) -> Days:
        year = last.year
        if year not in known:
            known[year] = calendar.between(date(year - 1, 1, 1), date(year, 12, 31))
        days = known[year]
        if first < date(year - 1, 1, 1):
            return calendar.between(first, last)
        return days[(days >= np.datetime64(first)) & (days <= np.datetime64(last))]

    return between


def library_rules(first: np.datetime64, last: np.datetime64) -> tuple[str, Days]:
    """Ask the library for the weekdays of sessions, as numpy writes them, and for the days of these that have none."""
    import pandas as pd  # noqa: PLC0415 - this and the next cost a third of a second, and only an index needs them
    from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar  # noqa: PLC0415

    # Made without its constructor, which would build the schedule; the rules are properties that need nothing of it.
    calendar = object.__new__(XNYSExchangeCalendar)
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    # Each rule costs a millisecond, and half of them ended before most histories begin.
    rules = [rule for rule in calendar.regular_holidays.rules if rule.end_date is None or rule.end_date >= start]
    regular = [rule.dates(start, end).to_numpy().astype("datetime64[D]") for rule in rules]
    closures = np.array(calendar.adhoc_holidays, dtype="datetime64[D]")
    return calendar.weekmask, np.concatenate([*regular, closures])


def _kept(first: int, last: int) -> tuple[str, Days] | None:
    if first < FIRST_KEPT or last > LAST_KEPT:
        return None
    kept = json.loads(KEPT.read_bytes())
    if kept["exchange_calendars"] != version("exchange_calendars"):
        return None
    years = ((str(year), kept["closures"][str(year)]) for year in range(first, last + 1))
    closed = [f"{year}-{day}" for year, days in years for day in days]
    return kept["weekmask"], np.array(closed, dtype="datetime64[D]")
