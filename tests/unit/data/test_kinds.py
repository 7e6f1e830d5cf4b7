"""The last bar that is final at an instant, by kind of market."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest

from engine.core.calendar import Days, days_between
from engine.core.errors import DataError
from engine.data.kinds import COINS, indices, last_due_day, last_due_session


def weekdays(first: date, last: date) -> Days:
    days = days_between(first, last)
    return days[np.is_busday(days)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_coins_day_is_due_from_the_midnight_that_ends_it() -> None:
    assert last_due_day(at("2024-03-04T00:00:00")) == date(2024, 3, 3)
    assert last_due_day(at("2024-03-03T23:59:59")) == date(2024, 3, 2)


def test_a_clock_of_another_time_zone_is_read_as_utc() -> None:
    # 01:00 in UTC+2 is 23:00 UTC of the day before.
    assert last_due_day(datetime(2024, 3, 4, 1, tzinfo=timezone(timedelta(hours=2)))) == date(2024, 3, 2)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2024-01-10T21:29:59", date(2024, 1, 9)),  # winter: the bell rings at 21:00 UTC
        ("2024-01-10T21:30:00", date(2024, 1, 10)),
        ("2024-07-10T20:29:59", date(2024, 7, 9)),  # summer: at 20:00 UTC
        ("2024-07-10T20:30:00", date(2024, 7, 10)),
        ("2024-01-14T12:00:00", date(2024, 1, 12)),  # a Sunday: Friday's stands
    ],
)
def test_a_session_is_due_half_an_hour_after_the_bell(now: str, due: date) -> None:
    assert last_due_session(at(now), weekdays) == due


def test_a_calendar_without_sessions_is_an_error() -> None:
    with pytest.raises(DataError, match="no session in the two weeks before 2024-01-10"):
        last_due_session(at("2024-01-10T12:00:00"), lambda first, last: weekdays(first, last)[:0])


def test_kinds_know_their_bars_at_different_instants() -> None:
    columns = {name: np.array([1.0]) for name in ("open", "high", "low", "close", "volume")}
    days = np.array(["2024-01-10"], dtype="datetime64[D]")

    assert str(COINS.build("BTC", days=days, **columns).known_at[0]) == "2024-01-11T00:00:00"
    assert str(indices(weekdays).build("RUT", days=days, **columns).known_at[0]) == "2024-01-10T21:00:00"


def test_an_index_without_bars_has_no_gaps() -> None:
    none = np.array([], dtype=np.float64)
    kind = indices(weekdays)
    bars = kind.build(
        "RUT", days=np.array([], dtype="datetime64[D]"), open=none, high=none, low=none, close=none, volume=none
    )

    assert kind.gaps(bars).missing == 0
