"""Weekly MACD timing: in the core above the signal line, in cash below."""

from datetime import date

import pytest

from strategies.macd_timing import MacdTiming, MacdTimingParams, TimingState
from strategies.signals.days import WeekFacts
from strategies.signals.macd import MacdParams
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of

SUNDAY = date(2024, 1, 28)
SMALL = MacdParams(fast=1, slow=3, signal=3, warmup_weeks=2)


def facts(above: bool) -> WeekFacts:
    return WeekFacts(
        week=SUNDAY,
        macd=1.5,
        signal=1.0 if above else 2.0,
        above_signal=above,
        cross_week=None,
        above_since=SUNDAY,
        in_time=False,
        since=SUNDAY,
    )


@pytest.mark.parametrize(
    ("before", "above", "reason", "after", "trade"),
    [
        (None, True, "start", "CORE", True),
        (None, False, "start", "CASH", True),
        (True, True, "hold", "CORE", False),
        (False, False, "hold", "CASH", False),
        (False, True, "golden_cross", "CORE", True),
        (True, False, "death_cross", "CASH", True),
    ],
)
def test_it_follows_the_side_of_the_signal_line(
    before: bool | None, above: bool, reason: str, after: str, trade: bool
) -> None:
    timing = MacdTiming(MacdTimingParams(cash_reserve=0.25))

    decision = timing.decide(TimingState(invested=before), facts(above), FakeHoldings())

    assert (decision.reason, decision.state.name, decision.trade) == (reason, after, trade)
    assert decision.targets == ({"BTC": 0.75} if above else {})
    assert decision.evidence == {"macd": {"week": SUNDAY, "macd": 1.5, "signal": 1.0 if above else 2.0}}
    assert decision.rules["macd_above"].holds == above


def test_the_state_before_the_first_decision_is_cash() -> None:
    timing = MacdTiming(MacdTimingParams())

    assert timing.start().name == "CASH"
    assert timing.start().invested is None


def test_a_day_knows_the_week_that_ended_on_its_sunday_or_before() -> None:
    closes = [close for close in (100.0, 100.0, 80.0, 120.0) for _ in range(7)]
    timing = MacdTiming(MacdTimingParams(macd=SMALL))

    observed = timing.observe(history_of(coin_bars("BTC", date(2024, 1, 1), closes)))

    # MACD and signal by hand: 0 0 -10 15 and 0 0 -5 5 (test_macd.py).
    assert observed.first_day == date(2024, 1, 15)
    saturday, sunday = observed.at(date(2024, 1, 27)), observed.at(SUNDAY)
    assert (saturday.week, saturday.macd, saturday.signal) == (date(2024, 1, 21), -10, -5)
    assert (sunday.week, sunday.macd, sunday.signal) == (SUNDAY, 15, 5)
    assert (saturday.above_signal, sunday.above_signal, sunday.above_since) == (False, True, SUNDAY)


def test_a_day_without_a_bar_has_no_facts() -> None:
    timing = MacdTiming(MacdTimingParams(macd=SMALL))
    observed = timing.observe(history_of(coin_bars("BTC", date(2024, 1, 1), [1.0] * 20)))

    with pytest.raises(KeyError, match="2024-02-01 has no bar of BTC"):
        observed.at(date(2024, 2, 1))
