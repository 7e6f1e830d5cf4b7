"""Stretches of a series whose dates are off by a day or a week, by the calendar alone."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.calendar import Days, ordinals_of
from engine.data.sessions import NewYorkSessions
from engine.data.shifts import Stretch, shifted_stretches
from tests.support.markets import weekdays_between

MONDAY = date(2024, 1, 1)
HOLIDAYS = np.array(["2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19", "2024-07-04"], dtype="M8[D]")
"""Monday, Monday, Friday, Monday, Wednesday, Thursday; no two a week apart."""
CALENDAR = np.setdiff1d(weekdays_between(date(2023, 12, 18), date(2024, 9, 13)), HOLIDAYS)
SESSIONS = CALENDAR[10:-10]
"""From Monday 1 January to Friday 30 August: 35 weeks of weekdays, less six holidays; two weeks before and after."""

LONG = NewYorkSessions().between(date(2001, 1, 2), date(2023, 6, 30))


def moved(days: Days, offset: int) -> Days:
    there: Days = days + np.timedelta64(offset, "D")
    return there


def found(days: Days) -> list[Stretch]:
    calendar = CALENDAR if len(days) < len(LONG) else NewYorkSessions().between(date(2001, 1, 1), date(2025, 12, 31))
    return list(shifted_stretches(ordinals_of(days), ordinals_of(calendar)))


def moved_from(first: str, offset: int) -> Days:
    begins = position(first)
    return np.concatenate([SESSIONS[:begins], moved(SESSIONS[begins:], offset)])


def position(day: str) -> int:
    return int(np.searchsorted(SESSIONS, np.datetime64(day, "D")))


@pytest.mark.parametrize("offset", [-7, -1, 1, 7])
def test_a_whole_series_that_is_shifted_is_one_stretch(offset: int) -> None:
    days = moved(SESSIONS, offset)

    assert found(days) == [Stretch(first=0, last=len(days) - 1, late=offset)]


@pytest.mark.parametrize("offset", [-7, -1, 1, 7])
@pytest.mark.parametrize("first", ["2024-04-08", "2024-04-10", "2024-04-12"])
def test_a_shift_from_a_day_on_begins_at_its_row(offset: int, first: str) -> None:
    # Monday, Wednesday and Friday: early dates repeat or precede those before, late ones leave a hole.
    days = moved_from(first, offset)

    assert found(days) == [Stretch(first=position(first), last=len(days) - 1, late=offset)]


def test_a_summer_that_is_shifted_is_a_stretch_with_an_end() -> None:
    days = moved_from("2024-04-08", 1)
    days[position("2024-07-15") :] = SESSIONS[position("2024-07-15") :]

    assert found(days) == [Stretch(first=position("2024-04-08"), last=position("2024-07-15") - 1, late=1)]


def test_a_shifted_series_with_holes_of_its_own_is_recognised() -> None:
    there = np.ones(len(SESSIONS), dtype=np.bool_)
    there[5::7] = False

    for offset in (-7, -1, 1, 7):
        days = moved(SESSIONS[there], offset)
        assert found(days) == [Stretch(first=0, last=len(days) - 1, late=offset)], offset


def with_days(*days: str) -> Days:
    return np.sort(np.append(SESSIONS, np.array(days, dtype="M8[D]")))


def every_day(weekmask: str) -> Days:
    days = np.arange(np.datetime64("2024-01-01", "D"), np.datetime64("2024-08-31", "D"))
    return days[np.is_busday(days, weekmask=weekmask)]


NOT_SHIFTED = {
    "good": SESSIONS,
    "one Saturday more": with_days("2024-04-13"),
    "one holiday more": with_days("2024-05-27"),
    "one session less": np.delete(SESSIONS, 40),
    "a week less": np.delete(SESSIONS, range(40, 45)),
    "a week less and holidays filled after it": np.setdiff1d(
        with_days("2024-05-27", "2024-06-19", "2024-07-04"), weekdays_between(date(2024, 4, 8), date(2024, 4, 12))
    ),
    "one Friday dated Saturday": np.where(
        np.isin(SESSIONS, np.array("2024-04-12", "M8[D]")), moved(SESSIONS, 1), SESSIONS
    ),
    "the last Friday dated Saturday": np.append(SESSIONS[:-1], moved(SESSIONS[-1:], 1)),
    "a session twice": np.insert(SESSIONS, 40, SESSIONS[40]),
    "every day": every_day("1111111"),
    "every weekday": every_day("1111100"),
    "Saturdays too": every_day("1111110"),
    "Sundays too": every_day("1111101"),
    "two years late": moved(LONG, 731),
    "nothing": SESSIONS[:0],
    "one day": moved(SESSIONS[:1], 5),
}


@pytest.mark.parametrize("days", NOT_SHIFTED.values(), ids=list(NOT_SHIFTED))
def test_lone_faults_and_filled_days_are_no_shift(days: Days) -> None:
    assert found(days) == []


@given(
    missing=st.sets(st.integers(0, len(SESSIONS) - 1), max_size=60),
    extra=st.sets(st.sampled_from(np.setdiff1d(every_day("1111111"), SESSIONS).tolist()), max_size=2),
)
def test_missing_sessions_and_two_extra_days_are_never_a_shift(missing: set[int], extra: set[date]) -> None:
    days = np.sort(np.append(np.delete(SESSIONS, sorted(missing)), np.array(sorted(extra), dtype="M8[D]")))

    assert found(days) == []


@given(offset=st.sampled_from([-7, -1, 1, 7]), first=st.integers(0, 60))
def test_a_shift_that_lasts_is_found_wherever_it_begins(offset: int, first: int) -> None:
    days = np.concatenate([SESSIONS[:first], moved(SESSIONS[first:], offset)])

    stretches = found(days)

    assert len(stretches) == 1
    assert (stretches[0].last, stretches[0].late) == (len(days) - 1, offset)
