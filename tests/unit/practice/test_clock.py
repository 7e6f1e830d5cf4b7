"""The exchange's clock: it stands, is put forward, or runs with the wall clock."""

from datetime import UTC, datetime

import pytest

from engine.practice.clock import PracticeClock, instant_of, milliseconds_of
from tests.support.practice import WallClock

START = datetime(2024, 1, 1, tzinfo=UTC)
# 2024-01-01 is 19723 days after 1970-01-01: 54 years of 365 days and 13 leap days.
START_MS = (54 * 365 + 13) * 86_400_000


def test_instants_are_counted_in_milliseconds_since_1970() -> None:
    assert milliseconds_of(START) == START_MS
    assert instant_of(START_MS + 1) == datetime(2024, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)


def test_a_clock_that_stands_still_ignores_the_wall() -> None:
    wall = WallClock()
    clock = PracticeClock(START, speed=0, wall=wall)

    wall.run(3600)

    assert clock.now() == START_MS


def test_a_running_clock_moves_by_its_speed_from_where_it_was_put() -> None:
    wall = WallClock()
    clock = PracticeClock(START, speed=60, wall=wall)

    wall.run(2)
    before = clock.now()
    clock.set_to(START_MS + 86_400_000)
    wall.run(1)

    assert before == START_MS + 120_000
    assert clock.now() == START_MS + 86_400_000 + 60_000


def test_changing_the_pace_keeps_the_time_that_has_passed() -> None:
    wall = WallClock()
    clock = PracticeClock(START, speed=1, wall=wall)

    wall.run(10)
    clock.run_at(0)
    wall.run(10)

    assert (clock.now(), clock.stands_still) == (START_MS + 10_000, True)


def test_the_clock_does_not_go_backwards() -> None:
    clock = PracticeClock(START, speed=0, wall=WallClock())

    with pytest.raises(ValueError, match="it only goes forward"):
        clock.set_to(START_MS - 1)


def test_a_wall_clock_that_is_put_back_does_not_take_the_exchange_with_it() -> None:
    wall = WallClock()
    clock = PracticeClock(START, speed=1, wall=wall)

    wall.run(-3600)

    assert clock.now() == START_MS


def test_a_watch_set_by_a_standing_clock_may_have_run_on() -> None:
    wall = WallClock()
    clock = PracticeClock(START, speed=0, wall=wall)

    wall.run(7)

    assert clock.latest_watch() == START_MS + 7_000


@pytest.mark.parametrize("speed", [-1.0, -0.001])
def test_a_negative_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="stands still"):
        PracticeClock(START, speed=speed, wall=WallClock())
    with pytest.raises(ValueError, match="stands still"):
        PracticeClock(START, speed=0, wall=WallClock()).run_at(speed)
