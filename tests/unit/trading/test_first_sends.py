"""What a start sends first is held back until it is old enough, by the exchange's clock or by the pauses in between."""

from datetime import timedelta

import pytest

from engine.trading.first_sends import FirstSends
from tests.support.fakes import NOON, free_sends


class Start:
    """A start whose first orders wait for a minute."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.notices: list[str] = []
        self.sends = FirstSends(60.0, pause=self.pauses.append, notice=self.notices.append)

    def is_free_after(self, seconds: float) -> bool:
        return self.sends.are_free(NOON + timedelta(seconds=seconds))


def test_a_run_that_begins_holds_nothing_back() -> None:
    sends = free_sends()

    assert (sends.are_free(NOON), sends.hold(NOON), sends.are_held) == (True, False, False)


def test_orders_are_free_once_the_exchange_clock_has_gone_on_so_far() -> None:
    start = Start()

    assert [start.is_free_after(seconds) for seconds in (0, 59.9, 60)] == [False, False, True]


def test_a_clock_that_goes_back_frees_nothing_early_and_holds_nothing_back_again() -> None:
    start = Start()

    assert [start.is_free_after(seconds) for seconds in (0, -3600, 59, 60, 0)] == [False, False, False, True, True]


def test_pauses_between_questions_count_where_the_clock_stands_still() -> None:
    start = Start()
    before = start.is_free_after(0)
    start.sends.pause(45)
    between = start.is_free_after(0)
    start.sends.pause(15)

    assert (before, between, start.is_free_after(0)) == (False, False, True)
    assert start.pauses == [45, 15]


@pytest.mark.parametrize(("passed", "left"), [(0, 60), (20, 40)])
def test_the_rest_is_waited_for_once_and_said(passed: float, left: float) -> None:
    start = Start()
    start.is_free_after(0)
    held = start.sends.hold(NOON + timedelta(seconds=passed))
    start.sends.wait()

    assert (held, start.sends.are_held, start.is_free_after(passed)) == (True, False, True)
    assert start.pauses == [left]
    assert [words.split(":")[0] for words in start.notices] == [f"the first orders of this start wait for {left} s"]
