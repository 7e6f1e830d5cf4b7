"""How the days of a rehearsal go by: the clock waits for the bot, and the pace is the one that is asked for."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from engine.settings.config import Config
from engine.settings.reading import build_config
from engine.settings.registry import params_of
from engine.wiring.live.surroundings import Surroundings
from engine.wiring.practice.rehearsal import MOST_LOOKS, RehearsalPlan, play
from tests.support.practice import WallClock

FIRST, LAST = date(2024, 1, 10), date(2024, 1, 14)


def config(**values: Any) -> Config:
    return build_config(values, params_of)


def in_doubt(order: str | None) -> SimpleNamespace:
    return SimpleNamespace(orders=SimpleNamespace(in_doubt=order))


class Stage:
    """A bot, its exchange and our clock; writes down what happens, in order.

    Args:
        doubts: how many looks a day the bot needs until the fate of its orders is known.
        ends_on: the day on which somebody wants the end.
    """

    def __init__(self, *, doubts: int = 0, work_seconds: float = 0.0, ends_on: date | None = None) -> None:
        self.wall = WallClock()
        self.log: list[object] = []
        self.standing = in_doubt(None)
        self._doubts, self._left = doubts, 0
        self._work_seconds = work_seconds
        self._ends_on = ends_on
        self._at: datetime | None = None

    def set_clock(self, at: datetime) -> None:
        self._at, self._left = at, self._doubts
        self.log.append(at)

    def run(self, *, once: bool) -> None:
        assert once
        self.wall.run(self._work_seconds)
        self.log.append("worked")
        self.standing = in_doubt("an order" if self._left else None)
        self._left = max(self._left - 1, 0)

    def driver(self) -> "Stage":
        return self

    def end(self) -> Path:
        self.log.append("ended")
        return Path("report.html")

    def ending(self) -> bool:
        return self._at is not None and self._ends_on is not None and self._at.date() > self._ends_on

    def pause(self, seconds: float) -> None:
        self.log.append(round(seconds, 6))
        self.wall.run(seconds)

    def play(self, *, speed: float, **values: Any) -> Path | None:
        around = Surroundings(
            now=self.wall,
            pause=self.pause,
            ending=self.ending,
            notice=lambda _: None,
            progress=cast("Any", None),
        )
        plan = RehearsalPlan(config=config(**values), coins=(), synthetic=True, first_day=FIRST, last_day=LAST)
        return play(cast("Any", self), cast("Any", self), plan, around, speed=speed)


def decided(day: int, *, grace: int = 60) -> datetime:
    return datetime(2024, 1, day + 1, tzinfo=UTC) + timedelta(seconds=grace)


def test_each_day_is_decided_as_soon_as_it_is_over_and_the_last_bar_ends_it() -> None:
    stage = Stage()

    report = stage.play(speed=0)

    days = [each for day in range(10, 15) for each in (decided(day), "worked")]
    assert (stage.log, report) == ([*days, "ended"], Path("report.html"))


def test_the_clock_stands_while_the_fate_of_an_order_is_not_known() -> None:
    stage = Stage(doubts=2)

    stage.play(speed=0)

    assert stage.log[:5] == [decided(10), "worked", "worked", "worked", decided(11)]


def test_an_order_that_nobody_can_tell_of_does_not_hold_the_days_for_ever() -> None:
    stage = Stage(doubts=10**6)

    stage.play(speed=0)

    assert stage.log.count("worked") == 5 * MOST_LOOKS


def test_a_pace_that_never_comes_to_the_second_day_is_waited_for_all_the_same() -> None:
    stage = Stage(ends_on=date(2024, 1, 10))

    stage.play(speed=5e-324)

    assert stage.log[-2:] == ["worked", "ended"]


def test_so_many_days_go_by_in_a_second() -> None:
    stage = Stage()

    stage.play(speed=4)

    assert [each for each in stage.log if isinstance(each, float)] == [0.25] * 4
    assert stage.log[-2:] == ["worked", "ended"]


def test_the_time_that_a_day_takes_is_part_of_its_share() -> None:
    stage = Stage(work_seconds=0.3)

    stage.play(speed=2)

    assert [each for each in stage.log if isinstance(each, float)] == [0.2] * 4


def test_a_machine_that_is_too_slow_for_the_pace_does_not_wait_at_all() -> None:
    stage = Stage(work_seconds=0.3)

    stage.play(speed=100)

    assert not [each for each in stage.log if isinstance(each, float)]


def test_the_end_that_is_wanted_comes_after_the_day_at_hand() -> None:
    stage = Stage(ends_on=date(2024, 1, 11))

    stage.play(speed=2)

    assert stage.log[-3:] == [decided(11), "worked", "ended"]


def test_the_grace_of_the_configuration_is_waited_on_the_exchanges_clock() -> None:
    stage = Stage()

    stage.play(speed=0, live={"grace_seconds": 0})

    assert stage.log[0] == decided(10, grace=0)
