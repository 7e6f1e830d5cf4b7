"""The index's breakout in words, on closes made by hand: value, threshold, distance, and what is left to do."""

from datetime import date, timedelta
from typing import Any

import pytest

from engine.core.explanation import Condition
from engine.core.rule import Position, rule_case, told
from strategies.rotation import Rotation, RotationParams
from strategies.signals.breakout import BreakoutParams, Breakouts
from strategies.signals.breakout_changes import BreakoutAt, losing, unconfirming
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of, index_bars

MONDAY = date(2025, 9, 1)
FIXED: dict[str, Any] = {"mode": "fixed", "level": 2442.74}


def breakout(closes: list[float], **params: Any) -> BreakoutAt:
    """Take the breakout after the last of some weekday closes; the ceiling is 2,442.74."""
    bars, chosen = index_bars("RUT", MONDAY, closes), BreakoutParams(**{**FIXED, **params})
    return BreakoutAt(bars=bars, columns=Breakouts(chosen).of(bars), params=chosen, at=len(closes) - 1)


def condition(closes: list[float], *, weeks_later: int = 0, entered: date | None = None, **params: Any) -> Condition:
    """Explain the breakout on the day of the last close or later; entered: explain the loss of support instead."""
    rotation = Rotation(
        RotationParams(breakout=BreakoutParams(**{**FIXED, **params}), basket={}, basket_equal=("ETH",))
    )
    index, coins = index_bars("RUT", MONDAY, closes), [coin_bars(name, MONDAY, [1.0] * 60) for name in ("BTC", "ETH")]
    named = (rotation.entry if entered is None else rotation.exits).named[0]
    day = index.last_day + timedelta(weeks=weeks_later)
    position = Position(day=day, entry_day=entered, entry_session=entered, holdings=FakeHoldings())
    return told(named, rule_case(named, named.rule.observe(history_of(index, *coins)), day, position))


def sentence(closes: list[float], *, weeks_later: int = 0, **params: Any) -> str:
    return condition(closes, weeks_later=weeks_later, **params).sentence


def test_the_first_close_above_the_ceiling_says_how_many_are_still_wanted() -> None:
    # 2467.70 / 2442.74 - 1 = 1.0218 percent.
    assert sentence([2400.0, 2467.7]) == (
        "RUT close 2,467.70 is 1.02 % above the ceiling 2,442.74, session 1 of 3: "
        "two more closes above 2,442.74 confirm"
    )


@pytest.mark.parametrize(
    ("closes", "told"),
    [
        ([2400.0], "RUT close 2,400.00 is 1.75 % below the ceiling 2,442.74: three closes above 2,442.74 confirm"),
        (
            [2450.0, 2450.0],
            "RUT close 2,450.00 is 0.30 % above the ceiling 2,442.74, session 2 of 3: "
            "one more close above 2,442.74 confirms",
        ),
        ([2442.74], "RUT close 2,442.74 is exactly at the ceiling 2,442.74: three closes above 2,442.74 confirm"),
        (
            [2450.0] * 3,
            "breakout of 2025-09-03: RUT close 2,450.00 is 0.30 % above the support 2,442.74: "
            "three closes below it lose it",
        ),
        (
            [2450.0] * 3 + [2400.0] * 2,
            "breakout of 2025-09-03: RUT close 2,400.00 is 1.75 % below the support 2,442.74, "
            "close 2 of 3 below: one more close below it loses it",
        ),
        (
            [2450.0] * 3 + [2400.0] * 3,
            "RUT close 2,400.00 is 1.75 % below the ceiling 2,442.74; support was lost at this session, "
            "three closes above 2,442.74 confirm a new breakout",
        ),
    ],
    ids=["below", "session 2", "at it", "in force", "losing", "lost"],
)
def test_every_stage_of_a_breakout_has_its_sentence(closes: list[float], told: str) -> None:
    assert sentence(closes) == told


def test_a_buffer_and_a_tolerance_move_the_threshold() -> None:
    # 2442.74 * 1.01 = 2467.1674; 2442.74 * 0.99 = 2418.3126
    assert "2,467.17, the ceiling 2,442.74 with its buffer" in sentence([2450.0], buffer=0.01)
    assert "2,418.31, the support 2,442.74 with its tolerance" in sentence([2450.0] * 3, tolerance=0.01)


def test_a_breakout_that_ran_out_says_when() -> None:
    assert sentence([2450.0] * 3, weeks_later=3, valid_weeks=2) == (
        "no breakout in force: the breakout of 2025-09-03 ran out on 2025-09-17"
    )


def test_no_ceiling_has_no_distance() -> None:
    explained = condition([2400.0], mode="auto", level=None)

    assert (explained.holds, explained.threshold, explained.distance) == (False, None, None)
    assert explained.sentence == "RUT has no ceiling yet: too few sessions are old enough"


def test_value_threshold_and_distance_are_numbers_too() -> None:
    explained = condition([2467.7])

    assert (explained.value, explained.threshold, explained.distance) == (2467.7, 2442.74, 24.96)


def test_a_lost_support_is_named_by_its_session_and_compared_with_the_support_that_was_lost() -> None:
    lost = condition([2450.0] * 3 + [2400.0] * 3, entered=MONDAY)

    assert lost.holds
    assert (lost.value, lost.threshold, lost.distance) == (2400.0, 2442.74, 42.74)
    assert lost.sentence == (
        "lost at the session of 2025-09-08: RUT close 2,400.00 is 1.75 % below the support 2,442.74, close 3 of 3 below"
    )


def test_a_support_that_was_lost_before_the_entry_does_not_count() -> None:
    assert not condition([2450.0] * 3 + [2400.0] * 3, entered=date(2025, 9, 8)).holds


def test_a_support_that_is_not_there_yet_is_not_said_to_be_lost() -> None:
    young, old = breakout([2400.0] * 3 + [2450.0] * 3), breakout([2400.0] * 3 + [2450.0] * 6)

    assert {change.effect for change in unconfirming(young)} == {"that keeps the breakout of RUT from being confirmed"}
    effects = {change.parts: change.effect for change in losing(old)}
    assert effects[old.lowered((6, 7, 8), 2442.74)] == "that loses the support of RUT"
