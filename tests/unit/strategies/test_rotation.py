"""The rotation's state machine, line by line of the specification's table, on facts made by hand."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from engine.core.errors import DataError
from engine.core.reading import Reading
from engine.core.strategy import Decision
from strategies.rotation import Regime, Rotation, RotationFacts, RotationParams, RotationState
from strategies.signals.breakout import BreakoutParams
from strategies.signals.macd import MacdParams
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of, index_bars
from tests.support.rotation_facts import CROSSED, DAY, IN_BREAKOUT, LAST_SUNDAY, facts

CORE_TARGETS = (("BTC", 0.995),)
HOLDS_CORE = RotationState(started=True, targets=CORE_TARGETS)
HOLDS_CASH = RotationState(regime=Regime.CASH, started=True, exit_day=date(2024, 4, 1))
ENTERED = DAY - timedelta(weeks=10)
ROTATED = RotationState(
    regime=Regime.ROTATED, started=True, targets=(("ETH", 0.995),), entry_day=ENTERED, entry_session=ENTERED
)
UNHELD = Reading(holds=False)


def decide(
    state: RotationState, known: RotationFacts, holdings: FakeHoldings | None = None, **params: Any
) -> Decision[RotationState]:
    # Breakout and cross come first, the basket last.
    confirmations = ("blue_sky",) * (len(known.entry) - 3)
    params = {"basket": {"ETH": 0.5}, "basket_equal": ("SOL",), "confirmations": confirmations, **params}
    return Rotation(RotationParams(**params)).decide(state, known, holdings or FakeHoldings())


def test_the_first_day_buys_the_core_and_cannot_rotate() -> None:
    decision = decide(RotationState(), facts(**IN_BREAKOUT, **CROSSED))

    assert (decision.reason, decision.trade, decision.targets) == ("start", True, {"BTC": 0.995})
    assert decision.state == HOLDS_CORE


def test_the_second_day_may_rotate_on_what_was_there_on_the_first() -> None:
    first = decide(RotationState(), facts(**IN_BREAKOUT, **CROSSED))

    second = decide(first.state, facts(**IN_BREAKOUT, **CROSSED, day=DAY + timedelta(days=1)))

    assert second.reason == "entry"


@pytest.mark.parametrize(
    ("breakout_session", "cross_week"),
    [(date(2024, 5, 15), date(2024, 4, 28)), (date(2024, 4, 3), date(2024, 5, 12)), (date(2023, 1, 3), LAST_SUNDAY)],
    ids=["cross first", "breakout first", "an old breakout"],
)
def test_breakout_and_cross_enter_in_either_order(breakout_session: date, cross_week: date) -> None:
    known = facts(**{**IN_BREAKOUT, "breakout_session": breakout_session}, above_signal=True, cross_week=cross_week)

    decision = decide(HOLDS_CORE, known)

    assert (decision.reason, decision.trade, decision.state.name) == ("entry", True, "ROTATED")
    assert (decision.state.entry_day, decision.state.entry_session) == (DAY, DAY)


@pytest.mark.parametrize(
    "missing",
    [
        {"in_breakout": False, "support": None, "breakout_session": None},
        {"cross_week": None},
        {"above_signal": False},
        {"confirmations": (UNHELD,)},
        {"confirmations": (UNHELD._replace(holds=None, reason="nothing is known"),)},
        {"tradable": ()},
    ],
)
def test_each_condition_of_an_entry_is_needed(missing: dict[str, Any]) -> None:
    decision = decide(HOLDS_CORE, facts(**{**IN_BREAKOUT, **CROSSED, **missing}))

    assert (decision.reason, decision.trade) == ("hold", False)
    assert decision.state == HOLDS_CORE
    assert decision.targets == {"BTC": 0.995}


def test_the_entry_session_is_the_last_one_known() -> None:
    sunday = facts(**IN_BREAKOUT, **CROSSED, day=LAST_SUNDAY, session=date(2024, 5, 10))

    state = decide(HOLDS_CORE, sunday).state

    assert (state.entry_day, state.entry_session) == (LAST_SUNDAY, date(2024, 5, 10))


def test_what_was_delisted_has_no_target_any_more_and_no_drift_comes_of_it() -> None:
    held = replace(ROTATED, targets=(("ETH", 0.5), ("SOL", 0.495)))
    after_the_sale = FakeHoldings(held={"ETH": 0.6}, delisted=("SOL",))

    decision = decide(held, facts(), after_the_sale, rebalance_drift=0.2)

    # ETH is 0.1 above its target; the lost 0.495 of SOL are no drift.
    assert (decision.reason, decision.targets) == ("hold", {"ETH": 0.5})
    assert decision.state == replace(held, targets=(("ETH", 0.5),))
    assert decide(decision.state, facts(), FakeHoldings(held={"ETH": 0.6}), rebalance_drift=0.2).reason == "hold"


@pytest.mark.parametrize(
    ("before", "exit_day"), [(ROTATED, DAY), (HOLDS_CASH, HOLDS_CASH.exit_day), (HOLDS_CORE, None)]
)
def test_once_all_was_sold_the_next_day_is_a_first_one_and_the_crosses_of_a_rotation_stay_spent(
    before: RotationState, exit_day: date | None
) -> None:
    sold = Rotation(RotationParams()).left_for_cash(before, DAY)

    assert sold == RotationState(regime=Regime.CASH, exit_day=exit_day)
    decision = decide(sold, facts(**IN_BREAKOUT, **CROSSED))
    assert (decision.reason, decision.targets, decision.trade) == ("start", {"BTC": 0.995}, True)
    assert decision.state == replace(HOLDS_CORE, exit_day=exit_day)
    # The cross of the Sunday before a rotation that was left today is of no use any more.
    macd = decision.evidence["macd"] or {}
    assert macd["in_force"] is (exit_day is None or exit_day < LAST_SUNDAY)


def test_a_cross_that_is_not_in_time_lets_nothing_in() -> None:
    decision = decide(HOLDS_CORE, facts(**IN_BREAKOUT, **CROSSED, in_time=False))

    assert decision.reason == "hold"
    assert decision.evidence["macd"] is not None
    assert decision.evidence["macd"]["in_force"] is False


def test_a_breakout_that_is_not_in_force_lets_nothing_in() -> None:
    decision = decide(HOLDS_CORE, facts(**IN_BREAKOUT, **CROSSED, in_force=False))

    assert decision.reason == "hold"
    # The record says "in breakout" whatever the validity.
    assert decision.evidence["index"] is not None
    assert decision.evidence["index"]["in_breakout"] is True


def test_breakout_and_cross_are_in_force_for_their_weeks_to_the_day() -> None:
    core = [close for close in (100.0, 100.0, 80.0, 120.0, *(120 * 1.3**n for n in range(1, 7))) for _ in range(7)]
    coins = (coin_bars("ETH", MONDAY, [1.0] * 70), coin_bars("SOL", MONDAY, [1.0] * 70))
    history = history_of(coin_bars("BTC", MONDAY, core), index_bars("RUT", MONDAY, [9.0] * 18 + [11.0] * 32), *coins)
    rules = {**SMALL, "breakout": BreakoutParams(mode="fixed", level=10.0, confirm_sessions=2, valid_weeks=3)}
    rules["macd"] = MacdParams(fast=1, slow=3, signal=3, warmup_weeks=2, valid_weeks=2)

    observed = Rotation(RotationParams(**rules)).observe(history)

    # Broken out at the close of Friday 26 January, crossed in the week that ended on Sunday the 28th.
    days = [date(2024, 1, 25) + timedelta(days=n) for n in range(30)]
    in_force = [day for day in days if observed.at(day).breakout.in_force]
    in_time = [day for day in days if observed.at(day).macd.in_time]
    assert (in_force[0], in_force[-1], len(in_force)) == (date(2024, 1, 26), date(2024, 2, 16), 22)
    assert (in_time[0], in_time[-1], len(in_time)) == (date(2024, 1, 28), date(2024, 2, 11), 15)
    assert {observed.at(day).breakout.since for day in in_force} == {date(2024, 1, 26)}
    assert {observed.at(day).macd.since for day in in_time} == {date(2024, 1, 28)}
    assert observed.at(date(2024, 2, 20)).breakout.since == date(2024, 2, 17)


def test_running_out_of_validity_ends_no_rotation() -> None:
    assert decide(ROTATED, facts(**IN_BREAKOUT, in_force=False)).reason == "hold"


@pytest.mark.parametrize(
    ("exit_day", "reason"),
    [
        (LAST_SUNDAY - timedelta(days=1), "entry"),
        (LAST_SUNDAY, "hold"),
        (LAST_SUNDAY + timedelta(days=1), "hold"),
    ],
    ids=["confirmed after the exit", "on the exit day", "before the exit"],
)
def test_a_cross_up_to_the_exit_day_of_the_last_rotation_is_spent(exit_day: date, reason: str) -> None:
    decision = decide(replace(HOLDS_CORE, exit_day=exit_day), facts(**IN_BREAKOUT, **CROSSED))

    assert decision.reason == reason


def test_a_loss_of_support_after_the_entry_ends_the_rotation() -> None:
    decision = decide(ROTATED, facts(loss_session=ENTERED + timedelta(days=1)))

    assert (decision.reason, decision.trade, decision.targets) == ("support_lost", True, {"BTC": 0.995})
    assert decision.state == replace(HOLDS_CORE, exit_day=DAY)


@pytest.mark.parametrize("days", [0, 1, 200])
def test_a_loss_up_to_the_entrys_last_session_is_ignored(days: int) -> None:
    assert decide(ROTATED, facts(loss_session=ENTERED - timedelta(days=days))).reason == "hold"


def test_a_loss_counts_from_the_session_after_the_last_one_known_at_the_entry() -> None:
    # Entered on a Wednesday whose own bar was late; it turns out to be the session of the loss.
    entered_without_the_days_session = replace(ROTATED, entry_session=ENTERED - timedelta(days=1))

    assert decide(entered_without_the_days_session, facts(loss_session=ENTERED)).reason == "support_lost"


@pytest.mark.parametrize(("days", "reason"), [(69, "hold"), (70, "time_exit"), (80, "time_exit")])
def test_a_rotation_ends_after_its_weeks_or_on_the_next_day_that_is_decided(days: int, reason: str) -> None:
    decision = decide(ROTATED, facts(**IN_BREAKOUT, **CROSSED, day=ENTERED + timedelta(days=days)), hold_weeks=10)

    assert decision.reason == reason


def test_a_loss_outranks_the_time_exit_on_the_same_day() -> None:
    assert decide(ROTATED, facts(loss_session=DAY), hold_weeks=10).reason == "support_lost"


def test_a_new_cross_or_a_lift_in_a_rotation_changes_nothing() -> None:
    decision = decide(ROTATED, facts(**{**IN_BREAKOUT, "breakout_session": DAY}, **CROSSED))

    assert (decision.reason, decision.state) == ("hold", ROTATED)


def test_a_rotation_may_end_in_cash() -> None:
    decision = decide(ROTATED, facts(loss_session=DAY), exit_to="cash")

    assert (decision.reason, decision.trade, decision.targets) == ("support_lost", True, {})
    assert decision.state == replace(HOLDS_CASH, exit_day=DAY)


def test_a_golden_cross_alone_leads_from_cash_to_the_core() -> None:
    decision = decide(HOLDS_CASH, facts(**CROSSED), exit_to="cash")

    assert (decision.reason, decision.trade, decision.targets) == ("golden_cross", True, {"BTC": 0.995})
    # The last exit is remembered: what it spent stays spent.
    assert decision.state == replace(HOLDS_CORE, exit_day=HOLDS_CASH.exit_day)


@pytest.mark.parametrize("missing", [{"confirmations": (UNHELD,)}, {"tradable": ()}, {"in_breakout": False}])
def test_a_golden_cross_leads_from_cash_to_the_core_where_an_entry_fails(missing: dict[str, Any]) -> None:
    decision = decide(HOLDS_CASH, facts(**{**IN_BREAKOUT, **CROSSED, **missing}), exit_to="cash")

    assert decision.reason == "golden_cross"


def test_breakout_and_cross_lead_from_cash_into_a_rotation() -> None:
    decision = decide(HOLDS_CASH, facts(**IN_BREAKOUT, **CROSSED), exit_to="cash")

    assert (decision.reason, decision.state.name, decision.state.entry_day) == ("entry", "ROTATED", DAY)


def test_a_spent_cross_leaves_cash_as_it_is() -> None:
    decision = decide(replace(HOLDS_CASH, exit_day=LAST_SUNDAY), facts(**IN_BREAKOUT, **CROSSED), exit_to="cash")

    assert (decision.reason, decision.trade, decision.targets) == ("hold", False, {})


def test_weights_are_renormalised_over_what_is_tradable_and_scaled_by_the_reserve() -> None:
    params: dict[str, Any] = {
        "basket": {"ETH": 0.4, "BTC": 0.2},
        "basket_equal": ("SOL", "BNB"),
        "cash_reserve": 0.1,
    }

    # SOL and BNB share the 0.4 that are left; without SOL 0.8 remain: 0.4 / 0.8 * 0.9 and so on.
    decision = decide(HOLDS_CORE, facts(**IN_BREAKOUT, **CROSSED, tradable=("ETH", "BTC", "BNB")), **params)

    assert decision.targets == pytest.approx({"ETH": 0.45, "BTC": 0.225, "BNB": 0.225})
    assert sum(decision.targets.values()) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"ETH": 0.95}, "hold"),
        ({"ETH": 0.89}, "rebalance"),
        ({"ETH": 0.995, "SOL": 0.11}, "rebalance"),
        ({}, "rebalance"),
    ],
    ids=["within", "too little", "an asset without a target", "nothing held"],
)
def test_a_weight_that_is_too_far_off_is_traded_back(held: dict[str, float], reason: str) -> None:
    decision = decide(ROTATED, facts(), FakeHoldings(held=held), rebalance_drift=0.1)

    assert (decision.reason, decision.trade) == (reason, reason == "rebalance")
    assert (decision.state, decision.targets) == (ROTATED, {"ETH": 0.995})


def test_drift_of_exactly_the_limit_is_not_further_than_it() -> None:
    holds_half = replace(ROTATED, targets=(("ETH", 0.5),))

    decision = decide(holds_half, facts(), FakeHoldings(held={"ETH": 0.75}), rebalance_drift=0.25)

    assert decision.reason == "hold"


def test_drift_is_not_looked_at_while_orders_wait_nor_unless_it_is_asked_for() -> None:
    waiting = decide(ROTATED, facts(), FakeHoldings(held={}, orders_waiting=True), rebalance_drift=0.1)
    never = decide(ROTATED, facts(), FakeHoldings(held={}))

    assert (waiting.reason, never.reason) == ("hold", "hold")


def test_drift_is_measured_from_the_targets_of_the_last_change_whatever_is_tradable_now() -> None:
    decision = decide(ROTATED, facts(tradable=("SOL",)), FakeHoldings(held={"ETH": 0.8}), rebalance_drift=0.1)

    assert (decision.reason, decision.targets) == ("rebalance", {"ETH": 0.995})


def test_an_exit_outranks_a_rebalance() -> None:
    decision = decide(ROTATED, facts(loss_session=DAY), FakeHoldings(held={}), rebalance_drift=0.1)

    assert decision.reason == "support_lost"


def test_the_evidence_is_what_the_record_wants() -> None:
    known = facts(**IN_BREAKOUT, **CROSSED, macd=3.0)

    evidence = decide(HOLDS_CORE, known).evidence

    assert evidence == {
        "index": {
            "session": DAY,
            "close": 2100.0,
            "in_breakout": True,
            "support": 2000.0,
            "ceiling": 2200.0,
            "breakout_session": date(2024, 5, 10),
            "loss_session": None,
            "run_length": 0,
            "run_level": None,
        },
        "macd": {
            "week": LAST_SUNDAY,
            "macd": 3.0,
            "signal": 2.0,
            "above_signal": True,
            "cross_week": LAST_SUNDAY,
            "in_force": True,
        },
    }


def test_assets_are_traded_in_the_baskets_order_the_core_first() -> None:
    within = Rotation(RotationParams(basket={"XRP": 0.3, "BTC": 0.2}, basket_equal=("DOGE", "ETH")))

    assert within.universe.assets == ("BTC", "XRP", "DOGE", "ETH")
    assert within.universe.indices == ("RUT",)
    assert within.universe.basket == pytest.approx({"XRP": 0.3, "BTC": 0.2, "DOGE": 0.25, "ETH": 0.25})


def test_a_basket_of_fixed_weights_alone_leaves_nothing_to_share() -> None:
    weights = {"ETH": 0.9, "SOL": 0.1}

    assert RotationParams(basket=weights, basket_equal=()).basket_weights() == weights
    assert RotationParams(basket=weights, basket_equal=("BNB",)).basket_weights() == weights


def test_fixed_weights_that_add_up_to_one_may_name_an_asset_of_the_default_basket_equal() -> None:
    weights = {"ETH": 0.9, "SOL": 0.1}

    assert RotationParams(basket=weights).basket_weights() == weights


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"basket": {"ETH": 0.7, "SOL": 0.5}}, "weights add up to 1.2; at most 1"),
        ({"basket": {"ETH": 0.5}, "basket_equal": ()}, "add up to 0.5; 1 is wanted when basket_equal is empty"),
        ({"basket": {"ETH": 0.0}}, "strategy.basket.ETH 0.0 is not allowed"),
        ({"basket": {"ETH": -0.5}}, "strategy.basket.ETH -0.5 is not allowed"),
        ({"basket": {"ETH": 0.5}, "basket_equal": ("SOL", "ETH")}, "ETH is given twice"),
        ({"basket_equal": ("SOL", "SOL")}, "SOL is given twice"),
        ({"index": "ETH"}, "strategy.index: ETH is also an asset to trade"),
        ({"index": "BTC"}, "strategy.index: BTC is also an asset to trade"),
        ({"confirmations": ("blue_ski",)}, "did you mean blue_sky"),
        ({"exit_to": "bonds"}, "'core' or 'cash'"),
        ({"rebalance_drift": 0}, "greater than 0"),
        ({"hold_weeks": True}, "valid integer"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        RotationParams(**params)


MONDAY = date(2024, 1, 1)
SMALL = {
    "basket": {"ETH": 0.5},
    "basket_equal": ("SOL",),
    "min_history_days": 3,
    "breakout": BreakoutParams(mode="fixed", level=10.0, confirm_sessions=2, loss_sessions=2),
    "macd": MacdParams(fast=1, slow=3, signal=3, warmup_weeks=2),
}


def test_facts_of_a_day_are_what_the_signals_knew_at_its_end() -> None:
    core = [close for close in (100.0, 100.0, 80.0, 120.0) for _ in range(7)]
    # Weekdays from 1 January on; 9 until the 24th, 11 from Thursday the 25th on.
    index = [9.0] * 18 + [11.0, 12.0, 13.0]
    history = history_of(
        coin_bars("BTC", MONDAY, core),
        index_bars("RUT", MONDAY, index),
        coin_bars("ETH", MONDAY, [1.0] * 28),
        coin_bars("SOL", date(2024, 1, 26), [1.0] * 3),
    )

    observed = Rotation(RotationParams(**SMALL)).observe(history)

    assert observed.first_day == date(2024, 1, 15)
    thursday, saturday, sunday = (observed.at(date(2024, 1, n)) for n in (25, 27, 28))
    broken, crossed = saturday.breakout, sunday.macd
    assert (thursday.breakout.session, thursday.breakout.close) == (date(2024, 1, 25), 11.0)
    assert not thursday.breakout.in_breakout
    # Friday's session confirms; the weekend has it, and Sunday brings the cross of its own week (test_macd.py).
    assert (broken.session, broken.support, broken.breakout_session) == (date(2024, 1, 26), 10, date(2024, 1, 26))
    assert (saturday.macd.week, saturday.macd.cross_week) == (date(2024, 1, 21), None)
    assert not saturday.macd.above_signal
    assert (crossed.week, crossed.cross_week, crossed.macd) == (date(2024, 1, 28), date(2024, 1, 28), 15)
    # SOL has its third bar on Sunday.
    assert (saturday.tradable, sunday.tradable) == (("ETH",), ("ETH", "SOL"))


def test_the_first_day_waits_for_the_first_ceiling() -> None:
    core = coin_bars("BTC", MONDAY, [100.0] * 600)
    index = index_bars("RUT", MONDAY, [9.0] * 400)
    history = history_of(core, index, coin_bars("ETH", MONDAY, [1.0]), coin_bars("SOL", MONDAY, [1.0]))
    rules = {**SMALL, "breakout": BreakoutParams(lookback_years=2, min_age_weeks=4)}

    # Session 252 of the weekdays is 17 December 2024, a Tuesday; four weeks later, 14 January, is a session too.
    assert Rotation(RotationParams(**rules)).observe(history).first_day == date(2025, 1, 14)


def test_an_index_that_never_has_a_ceiling_or_no_bar_is_an_error() -> None:
    core = coin_bars("BTC", MONDAY, [100.0] * 30)
    coins = (coin_bars("ETH", MONDAY, [1.0]), coin_bars("SOL", MONDAY, [1.0]))
    short = history_of(core, index_bars("RUT", MONDAY, [9.0] * 20), *coins)
    empty = history_of(core, index_bars("RUT", MONDAY, []), *coins)
    late = history_of(core, index_bars("RUT", date(2024, 3, 1), [9.0] * 20), *coins)

    with pytest.raises(DataError, match="RUT: its 20 sessions from 2024-01-01 to 2024-01-26 give no ceiling"):
        Rotation(RotationParams(**{**SMALL, "breakout": BreakoutParams()})).observe(short)
    with pytest.raises(DataError, match="RUT: has no bars"):
        Rotation(RotationParams(**SMALL)).observe(empty)
    with pytest.raises(DataError, match="RUT: begins on 2024-03-01, after the last bar of BTC on 2024-01-30"):
        Rotation(RotationParams(**SMALL)).observe(late)


def test_a_day_without_a_bar_of_the_core_has_no_facts() -> None:
    core = coin_bars("BTC", MONDAY, [100.0] * 20)
    coins = (coin_bars("ETH", MONDAY, [1.0]), coin_bars("SOL", MONDAY, [1.0]))
    observed = Rotation(RotationParams(**SMALL)).observe(history_of(core, index_bars("RUT", MONDAY, [9.0]), *coins))

    with pytest.raises(KeyError, match="2024-02-01 has no bar of BTC"):
        observed.at(date(2024, 2, 1))
