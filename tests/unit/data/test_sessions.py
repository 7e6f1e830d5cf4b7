"""XNYS sessions by rule equal the library's whole calendar, and known holidays and closures."""

import warnings
from datetime import date, timedelta

import exchange_calendars
import numpy as np
import pytest

from engine.core.calendar import Days
from engine.data import sessions as module
from engine.data.sessions import KEPT, NewYorkSessions, library_rules
from tests.support.kept_closures import kept_text


def between(first: str, last: str) -> list[str]:
    sessions = NewYorkSessions().between(date.fromisoformat(first), date.fromisoformat(last))
    return [str(day) for day in sessions]


def whole_calendar(first: str, last: str) -> Days:
    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads Series.values, which pandas 3.1 deprecates.
        warnings.simplefilter("ignore")
        calendar = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    sessions: Days = calendar.sessions.to_numpy().astype("datetime64[D]")
    return sessions


@pytest.mark.parametrize(
    ("first", "last"),
    # The whole calendar has no holidays before 1970 nor after 2200, the bounds of pandas' holiday calendars.
    [("1970-01-01", "2026-12-31"), ("1987-09-10", "2025-12-31"), ("2026-01-01", "2060-01-01")],
)
def test_sessions_equal_those_of_the_whole_calendar(first: str, last: str) -> None:
    expected = whole_calendar(first, last)

    sessions = NewYorkSessions().between(date.fromisoformat(first), date.fromisoformat(last))

    assert sessions.dtype == np.dtype("datetime64[D]")
    assert np.array_equal(sessions, expected)


def test_any_short_span_equals_the_same_part_of_the_whole_calendar() -> None:
    # Spans that begin or end on or beside a holiday could lose it.
    expected = whole_calendar("2020-01-01", "2024-12-31")
    sessions = NewYorkSessions()

    for holiday in ("2021-12-24", "2022-01-17", "2022-04-15", "2022-06-20", "2022-07-04", "2023-01-02"):
        for before, after in ((0, 0), (1, 0), (0, 1), (1, 1), (-1, 3)):
            day = date.fromisoformat(holiday)
            start, end = day - timedelta(days=before), day + timedelta(days=after)
            part = expected[(expected >= np.datetime64(start)) & (expected <= np.datetime64(end))]
            assert np.array_equal(sessions.between(start, end), part), (start, end)


def test_holidays_before_1970_are_known() -> None:
    assert "1900-01-01" not in between("1900-01-01", "1900-01-05")
    # The bank holiday of 1933: closed from Monday 6 to Tuesday 14 March.
    assert between("1933-03-03", "1933-03-15") == ["1933-03-03", "1933-03-15"]
    # The day after the landing on the moon.
    assert "1969-07-21" not in between("1969-07-18", "1969-07-22")


def test_weekends_and_the_fourth_of_july_are_no_sessions() -> None:
    assert between("2024-07-03", "2024-07-08") == ["2024-07-03", "2024-07-05", "2024-07-08"]


def test_the_closure_after_11_september_2001_is_known() -> None:
    assert between("2001-09-10", "2001-09-17") == ["2001-09-10", "2001-09-17"]


def test_the_day_of_mourning_of_january_2025_is_known() -> None:
    assert "2025-01-09" not in between("2025-01-06", "2025-01-10")


def test_one_day_may_be_asked_for() -> None:
    assert between("2024-07-04", "2024-07-04") == []
    assert between("2024-07-05", "2024-07-05") == ["2024-07-05"]


def test_nothing_lies_between_a_day_and_the_day_before() -> None:
    assert between("2024-07-05", "2024-07-03") == []


def test_years_beyond_the_holiday_rules_count_every_weekday() -> None:
    # 400 Gregorian years are whole weeks, so 5001 begins as 2201 does: on a Thursday.
    assert date(5001, 1, 1).weekday() == 3
    assert between("5001-01-01", "5001-01-05") == ["5001-01-01", "5001-01-02", "5001-01-05"]
    assert len(between("0001-01-01", "0001-01-07")) == 5
    assert between("9999-12-30", "9999-12-31") == ["9999-12-30", "9999-12-31"]


def test_the_holiday_rules_hold_up_to_their_last_year() -> None:
    assert "4000-12-25" not in between("4000-12-20", "4001-01-10")
    assert "4001-01-01" in between("4000-12-20", "4001-01-10")


def test_what_is_kept_is_what_the_library_says() -> None:
    assert KEPT.read_text(encoding="utf-8") == kept_text(), "run `python -m tests.support.kept_closures`"


def test_another_version_of_the_library_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rules(first: np.datetime64, last: np.datetime64) -> tuple[str, Days]:
        asked.append(f"{first} {last}")
        return library_rules(first, last)

    monkeypatch.setattr(module, "library_rules", rules)
    module._sessions_of_years.cache_clear()
    expected = between("2020-06-01", "2021-02-01")
    assert not asked

    monkeypatch.setattr(module, "version", lambda _: "0")
    module._sessions_of_years.cache_clear()

    assert between("2020-06-01", "2021-02-01") == expected
    assert asked == ["2020-01-01 2021-12-31"]
    module._sessions_of_years.cache_clear()
