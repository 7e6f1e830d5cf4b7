"""On many days of random markets: rules agree with decisions, the stated change flips one, half of it does not."""

import re
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from engine.core.explaining import RulesExplainer, explainer_of
from engine.core.explanation import Case
from engine.core.market import History
from engine.core.strategy import StrategyParams, StrategyState
from engine.data.sample import SampleBars
from engine.data.sessions import NewYorkSessions
from engine.settings.registry import params_of, strategy_factory
from engine.trading.counterfactual import WhatIf
from tests.support.decisions import DecidedCase, decisions_of
from tests.support.markets import faulty_market

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

SEEDS = (4, 12, 13, 15, 22)
DAYS_APART = 131
IMPOSSIBLE = (
    r"the first decision day starts the run, whatever is observed",
    r"a rotation entered on \S+ is left at a session of RUT after \S+, or after a whole week; none has come",
    r"the rotation that ended on \S+ has spent every golden cross up to then, and no week has ended since",
    r"no basket asset has a bar of this day, so none could be bought",
    r"nothing is configured to leave the basket",
)
"""Why no change flips a day's decision, whatever prices are; nothing else may be said."""


EXITS = [
    "macd_death_cross",
    {"trailing_support": {"weeks": 3, "sessions": 2}},
    {"basket_drawdown": {"limit": 0.1}},
    {"basket_stop": {"limit": 0.05}},
    {"confirmation_lost": {"of": "blue_sky", "days": 20}},
    {"confirmation_lost": {"of": {"any": [{"season": {"months": [3, 9]}}]}}},
]
LEFT_BY = (
    "macd_death_cross", "trailing_support", "basket_drawdown", "basket_stop", "confirmation_lost", "confirmation_lost#2"
)  # fmt: skip


def settings(seed: int) -> Mapping[str, Any]:
    """Draw settings under which four years hold rotations."""
    chance = Random(seed)
    fixed = {"mode": "fixed", "level": 1500.0} if seed % 4 == 3 else {}
    one_coin = {"basket": {"SOL": 1.0}, "basket_equal": []} if seed % 3 == 2 else {}
    return {
        "basket": {"ETH": 0.4},
        "basket_equal": ["SOL", "BNB", "XRP"],
        **one_coin,
        "breakout": {
            "lookback_years": 2,
            "min_age_weeks": chance.choice([2, 4, 8, 20]),
            "confirm_sessions": chance.randint(1, 4),
            "loss_sessions": chance.randint(1, 4),
            "buffer": chance.choice([0.0, 0.004]),
            "tolerance": chance.choice([0.0, 0.01]),
            "valid_weeks": chance.choice([None, 3, 12]),
            **fixed,
        },
        "macd": {
            "fast": 3,
            "slow": 8,
            "signal": chance.randint(2, 5),
            "warmup_weeks": 20,
            "valid_weeks": chance.randint(0, 9),
        },
        "hold_weeks": chance.choice([1, 3, 6, 15]),
        "exit_to": chance.choice(["core", "cash"]),
        "rebalance_drift": chance.choice([None, 0.03, 0.08]),
        "confirmations": ["blue_sky"] if seed % 3 == 1 else [],
        "min_history_days": chance.choice([1, 30, 200]),
    }


def explains(params: StrategyParams) -> RulesExplainer:
    found = explainer_of(strategy_factory(params.name)(params))
    assert found is not None
    return found


def asked(params: StrategyParams, market: History, decided: DecidedCase) -> tuple[WhatIf, Case[StrategyState, object]]:
    what_if = WhatIf(
        strategy_factory(params.name),
        params,
        history=market,
        day=decided.day,
        state=decided.state,
        holdings=decided.holdings,
    )
    assert what_if.decision == decided.decision
    case: Case[StrategyState, object] = Case(
        day=decided.day,
        state=decided.state,
        history=what_if.history,
        observations=what_if.observations,
        holdings=decided.holdings,
        decision=what_if.decision,
    )
    return what_if, case


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rules_of_the_rotation_hold_just_on_the_days_that_trade(seed: int) -> None:
    params, market = params_of("rotation").model_validate(settings(seed)), faulty_market(seed, years=4)
    strategy, explainer = strategy_factory("rotation")(params), explains(params)
    observations = strategy.observe(market)

    for decided in decisions_of(strategy, market):
        case: Case[StrategyState, object] = Case(
            day=decided.day,
            state=decided.state,
            history=market,
            observations=observations,
            holdings=decided.holdings,
            decision=decided.decision,
        )
        assert explainer.tree(case).holds == decided.decision.trade, decided.day
        awaited = explainer.awaited(case)
        assert (awaited is not None and awaited.holds) == (decided.decision.reason == "entry"), decided.day


