"""The golden cross in words, and the close at which MACD and signal line meet, against the MACD itself."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from engine.core.changes import SetClose
from engine.core.explanation import Condition
from engine.core.rule import Position, rule_case, told
from strategies.rotation import Rotation, RotationParams
from strategies.signals.macd import MacdParams, weekly_macd
from strategies.signals.macd_changes import WeekAt, WeeklyLine, crossing, turning
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of

MONDAY = date(2025, 1, 6)
QUICK = MacdParams(fast=2, slow=5, signal=2, warmup_weeks=3, valid_weeks=8)
FALLING_THEN_RISING = [100.0, 98.0, 95.0, 91.0, 86.0, 80.0, 95.0]
"""The MACD crosses in the seventh week."""


def week_of(weekly_closes: list[float], params: MacdParams = QUICK) -> WeekAt:
    """Take the MACD after the last of some weeks; every day of a week closes alike."""
    bars = coin_bars("BTC", MONDAY, [close for close in weekly_closes for _ in range(7)])
    line = WeeklyLine(core=bars, weekly=weekly_macd(bars, params), params=params)
    return WeekAt(line=line, at=len(weekly_closes) - 1)


def cross_condition(week: WeekAt, day: date, exit_day: date | None) -> Condition:
    rotation = Rotation(RotationParams(macd=week.params, basket={}, basket_equal=("ETH",)))
    named = rotation.entry.named[1]
    position = Position(day=day, exit_day=exit_day, holdings=FakeHoldings())
    return told(named, rule_case(named, named.rule.observe(history_of(week.line.core)), day, position))


def sunday(week: int) -> date:
    return MONDAY + timedelta(weeks=week) - timedelta(days=1)


def test_a_cross_in_force_says_until_when() -> None:
    condition = cross_condition(week_of(FALLING_THEN_RISING), sunday(7), None)

    assert condition.holds
    assert condition.sentence == f"golden cross of {sunday(7)} in force, until {sunday(15)} at the latest"


def test_a_cross_that_ran_out_says_when() -> None:
    week = week_of([*FALLING_THEN_RISING, *(100.0 * 1.3**n for n in range(10))])

    condition = cross_condition(week, sunday(17), None)

    assert condition.sentence == f"no golden cross in force: the last, of {sunday(7)}, ran out on {sunday(15)}"
    assert condition.cause == "golden cross not run out"
    assert [part.holds for part in condition.parts] == [False, True, True]


def test_a_spent_cross_names_the_rotation_that_spent_it() -> None:
    condition = cross_condition(week_of(FALLING_THEN_RISING), sunday(7), sunday(7))

    assert condition.sentence == (
        f"no golden cross in force: the rotation that ended on {sunday(7)} has spent the golden cross of {sunday(7)}"
    )
    assert condition.cause == "golden cross not spent"


def test_a_macd_that_fell_back_says_so() -> None:
    condition = cross_condition(week_of([*FALLING_THEN_RISING, 70.0]), sunday(8), None)

    assert condition.sentence == f"no golden cross in force: the MACD fell back after the last, of {sunday(7)}"


def test_before_the_first_cross_there_was_none() -> None:
    condition = cross_condition(week_of(FALLING_THEN_RISING[:6]), sunday(6), None)

    assert not condition.holds
    assert condition.sentence == "no golden cross in force: there was none yet"


@given(
    some.lists(some.floats(50, 150), min_size=6, max_size=30),
    some.sampled_from([QUICK, MacdParams(fast=3, slow=10, signal=4, warmup_weeks=1), MacdParams()]),
)
def test_at_the_balance_the_macd_is_its_signal_line(closes: list[float], params: MacdParams) -> None:
    balance = week_of(closes, params).line.balances[-1]

    assert balance is not None
    if balance > 0:
        after = weekly_macd(coin_bars("BTC", MONDAY, [c for c in [*closes[:-1], balance] for _ in range(7)]), params)
        assert after.macd[-1] == pytest.approx(after.signal[-1], abs=1e-9 * 150)


@given(some.lists(some.floats(50, 150), min_size=6, max_size=30))
def test_the_turning_close_puts_the_macd_on_the_other_side_and_half_the_way_does_not(closes: list[float]) -> None:
    week = week_of(closes)
    balance = week.line.balances[-1]
    # Exactly at the balance there is no smallest change: any is enough.
    assume(balance is not None and abs(closes[-1] / balance - 1) > 1e-6)

    for change in turning(week):
        for share, turned in ((1.0, True), (0.5, False)):
            changed = change.of(share).applied_to(history_of(week.line.core))["BTC"]
            assert (weekly_macd(changed, QUICK).above[-1] != week.is_above) == turned


def test_a_crossing_changes_weekly_closes_and_names_the_week_that_crosses() -> None:
    week = week_of([100.0, 102.0, 105.0, 109.0, 114.0, 120.0, 127.0, 135.0])
    assert week.is_above
    assert week.cross is None

    changes = list(crossing(week, sunday(8), None))

    last = [change for change in changes if change.effect == f"the week of {sunday(8)} is then a golden cross"]
    assert last
    for change in last:
        changed = change.applied_to(history_of(week.line.core))["BTC"]
        assert weekly_macd(changed, QUICK).cross[-1] == sunday(8).toordinal()
        assert all(isinstance(part, SetClose) and part.day.weekday() == 6 for part in change.parts)


def test_the_line_is_that_of_ta() -> None:
    closes = (100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.05, 60)))).tolist()
    week = week_of(closes, MacdParams())

    for at in range(30, 60):
        balance = week.line.balances[at]
        assert balance is not None
        assert (closes[at] > balance) == week.line.weekly.above[at]
