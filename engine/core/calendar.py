"""Days, weeks and instants of the mixed calendars; pure arithmetic, no exchange calendar and no clock.

A *day* is a UTC calendar day and a *session* a New York trading day, both naive dates; an *instant* is UTC.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Days: TypeAlias = NDArray[np.datetime64]
"""Dates as datetime64[D], naive."""
Instants: TypeAlias = NDArray[np.datetime64]
"""Instants as datetime64[s], UTC."""
Ordinals: TypeAlias = NDArray[np.int64]
"""Days as proleptic Gregorian ordinals, comparable with `date.toordinal()`."""

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAYS_A_WEEK = 7
ONE_DAY = timedelta(days=1)


@cache
def iso(day: date) -> str:
    """Write a day; the same ones are written many times, and each time takes longer than to look it up."""
    return day.isoformat()


def decision_instant(day: date) -> datetime:
    """Give the instant at which `day` is decided: its end, 24:00 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def opening_instant(day: date) -> datetime:
    """Give the instant at which the crypto bar of `day` opens: 00:00 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def ordinals_of(days: Days) -> Ordinals:
    """Convert dates to ordinals."""
    return days.astype("datetime64[D]").astype(np.int64) + EPOCH_ORDINAL


def days_of(ordinals: Ordinals) -> Days:
    """Convert ordinals to dates."""
    return (ordinals - EPOCH_ORDINAL).astype("datetime64[D]")


def days_between(first: date, last: date) -> Days:
    """Give every calendar day from `first` to `last`, both included; none when `last` is before `first`."""
    # numpy 2.5 warns of a bare 1, and a later one refuses it: what is added to a date needs a unit.
    days: Days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + np.timedelta64(1, "D"))
    return days


def instants_after(days: Days) -> Instants:
    """Give the end (24:00 UTC) of each day."""
    return (days + np.timedelta64(1, "D")).astype("datetime64[s]")


def sundays_of(ordinals: Ordinals) -> Ordinals:
    """Give, for each day, the Sunday that ends its Monday-to-Sunday week."""
    # Ordinal 1 is a Monday, so ordinal % 7 is 0 on Sundays.
    return ordinals + (-ordinals) % DAYS_A_WEEK


def years_before(days: Days, years: int) -> Days:
    """Give the same calendar date `years` earlier; 29 February counts as the 28th in a common year."""
    months = days.astype("datetime64[M]")
    day_of_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    earlier_months = months - np.timedelta64(12 * years, "M")
    month_lengths = (
        (earlier_months + np.timedelta64(1, "M")).astype("datetime64[D]") - earlier_months.astype("datetime64[D]")
    ).astype(np.int64)
    earlier: Days = earlier_months.astype("datetime64[D]") + np.minimum(day_of_month, month_lengths - 1).astype(
        "timedelta64[D]"
    )
    return earlier