@pytest.mark.parametrize("seed", SEEDS[:3:2])
def test_the_stated_change_flips_the_decision_and_half_of_it_does_not(seed: int) -> None:
    params = params_of("rotation").model_validate(settings(seed))

    explained = require_sound_flips(params, faulty_market(seed, years=4), days_apart=DAYS_APART)

    assert {reason for reason, count in explained.items() if not count} == {"start"}
    assert {"entry", "hold", "time_exit"} <= set(explained)


@pytest.mark.parametrize("exits", [EXITS, []], ids=["further ones", "none"])
def test_so_it_does_with_other_exits(exits: list[Any]) -> None:
    given = {**settings(22), "hold_weeks": 15, "rebalance_drift": None, "exits": exits}

    explained = require_sound_flips(
        params_of("rotation").model_validate(given), faulty_market(22, years=4), days_apart=60 * DAYS_APART
    )

    # Without an exit nothing brings a rotation to its end.
    assert {reason for reason, count in explained.items() if not count} <= {"start", "hold"}
    assert len(set(explained) & {*LEFT_BY}) >= 3 * bool(exits), explained


def test_so_it_does_on_the_sample_market() -> None:
    params = params_of("rotation").model_validate({})
    sample, universe = SampleBars(NewYorkSessions().between), strategy_factory("rotation")(params).universe
    market = History(series={name: sample.load(name).bars for name in (*universe.assets, *universe.indices)})

    explained = require_sound_flips(params, market, days_apart=997)

    assert {reason for reason, count in explained.items() if not count} == {"start"}
    assert {"entry", "hold", "time_exit", "support_lost"} <= set(explained)


def require_sound_flips(params: StrategyParams, market: History, *, days_apart: int) -> Counter[str]:
    """Try what is offered on each day that trades and on some others, and count the days with a flip by reason."""
    explainer, explained = explains(params), Counter[str]()
    for number, decided in enumerate(decisions_of(strategy_factory(params.name)(params), market)):
        if number % days_apart and not decided.decision.trade:
            continue
        what_if, case = asked(params, market, decided)
        flips = what_if.flips(explainer.proposals(case))
        for flip in flips:
            before, after = (decided.decision.state.name, decided.decision.trade), what_if.decided(flip.change)
            half = what_if.decided(flip.change.of(0.5))
            assert after is not None
            assert half is not None
            assert (after.state.name, after.trade) != before, (decided.day, flip)
            assert (half.state.name, half.trade) == before, (decided.day, flip)
            assert (flip.reason, flip.next_state) == (after.reason, after.state.name)
        if not flips:
            assert any(re.fullmatch(said, explainer.otherwise(case)) for said in IMPOSSIBLE), decided.day
        assert [flip.change.size for flip in flips] == sorted(flip.change.size for flip in flips)
        explained[decided.decision.reason] += bool(flips)
    return explained


def test_the_timing_by_the_macd_is_flipped_by_the_last_weekly_close() -> None:
    params = params_of("macd_timing").model_validate({"macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20}})
    market, explainer = faulty_market(1, years=2), explains(params)
    reasons = Counter[str]()

    for number, decided in enumerate(decisions_of(strategy_factory("macd_timing")(params), market)):
        if number % DAYS_APART and not decided.decision.trade:
            continue
        what_if, case = asked(params, market, decided)
        (flip,) = what_if.flips(explainer.proposals(case))
        assert [part.symbol for part in flip.change.closes] == ["BTC"]
        assert what_if.is_flipped_by(flip.change)
        assert not what_if.is_flipped_by(flip.change.of(0.5))
        reasons[decided.decision.reason] += 1

    assert {"golden_cross", "death_cross", "hold"} <= set(reasons)
