"""Days, weeks and instants, against the standard library's own calendar."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.calendar import (
    Days,
    days_between,
    days_of,
    decision_instant,
    instants_after,
    opening_instant,
    ordinals_of,
    sundays_of,
    years_before,
)

ANY_DAY = st.dates(date(1902, 1, 1), date(2150, 12, 31))


def days(*texts: str) -> Days:
    return np.array(texts, dtype="datetime64[D]")


def test_a_day_is_decided_at_its_end_and_opens_at_its_midnight() -> None:
    assert decision_instant(date(2023, 12, 31)) == datetime(2024, 1, 1, tzinfo=UTC)
    assert opening_instant(date(2023, 12, 31)) == datetime(2023, 12, 31, tzinfo=UTC)


@given(ANY_DAY)
def test_a_days_end_is_the_next_days_opening(day: date) -> None:
    assert decision_instant(day) == opening_instant(day + timedelta(days=1))
    assert instants_after(days(str(day)))[0].item() == decision_instant(day).replace(tzinfo=None)


@given(st.lists(ANY_DAY))
def test_ordinals_are_those_of_the_standard_library_and_convert_back(some: list[date]) -> None:
    column = np.array(some, dtype="datetime64[D]")

    ordinals = ordinals_of(column)

    assert ordinals.tolist() == [day.toordinal() for day in some]
    assert days_of(ordinals).tolist() == some


@given(ANY_DAY, st.integers(min_value=-3, max_value=800))
def test_days_between_are_those_of_the_standard_library(first: date, count: int) -> None:
    last = first + timedelta(days=count - 1)

    between = days_between(first, last)

    assert between.dtype == np.dtype("datetime64[D]")
    assert between.tolist() == [first + timedelta(days=number) for number in range(count)]


@given(ANY_DAY)
def test_a_weeks_sunday_is_the_first_sunday_from_the_day_on(day: date) -> None:
    sunday = date.fromordinal(int(sundays_of(np.array([day.toordinal()]))[0]))

    assert sunday.isoweekday() == 7
    assert timedelta(0) <= sunday - day <= timedelta(days=6)


def test_monday_to_sunday_is_one_week_across_the_turn_of_the_year() -> None:
    # 1 January 2024 was a Monday.
    column = days("2023-12-31", "2024-01-01", "2024-01-07", "2024-01-08")

    sundays = days_of(sundays_of(ordinals_of(column)))

    assert sundays.tolist() == [date(2023, 12, 31), date(2024, 1, 7), date(2024, 1, 7), date(2024, 1, 14)]


@pytest.mark.parametrize(
    ("day", "years", "earlier"),
    [
        ("2024-02-29", 5, "2019-02-28"),
        ("2024-02-29", 4, "2020-02-29"),
        ("2024-02-28", 5, "2019-02-28"),
        ("2024-03-01", 5, "2019-03-01"),
        ("2025-02-28", 1, "2024-02-28"),
        ("1904-02-29", 4, "1900-02-28"),  # 1900 was a common year
        ("2000-02-29", 30, "1970-02-28"),
        ("2024-12-31", 2, "2022-12-31"),
    ],
)
def test_years_before_is_the_same_date_and_29_february_the_28th(day: str, years: int, earlier: str) -> None:
    assert str(years_before(days(day), years)[0]) == earlier


@given(ANY_DAY, st.integers(1, 100))
def test_years_before_agrees_with_replacing_the_year(day: date, years: int) -> None:
    try:
        expected = day.replace(year=day.year - years)
    except ValueError:
        expected = date(day.year - years, 2, 28)

    assert years_before(days(str(day)), years)[0].item() == expected
