"""The federal holidays of the United States by the rules of their statute, and the business days between them.

Closures that were ordered for one day (storms, mourning) are not in it: nothing is published earlier because of them,
and which of them hold up a publication no rule says.

Source: 5 U.S.C. 6103; Juneteenth from 2021 (Public Law 117-17). A holiday on a Saturday is observed on the Friday
before it, one on a Sunday on the Monday after.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from engine.core.calendar import Days

FIRST_JUNETEENTH = 2021
FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
"""New Year, Juneteenth, Independence Day, Veterans Day, Christmas: month and day."""
FLOATING = ((1, 0, 3), (2, 0, 3), (9, 0, 1), (10, 0, 2), (11, 3, 4))
"""Martin Luther King, Washington's birthday, Labor Day, Columbus Day, Thanksgiving: month, weekday (Monday is 0), which
of them in the month."""
MEMORIAL_DAY_BEFORE = (6, 1)
"""The last Monday of May lies in the week before the first of June."""

SATURDAY, SUNDAY = 5, 6
ONE_DAY = timedelta(days=1)


def federal_holidays(year: int) -> list[date]:
    """Give the days of a year on which its eleven holidays are observed; New Year's may be in the year before."""
    return sorted(_observed(day) for day in _holidays(year))


def is_holiday(days: Days) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Mark the days on which a federal holiday is observed."""
    return np.isin(days, _observed_between(days))


def next_business_days(days: Days) -> Days:
    """Give the first business day later than each day."""
    later: Days = np.busday_offset(days, 1, roll="backward", holidays=_observed_between(days))
    return later


def business_days_from(days: Days) -> Days:
    """Give each day itself where it is a business day, else the first one after it."""
    moved: Days = np.busday_offset(days, 0, roll="forward", holidays=_observed_between(days))
    return moved


def nth_business_days(months: Days, number: int) -> Days:
    """Give the `number`-th business day of each month.

    Args:
        months: as datetime64[M].
    """
    firsts = months.astype("datetime64[D]")
    found: Days = np.busday_offset(firsts, number - 1, roll="forward", holidays=_observed_between(firsts))
    return found


def _holidays(year: int) -> Iterator[date]:
    for month, day in FIXED:
        if (month, day) != (6, 19) or year >= FIRST_JUNETEENTH:
            yield date(year, month, day)
    for month, weekday, number in FLOATING:
        first = date(year, month, 1)
        yield first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    june = date(year, *MEMORIAL_DAY_BEFORE)
    yield june - timedelta(days=june.weekday() or 7)


def _observed(day: date) -> date:
    return {SATURDAY: day - ONE_DAY, SUNDAY: day + ONE_DAY}.get(day.weekday(), day)


def _observed_between(days: Days) -> Days:
    """Give the holidays of the years around some days; a few months after them as well."""
    if not len(days):
        return days
    first, last = (int(day.astype("datetime64[Y]").astype(np.int64)) + 1970 for day in (days.min(), days.max()))
    return _observed_in(first - 1, last + 1)


@lru_cache(maxsize=64)
def _observed_in(first: int, last: int) -> Days:
    return np.array([day for year in range(first, last + 1) for day in federal_holidays(year)], dtype="datetime64[D]")
