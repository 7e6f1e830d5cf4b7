"""Limits on the whole account hold for every strategy: its targets are scaled once a change, and stand so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.core.errors import LookAheadError
from engine.core.events import DayDecided
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.sizing import sized_targets
from engine.core.strategy import AnyStrategy, Decision
from engine.core.volatility_target import VolatilityTarget
from engine.journal.codec import EventCodec
from engine.settings.registry import params_of, strategy_factory
from engine.trading.causality import check_no_look_ahead
from engine.trading.standing import Standing
from tests.support.driven import Account, historical_events, plain_events, whole_span
from tests.support.fakes import FakeHoldings, ScriptedState, decided
from tests.support.markets import faulty_market

HALF = FakeHoldings(scale=0.5)
STEPS: Sequence[tuple[Mapping[str, float], bool, Mapping[str, float], Mapping[str, float] | None]] = [
    ({"BTC": 1.0}, True, {"BTC": 0.5}, {"BTC": 1.0}),
    ({"BTC": 1.0}, False, {"BTC": 0.5}, {"BTC": 1.0}),
    ({"BTC": 1.0}, True, {"BTC": 0.5}, {"BTC": 1.0}),  # traded back to, not changed
    ({}, True, {}, None),
    ({}, False, {}, None),
    ({"ETH": 0.4}, True, {"ETH": 0.2}, {"ETH": 0.4}),
]
"""What a strategy wants, whether it trades, what it gets, and what is remembered of its wish."""


def decision(targets: Mapping[str, float], *, trade: bool, is_sized: bool = False) -> Decision[ScriptedState]:
    return Decision(state=ScriptedState(), reason="hold", targets=targets, trade=trade, evidence={}, is_sized=is_sized)


def test_a_change_is_scaled_once_and_stands_until_the_next() -> None:
    standing: Mapping[str, float] | None = None
    wanted: Mapping[str, float] | None = None
    for wish, trade, targets, remembered in STEPS:
        standing, wanted = sized_targets(decision(wish, trade=trade), HALF, standing=standing, wanted=wanted)
        assert (standing, wanted) == (targets, remembered)


def test_what_was_not_scaled_is_not_scaled_when_it_is_only_traded_back_to() -> None:
    given = decision({"BTC": 1.0}, trade=True)

    whole = sized_targets(given, FakeHoldings(), standing=None, wanted=None)

    assert whole == ({"BTC": 1.0}, None)
    assert sized_targets(given, HALF, standing=whole[0], wanted=whole[1]) == whole


def test_what_changes_without_a_trade_is_not_scaled() -> None:
    given = decision({"ETH": 0.8}, trade=False)

    assert sized_targets(given, HALF, standing={"BTC": 0.5}, wanted=None) == ({"ETH": 0.8}, None)


def test_a_strategy_that_sizes_its_targets_itself_is_left_alone() -> None:
    given = decision({"BTC": 0.7}, trade=True, is_sized=True)

    assert sized_targets(given, HALF, standing={"BTC": 0.1}, wanted=None) == ({"BTC": 0.7}, None)


def test_the_wish_is_on_record_and_comes_back_where_a_run_goes_on() -> None:
    event = decided(targets={"BTC": 0.5})
    scaled = replace(event, memory=ScriptedState(), wanted={"BTC": 1.0})
    codec = EventCodec(ScriptedState)
    fresh = Standing(ledger=Ledger(quote="USDT", cash=Decimal(5)), state=ScriptedState())

    standing = fresh.after(scaled)

    assert (standing.targets, standing.wanted) == ({"BTC": 0.5}, {"BTC": 1.0})
    assert (fresh.after(event).targets, fresh.after(event).wanted) == ({"BTC": 0.5}, None)
    assert codec.decode(*codec.encode(scaled), where="here") == scaled


def strategy_of(name: str) -> AnyStrategy:
    settings = {"hold": {}, "macd_timing": {"macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20}}}[name]
    return strategy_factory(name)(params_of(name).model_validate(settings))


@pytest.mark.parametrize("name", ["hold", "macd_timing"])
def test_every_strategy_is_held_to_the_volatility_in_history_and_elsewhere(name: str) -> None:
    market, strategy, account = faulty_market(3, years=2), strategy_of(name), Account(sizing=VolatilityTarget(0.2))
    # From a day on that has returns before it.
    span = replace(whole_span(strategy, market), first_day=date(2015, 9, 1))

    events, _ = historical_events(strategy, market, span, account)

    assert events == plain_events(strategy, market, span, account)
    days = [event for event in events if isinstance(event, DayDecided)]
    target = VolatilityTarget(0.2)
    for day in days:
        if day.changed and day.wanted:
            assert day.targets == target.sized(day.wanted, market, day.day)
    assert any(day.wanted for day in days)
    for before, day in pairwise(days):
        assert day.changed or (day.targets, day.wanted) == (before.targets, before.wanted)


class OfTomorrow(VolatilityTarget):
    """A sizing that looks ahead."""

    def scale(self, targets: Mapping[str, float], history: History, day: date) -> float:
        return VolatilityTarget.scale(self, targets, history, day + timedelta(days=1))


def test_a_size_that_rests_on_tomorrow_is_caught_by_the_check_of_every_backtest() -> None:
    market, strategy = faulty_market(3, years=2), strategy_of("hold")
    span = replace(whole_span(strategy, market), first_day=date(2015, 9, 1))
    events, _ = historical_events(strategy, market, span, Account(sizing=OfTomorrow(0.2)))
    observations = strategy.observe(market)

    with pytest.raises(LookAheadError, match="the size of the start targets rests on bars that were not known"):
        check_no_look_ahead(strategy, market, observations, events, sizing=OfTomorrow(0.2))
    assert check_no_look_ahead(strategy, market, observations, events, sizing=VolatilityTarget(0.2)) == 1
