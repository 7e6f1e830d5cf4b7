"""One wrong answer about the time is not believed."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.trading.drivers.believed_time import BelievedTime

NOON = datetime(2024, 5, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Exchange:
    """An exchange's clock and ours, with answers that are wrong by so much, one after another."""

    def __init__(self, *errors: timedelta, apart: timedelta = timedelta(0)) -> None:
        self.now = NOON
        self.own = NOON + apart
        self.errors = list(errors)
        self.questions = 0
        self.lines: list[str] = []
        self.time = BelievedTime(self._ask, own_now=lambda: self.own, notice=self.lines.append)

    def _ask(self) -> datetime:
        self.questions += 1
        return self.now + (self.errors.pop(0) if self.errors else timedelta(0))

    def wait(self, span: timedelta) -> None:
        self.now += span
        self.own += span


def test_the_first_answer_is_asked_for_twice_and_those_that_were_to_be_expected_once() -> None:
    exchange = Exchange(apart=HOUR)

    first = exchange.time()
    asked_at_first = exchange.questions
    exchange.wait(DAY)

    assert (first, asked_at_first) == (NOON, 2)
    assert (exchange.time(), exchange.questions, exchange.lines) == (NOON + DAY, 3, [])


@pytest.mark.parametrize("error", [HOUR, 3 * DAY, timedelta(seconds=-30), -3 * DAY])
def test_one_answer_that_is_wrong_is_not_believed(error: timedelta) -> None:
    exchange = Exchange()
    exchange.time()
    exchange.wait(timedelta(seconds=20))
    exchange.errors = [error]

    assert exchange.time() == NOON + timedelta(seconds=20)
    assert exchange.questions == 4


@pytest.mark.parametrize("error", [HOUR, 3 * DAY])
def test_a_first_answer_that_is_wrong_is_not_believed_either(error: timedelta) -> None:
    exchange = Exchange(error)

    assert exchange.time() == NOON
    assert exchange.questions == 3


def test_an_answer_that_was_ahead_is_told() -> None:
    exchange = Exchange(3 * DAY)
    exchange.time()

    assert exchange.lines == ["the exchange said once that it is 2024-05-13 12:00:00 UTC: not believed"]


def test_a_clock_that_was_put_forward_is_believed_when_it_says_so_twice() -> None:
    exchange = Exchange()
    exchange.time()
    exchange.now += DAY

    assert (exchange.time(), exchange.questions, exchange.lines) == (NOON + DAY, 4, [])


def test_our_own_clock_decides_nothing() -> None:
    exchange = Exchange()
    exchange.time()
    exchange.own += 3 * DAY

    assert (exchange.time(), exchange.questions) == (NOON, 4)


def test_of_answers_that_never_agree_the_earliest_counts() -> None:
    exchange = Exchange(3 * DAY, HOUR, 2 * DAY)

    assert exchange.time() == NOON + HOUR


def test_what_was_believed_last_is_given_without_a_question() -> None:
    exchange = Exchange()

    assert [exchange.time.last() for _ in range(2)] == [NOON, NOON]
    assert exchange.questions == 2
