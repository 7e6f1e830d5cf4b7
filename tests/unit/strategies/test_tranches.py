"""Entries and exits in parts: on facts made by hand, day by day, and as a restart gives them back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.explaining import explainer_of
from engine.core.explanation import Case
from engine.core.strategy import Decision
from engine.journal.codec import EventCodec
from engine.settings.registry import params_of, strategy_factory
from strategies.rotating.state import Tranche
from strategies.rotating.tranches import begun, continued
from strategies.rotation import Regime, Rotation, RotationParams, RotationState
from tests.support.decisions import DecidedCase, decisions_of
from tests.support.fakes import FakeHoldings, decided
from tests.support.markets import faulty_market
from tests.support.rotation_facts import CROSSED, DAY, IN_BREAKOUT, facts

ENTERS: Mapping[str, Any] = {**IN_BREAKOUT, **CROSSED}
HOLDS_CORE = RotationState(started=True, targets=(("BTC", 0.8),))
"""As a volatility target may have left it."""
PARAMS: Mapping[str, Any] = {"basket": {"ETH": 0.5}, "basket_equal": ("SOL",), "cash_reserve": 0.0}


def on(
    state: RotationState, days: int, known: Mapping[str, Any], holdings: FakeHoldings | None = None, **keys: Any
) -> Decision[RotationState]:
    rotation = Rotation(RotationParams.model_validate({**PARAMS, "tranches": {"entry": 4, "exit": 2}, **keys}))
    return rotation.decide(state, facts(**{**known, "day": DAY + timedelta(days=days)}), holdings or FakeHoldings())


def entered() -> RotationState:
    return on(HOLDS_CORE, 0, ENTERS).state


def test_an_entry_in_four_parts_moves_a_quarter_a_week_from_the_targets_in_force() -> None:
    state, seen = HOLDS_CORE, {}
    for day in range(30):
        decision = on(state, day, ENTERS)
        state = decision.state
        if decision.trade:
            seen[day] = decision
        assert decision.targets == dict(state.targets)

    assert list(seen) == [0, 7, 14, 21]
    assert {decision.reason for decision in seen.values()} == {"entry"}
    # From 0.8 BTC to 0.5 ETH and 0.5 SOL.
    assert [dict(decision.targets) for decision in seen.values()] == [
        pytest.approx({"BTC": 0.6, "ETH": 0.125, "SOL": 0.125}),
        pytest.approx({"BTC": 0.4, "ETH": 0.25, "SOL": 0.25}),
        pytest.approx({"BTC": 0.2, "ETH": 0.375, "SOL": 0.375}),
        {"ETH": 0.5, "SOL": 0.5},
    ]
    assert (state.entry_day, state.tranche, state.regime) == (DAY, None, Regime.ROTATED)


@pytest.mark.parametrize(("late", "part"), [(8, 2), (13, 2), (14, 3), (20, 3), (21, 4), (200, 4)])
def test_of_several_parts_that_are_due_only_the_last_is_decided(late: int, part: int) -> None:
    decision = on(entered(), late, ENTERS, hold_weeks=52)

    assert (decision.reason, decision.trade) == ("entry", True)
    assert decision.targets.get("ETH") == pytest.approx(0.5 * part / 4)
    following = on(decision.state, late + 1, ENTERS, hold_weeks=52)
    assert following.trade is ((late + 1) // 7 >= part and part < 4)


def test_the_basket_is_frozen_on_the_decision_day() -> None:
    state = on(HOLDS_CORE, 0, {**ENTERS, "tradable": ("ETH",)}).state

    later = on(state, 21, {**ENTERS, "tradable": ("ETH", "SOL")})

    assert later.targets == {"ETH": 1.0}


def test_an_exit_drops_the_parts_that_are_left_and_starts_from_the_targets_in_force() -> None:
    half = on(entered(), 7, ENTERS).state
    lost = {"loss_session": DAY + timedelta(days=9)}

    left = on(half, 9, lost)
    done = on(left.state, 16, lost)

    # 0.4 BTC, 0.25 ETH, 0.25 SOL, half-way to 1.0 BTC.
    assert (left.reason, left.state.regime) == ("support_lost", Regime.CORE)
    assert dict(left.targets) == pytest.approx({"BTC": 0.7, "ETH": 0.125, "SOL": 0.125})
    assert left.state.exit_day == DAY + timedelta(days=9)
    assert (done.reason, done.state.name, done.targets) == ("support_lost", "CORE", {"BTC": 1.0})
    assert [on(left.state, day, lost).trade for day in range(10, 16)] == [False] * 6


def test_parts_of_an_exit_to_cash_are_dropped_by_a_golden_cross_which_is_whole() -> None:
    keys: dict[str, Any] = {"exit_to": "cash", "tranches": {"entry": 1, "exit": 4}}
    rotated = on(HOLDS_CORE, 0, ENTERS, **keys).state
    assert rotated.targets == (("ETH", 0.5), ("SOL", 0.5))

    left = on(rotated, 2, {"loss_session": DAY + timedelta(days=2)}, **keys)
    crossed = on(left.state, 5, {**CROSSED, "cross_week": DAY + timedelta(days=4)}, **keys)

    assert dict(left.targets) == pytest.approx({"ETH": 0.375, "SOL": 0.375})
    assert (crossed.reason, crossed.targets, crossed.state.tranche) == ("golden_cross", {"BTC": 1.0}, None)


def test_the_first_day_is_whole_and_so_is_one_part() -> None:
    start = on(RotationState(), 0, ENTERS)
    plain = on(HOLDS_CORE, 0, ENTERS, tranches={})

    assert (start.reason, start.targets, start.state.tranche) == ("start", {"BTC": 1.0}, None)
    assert (plain.targets, plain.state.tranche) == ({"ETH": 0.5, "SOL": 0.5}, None)


def test_a_part_comes_before_drift_and_drift_is_measured_from_the_part() -> None:
    state = entered()
    away = FakeHoldings(held={"BTC": 0.9})
    there = FakeHoldings(held=dict(state.targets))

    assert on(state, 7, ENTERS, away, rebalance_drift=0.1).reason == "entry"
    assert on(state, 3, ENTERS, away, rebalance_drift=0.1).reason == "rebalance"
    assert on(state, 3, ENTERS, there, rebalance_drift=0.1).reason == "hold"


def test_the_final_targets_are_scaled_once_before_they_are_parted() -> None:
    scaled = FakeHoldings(scale=0.5)

    first = on(HOLDS_CORE, 0, ENTERS, scaled)
    last = on(first.state, 21, ENTERS, scaled)

    # From 0.8 BTC to 0.25 ETH and 0.25 SOL.
    assert dict(first.targets) == pytest.approx({"BTC": 0.6, "ETH": 0.0625, "SOL": 0.0625})
    assert last.targets == {"ETH": 0.25, "SOL": 0.25}


def test_what_is_left_of_a_change_is_plain_and_comes_back_from_the_journal() -> None:
    state = entered()
    codec = EventCodec(RotationState)
    event = replace(decided(), memory=state)

    name, body = codec.encode(event)

    assert state.tranche == Tranche(
        reason="entry", decided=DAY, start=(("BTC", 0.8),), end=(("ETH", 0.5), ("SOL", 0.5)), count=4, done=1
    )
    assert EventCodec(RotationState).decode(name, body, where="here") == event


def test_parts_are_whole_numbers_of_at_least_one() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        RotationParams.model_validate({"tranches": {"entry": 0}})
    with pytest.raises(ValueError, match="Extra inputs"):
        RotationParams.model_validate({"tranches": {"enter": 2}})


def test_explain_says_that_a_part_was_due_and_that_no_price_would_have_kept_it() -> None:
    settings = {
        "basket": {"ETH": 0.4},
        "basket_equal": ["SOL", "BNB", "XRP"],
        "macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 6},
        "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2},
        "hold_weeks": 6,
        "tranches": {"entry": 3, "exit": 2},
    }
    market = faulty_market(3, years=3)
    strategy = strategy_factory("rotation")(params_of("rotation").model_validate(settings))
    explainer, observations = explainer_of(strategy), strategy.observe(market)
    assert explainer is not None

    def case_of(each: DecidedCase) -> Case[Any, Any]:
        return Case(
            day=each.day,
            state=each.state,
            history=market,
            observations=observations,
            holdings=each.holdings,
            decision=each.decision,
        )

    cases = list(decisions_of(strategy, market))
    parts = [each for each in cases if each.decision.trade and each.state.name == each.decision.state.name][1:]
    assert {each.decision.reason for each in parts} >= {"entry", "time_exit"}
    for each in cases:
        assert explainer.tree(case_of(each)).holds == each.decision.trade, each.day
    tree = explainer.tree(case_of(parts[0]))
    part = next(condition for condition in tree.parts if condition.name == "the next part")
    assert part.holds
    assert part.parts[0].sentence.startswith("1 of 3 parts of the entry of")
    assert explainer.otherwise(case_of(parts[0])).endswith("goes on in parts, a week apart, whatever prices are")


WEIGHTS = st.dictionaries(st.sampled_from(["BTC", "ETH", "SOL"]), st.floats(0.01, 1.0), max_size=3)


@given(start=WEIGHTS, end=WEIGHTS, count=st.integers(2, 9), gaps=st.lists(st.integers(1, 30), max_size=20))
def test_parts_lead_from_the_one_to_the_other_on_whatever_days_are_decided(
    start: dict[str, float], end: dict[str, float], count: int, gaps: list[int]
) -> None:
    assets = ("BTC", "ETH", "SOL")
    state = RotationState(started=True, targets=tuple(start.items()))

    state = begun(state, tuple(end.items()), count=count, reason="entry", day=DAY, assets=assets)

    day = DAY
    for gap in (*gaps, 7 * count):
        day += timedelta(days=gap)
        part = min(count, 1 + (day - DAY).days // 7)
        after = None if state.tranche is None else continued(state, state.tranche, day, assets)
        state = after or state
        wanted = {a: start.get(a, 0) + (end.get(a, 0) - start.get(a, 0)) * part / count for a in assets}
        assert dict(state.targets) == pytest.approx({a: w for a, w in wanted.items() if w > 1e-12}, abs=1e-12)
        if state.tranche is not None:
            assert list(dict(state.targets)) == [asset for asset in assets if asset in dict(state.targets)]
    assert (dict(state.targets), state.tranche) == (end, None)
