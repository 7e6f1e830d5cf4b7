"""Limits: weight by the minute, bans for carrying on, orders that are given back by a fill."""

from collections.abc import Iterator

import pytest

from engine.practice.clock import MINUTE, SECOND
from engine.practice.errors import ApiError
from engine.practice.limits import Limits

START = 1_000_000 * MINUTE


def test_weight_counts_until_the_minute_is_over() -> None:
    limits = Limits(enforced=True)

    limits.charge(20, START)
    limits.charge(5, START + 59 * SECOND)
    in_the_minute = limits.weight
    limits.charge(1, START + MINUTE)

    assert (in_the_minute, limits.weight) == (25, 1)


def test_over_the_limit_the_answer_says_how_long_to_wait() -> None:
    limits = Limits(enforced=True)
    limits.charge(6000, START + 10 * SECOND)

    with pytest.raises(ApiError) as refused:
        limits.charge(1, START + 10 * SECOND + 1)

    assert (refused.value.status, refused.value.code) == (429, -1003)
    assert refused.value.headers == {"Retry-After": "50"}


def test_carrying_on_is_banned_for_two_minutes_then_four() -> None:
    limits = Limits(enforced=True)

    first = list(carry_on(limits, START))
    later = START + 3 * MINUTE
    second = list(carry_on(limits, later))

    # Ten warnings, then the ban.
    assert first == [429] * 10 + [418] * 2
    assert second == [429] * 10 + [418] * 2
    assert retry_after(limits, later) == "240"
    assert retry_after(limits, later + 3 * MINUTE) == "60"
    limits.charge(1, later + 4 * MINUTE)


def test_the_fifty_first_order_in_ten_seconds_is_refused_unless_one_was_filled() -> None:
    limits = Limits(enforced=True)
    for _ in range(50):
        limits.count_order(START)

    with pytest.raises(ApiError, match="-1015"):
        limits.count_order(START + 9 * SECOND)
    limits.give_back_order()
    limits.count_order(START + 9 * SECOND)

    assert limits.order_counts(START + 9 * SECOND) == (50, 50)
    assert limits.order_counts(START + 10 * SECOND) == (0, 50)


def test_while_the_clock_stands_still_nothing_is_refused_and_the_shown_weight_stays_low() -> None:
    limits = Limits(enforced=False)
    shown = []

    for _ in range(1000):
        limits.charge(20, START)
        limits.count_order(START)
        shown.append(limits.weight)

    assert max(shown) <= 3000


def carry_on(limits: Limits, now: int) -> Iterator[int]:
    limits.charge(6000, now)
    for _ in range(12):
        with pytest.raises(ApiError) as refused:
            limits.charge(1, now)
        yield refused.value.status


def retry_after(limits: Limits, now: int) -> str:
    with pytest.raises(ApiError) as refused:
        limits.charge(1, now)
    return refused.value.headers["Retry-After"]
