"""What every strategy promises, run over every one that is found: a new file in `strategies/` is tested unasked."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

import pytest

from engine.core.market import History
from engine.core.strategy import AnyStrategy, Decision
from engine.settings.registry import strategy_factory, strategy_names
from tests.support.fakes import FakeHoldings
from tests.support.markets import faulty_market

COINS = ("ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
every_strategy = pytest.mark.parametrize("name", strategy_names())


@dataclass(frozen=True)
class Step:
    """One decided day: what went in, and what came out."""

    state: Any
    facts: Any
    decision: Decision[Any]


def strategy_of(name: str) -> AnyStrategy:
    """Build a strategy with its defaults."""
    factory = strategy_factory(name)
    return factory(factory.Params(name=name))


@cache
def market() -> History:
    return faulty_market(3, years=4, coins=COINS)


@cache
def steps_of(name: str) -> Sequence[Step]:
    return list(_decided(strategy_of(name)))


def _decided(strategy: AnyStrategy) -> Iterator[Step]:
    observed = strategy.observe(market())
    state = strategy.start()
    for ordinal in market()[strategy.universe.core].ordinals.tolist():
        day = date.fromordinal(ordinal)
        if day < observed.first_day:
            continue
        facts = observed.at(day)
        decision = strategy.decide(state, facts, FakeHoldings())
        yield Step(state, facts, decision)
        state = decision.state


@every_strategy
def test_it_decides_and_trades_in_the_market_of_these_tests(name: str) -> None:
    steps = steps_of(name)

    assert len(steps) > 200
    assert steps[0].decision.trade
    assert [step.decision.reason for step in steps].index("start") == 0
    assert [step.decision.reason for step in steps].count("start") == 1


@every_strategy
def test_its_state_is_a_frozen_dataclass_with_a_name(name: str) -> None:
    for state in {step.decision.state for step in steps_of(name)} | {strategy_of(name).start()}:
        assert isinstance(state.name, str)
        assert state.name
        assert is_dataclass(state)
        for field in fields(state):
            with pytest.raises((FrozenInstanceError, AttributeError)):
                setattr(state, field.name, None)


@every_strategy
def test_the_same_arguments_give_the_same_decision_and_stay_as_they_are(name: str) -> None:
    for step in steps_of(name)[::7]:
        state, facts = copy.deepcopy(step.state), copy.deepcopy(step.facts)

        again = strategy_of(name).decide(step.state, step.facts, FakeHoldings())

        assert again == step.decision
        assert (step.state, step.facts) == (state, facts)


@every_strategy
def test_weights_are_fractions_that_leave_the_reserve(name: str) -> None:
    reserve = strategy_of(name).universe.cash_reserve

    for step in steps_of(name):
        weights = list(step.decision.targets.values())
        assert all(0 <= weight <= 1 for weight in weights)
        assert sum(weights) <= 1 - reserve + 1e-9


@every_strategy
def test_targets_are_assets_of_the_universe_in_trading_order_the_core_first(name: str) -> None:
    universe = strategy_of(name).universe

    assert universe.assets[0] == universe.core
    assert len(set(universe.assets)) == len(universe.assets)
    assert sum(universe.basket.values()) == pytest.approx(1)
    for step in steps_of(name):
        targets = list(step.decision.targets)
        assert targets == [asset for asset in universe.assets if asset in targets]


@every_strategy
def test_a_decision_has_a_reason_and_trades_unless_it_holds(name: str) -> None:
    for step in steps_of(name):
        assert step.decision.reason
        assert step.decision.trade == (step.decision.reason != "hold")


@every_strategy
def test_targets_change_only_with_a_trade(name: str) -> None:
    before: dict[str, float] = {}
    for step in steps_of(name):
        if not step.decision.trade:
            assert step.decision.targets == before
        before = dict(step.decision.targets)


@every_strategy
def test_its_parameters_are_frozen_and_refuse_unknown_keys(name: str) -> None:
    params_type = strategy_factory(name).Params
    params: Any = params_type(name=name)

    with pytest.raises(ValueError, match="frozen"):
        params.name = "other"
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        params_type.model_validate({"name": name, "no_such_key": 1})
