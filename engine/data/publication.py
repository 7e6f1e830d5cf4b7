"""When a value became known: the rules by which sources publish, as functions of the date that a value is about.

Instants are hours of New York; none of them falls into the hour that a change of clocks repeats or leaves out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import DAYS_A_WEEK, Days, Instants, days_of, instants_after, ordinals_of
from engine.data.federal_holidays import business_days_from, is_holiday, next_business_days, nth_business_days

NEW_YORK = ZoneInfo("America/New_York")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A rule of publication.

    Attributes:
        day: gives the day on which each date's value comes out.
        at: the hour in New York; None: the end of that day, 24:00 UTC.
        any_day: whether it also comes out on weekends and holidays; else it waits for the next business day.
    """

    day: Callable[[Days], Days]
    at: time | None
    any_day: bool = False

    def known_at(self, dates: Days) -> Instants:
        """Give the instant at which the value of each date became known.

        Args:
            dates: what the values are about, ascending.
        """
        if not len(dates):
            return dates.astype("datetime64[s]")
        days = self.day(dates)
        if not self.any_day:
            days = business_days_from(days)
        return instants_after(days) if self.at is None else new_york_instants(days, self.at)


def new_york_instants(days: Days, at: time) -> Instants:
    """Give the instant (UTC) of an hour in New York on each day."""
    local = (datetime.combine(day, at, tzinfo=NEW_YORK) for day in days.tolist())
    instants: Instants = np.array([each.astimezone(UTC).replace(tzinfo=None) for each in local], dtype="datetime64[s]")
    return instants


def same_day(dates: Days) -> Days:
    """Give each date itself."""
    return dates


def days_later(days: int) -> Callable[[Days], Days]:
    """Give the rule "so many calendar days later"."""
    return lambda dates: _later(dates, days)


def first_after(weekday: int) -> Callable[[Days], Days]:
    """Give the rule "the first such weekday after the date", never the date itself."""
    return lambda dates: _later(dates, 1 + (weekday - ordinals_of(dates)) % DAYS_A_WEEK)


def monday_after_the_week(dates: Days) -> Days:
    """Give the Monday after the Monday-to-Sunday week of each date."""
    return first_after(MONDAY)(dates)


def wednesday_after_unless_a_holiday_is_near(dates: Days) -> Days:
    """Give the first Wednesday after each date; the Thursday where it or one of the two days before is a holiday."""
    wednesdays = first_after(WEDNESDAY)(dates)
    near = np.any([is_holiday(_later(wednesdays, -back)) for back in range(3)], axis=0)
    return _later(wednesdays, near.astype(np.int64))


def fourth_tuesday_of_the_next_month(dates: Days) -> Days:
    """Give the fourth Tuesday of the month after each date's."""
    last_days = _later(_next_months(dates).astype("datetime64[D]"), -1)
    return _later(first_after(TUESDAY)(last_days), 3 * DAYS_A_WEEK)


def second_business_day_of_the_next_month(dates: Days) -> Days:
    """Give the second business day of the month after each date's."""
    return nth_business_days(_next_months(dates), 2)


def _later(dates: Days, days: int | NDArray[np.int64]) -> Days:
    return days_of(ordinals_of(dates) + days)


def _next_months(dates: Days) -> Days:
    months: Days = (dates.astype("datetime64[M]").astype(np.int64) + 1).astype("datetime64[M]")
    return months


AT_THE_CLOSE = Publication(day=same_day, at=time(16, 15), any_day=True)
"""Prices of New York: a quarter of an hour after the bell."""
BALANCE_SHEET = Publication(day=first_after(THURSDAY), at=time(16, 30))
"""The Federal Reserve's H.4.1."""
REVERSE_REPO = Publication(day=same_day, at=time(13, 30), any_day=True)
DAILY_STATEMENT = Publication(day=next_business_days, at=time(16, 0))
"""The Daily Treasury Statement."""
NEXT_MORNING = Publication(day=next_business_days, at=time(9, 0))
NEXT_AFTERNOON = Publication(day=next_business_days, at=time(16, 15))
FINANCIAL_CONDITIONS = Publication(day=wednesday_after_unless_a_holiday_is_near, at=time(8, 30))
MONEY_STOCK = Publication(day=fourth_tuesday_of_the_next_month, at=time(13, 0))
"""The Federal Reserve's H.6."""
MONTHLY_RATE = Publication(day=second_business_day_of_the_next_month, at=time(9, 0))
BROAD_DOLLAR = Publication(day=monday_after_the_week, at=time(16, 15))
"""The Federal Reserve's H.10."""
FUND_FLOWS = Publication(day=days_later(1), at=time(9, 0), any_day=True)


def after_lag(days: int) -> Publication:
    """Give the rule of a series whose source's own is not known here: so many days later, at 24:00 UTC."""
    return Publication(day=days_later(days), at=None)
