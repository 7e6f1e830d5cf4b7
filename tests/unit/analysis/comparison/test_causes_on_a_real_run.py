"""Each cause, seeded alone into a real run, is what the differences go back to; a fault of no cause is unexplained."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.analysis.comparison.decisions import Mind, compare_decisions
from engine.analysis.comparison.differences import Attribution, Cause
from engine.analysis.comparison.step_reader import steps_of
from engine.core.events import AccountReset, DayDecided, OrderFilled, OrderSent
from engine.core.fills import Costs
from engine.core.strategy import Decision, Holdings
from tests.support.fakes import ScriptedState, ScriptedStrategy, instrument
from tests.support.two_runs import ASSETS, BASKET, CORE, COSTS, DAYS, START, TARGETS, Run, Trade, reconciled

Targets = Sequence[Mapping[str, float] | None]
HOLD: Targets = [CORE, *[None] * 7]
ENTRY: Targets = [CORE, None, BASKET, *[None] * 5]
RULES = {Cause.FILTERS}
"""Every order has a trace of rounding."""


def causes_of(result: Attribution) -> set[Cause | None]:
    """Give the causes that are listed; whatever they are, the costs add up to the gap."""
    assert sum(each.cost for each in result.differences) == pytest.approx(result.gap, abs=1e-5)
    return {each.cause for each in result.differences}


def against_backtest(live: Run, targets: Targets = TARGETS, **changes: Any) -> Attribution:
    return reconciled(Run().journal(targets), live.journal(targets), script=targets, **changes)


def test_coarser_lot_steps_are_filter_rounding() -> None:
    coarse = {asset: instrument(asset, step="1") for asset in ASSETS}

    result = against_backtest(Run(instruments=coarse), HOLD)

    # 99 of 99.3509 BTC are bought at 100.05: 0.3509 coins less, each worth 115 at the end and paid 100.15 with the fee.
    assert causes_of(result) == {Cause.FILTERS}
    assert result.gap == pytest.approx(-0.3509 * (115 - 100.05 * 1.001), abs=1e-6)


def test_a_higher_minimum_notional_is_filter_rounding() -> None:
    targets: Targets = [{"BTC": 0.995}, None, {"BTC": 0.99}, *[None] * 5]
    strict = {asset: instrument(asset, step="0.0001", least="5000") for asset in ASSETS}

    result = against_backtest(Run(instruments=strict), targets)

    # What is worth some 49 is sold in the backtest alone; the words of the order that was skipped have the minimum.
    assert causes_of(result) == {Cause.FILTERS}
    assert result.gap != 0


def test_a_price_within_the_bar_costs_what_it_is_above_the_rule() -> None:
    result = against_backtest(Run(trades=[Trade(factor=1.005)]), [{"BTC": 0.5}, *HOLD[1:]])

    # 0.5 % of 49.9250 coins at 100.05, and the commission on it.
    assert causes_of(result) == {Cause.PRICE}
    assert result.gap == pytest.approx(-0.005 * 100.05 * 49.9250 * 1.001, rel=1e-4)


def test_a_buy_that_is_cut_to_the_cash_is_the_price_models() -> None:
    # At 101.05 the cash of 10,000 does not pay for 99.3509 coins and their fee: 98.86 are bought.
    result = against_backtest(Run(trades=[Trade(factor=1.01, is_silent=True)]), HOLD)

    assert causes_of(result) == {Cause.PRICE}
    (cut,) = [each for each in result.differences if each.what.endswith("cut to the cash")]
    assert cut.cost < 0


@pytest.mark.parametrize(("share", "cause"), [(0.997, None), (0.9999, Cause.FILTERS)])
def test_a_buy_that_the_cash_would_have_paid_for_is_not_cut_to_it(share: float, cause: Cause | None) -> None:
    result = against_backtest(Run(trades=[Trade(share=share, is_silent=True)]), HOLD)

    # 9,950 of 10,000 were enough. A rest of 29.8 is worth another order, one of 0.99 is not, and is left.
    assert causes_of(result) == {cause}


@pytest.mark.parametrize("trade", [Trade(in_coin=True), Trade(fee="0.00075"), Trade(fee="0")])
def test_a_fee_in_the_coin_or_at_another_rate_is_of_the_fees(trade: Trade) -> None:
    result = against_backtest(Run(trades=[trade]), [{"BTC": 0.5}, *HOLD[1:]])

    assert causes_of(result) == {Cause.FEES}


def test_a_close_seen_otherwise_sizes_orders_and_is_a_data_revision() -> None:
    result = against_backtest(Run(seen={(DAYS[0], "BTC"): 101.0}), [{"BTC": 0.5}, *HOLD[1:]])

    # 5,000 buy 49.4307... at 101 and 49.9250... at 100: half a coin less, and each gains 115 - 100.15.
    assert causes_of(result) - RULES == {Cause.REVISION}
    assert result.cost_bp(Cause.REVISION) == pytest.approx(result.in_bp(-0.4943 * (115 - 100.15)), rel=0.01)


def test_a_close_of_crumbs_seen_otherwise_is_a_data_revision_too() -> None:
    coarse = {"BTC": instrument("BTC", step="0.0001"), "ETH": instrument("ETH", step="1")}
    targets: Targets = [{"ETH": 0.6}, None, CORE, None, {"BTC": 0.5}, *[None] * 3]
    seen = {(day, "ETH"): 12.5 for day in DAYS[4:]}
    live = Run(instruments=coarse, trades=[Trade(fee="0.0015", in_coin=True)], seen=seen, hides_crumbs=True)

    result = against_backtest(live, targets)

    # 0.0015 of 599 coins is taken, and 0.1015 of one are left, valued at 12.5 in the end, where today's close is 13.
    assert None not in causes_of(result)
    crumbs, order = [each for each in result.of_cause(Cause.REVISION) if each.what.endswith("marked otherwise")]
    # What they were marked at has sized an order, and stands in the last equity.
    assert (crumbs.kind, order.kind, order.day) == ("bar", "order", DAYS[4])
    assert crumbs.cost == pytest.approx(-0.5 * 0.1015, rel=1e-3)


def test_a_change_that_was_never_planned_before_the_next_one_is_timing() -> None:
    result = against_backtest(Run(missed=frozenset(DAYS[2:4])), TARGETS)

    # The basket of the third day is replaced on the fifth, and its orders were never planned.
    assert None not in causes_of(result)
    words = [each.what for each in result.of_cause(Cause.TIMING)]
    assert "change 3: decided late, ETH not ordered before the targets changed again" in words


def test_another_instant_is_timing() -> None:
    result = against_backtest(Run(trades=[Trade(factor=1.02, hour=12)]), [{"BTC": 0.5}, *HOLD[1:]])

    # From 100 to 104 the line is at 102 at noon.
    assert causes_of(result) == {Cause.TIMING}


def test_costs_that_were_set_aside_are_of_the_configuration() -> None:
    costs = Costs(commission=Decimal("0.01"), slippage=COSTS.slippage)

    result = against_backtest(Run(costs=costs), HOLD, live_costs=costs)

    assert causes_of(result) - RULES == {Cause.CONFIGURATION}
    assert [each.what for each in result.of_cause(Cause.CONFIGURATION)] == ["BTC sized by other costs"]


def test_an_order_that_was_refused_is_an_incident() -> None:
    result = against_backtest(Run(trades=[Trade(), Trade(share=0.0)]), ENTRY)

    assert Cause.INCIDENT in causes_of(result)
    assert causes_of(result) <= {Cause.INCIDENT, Cause.FILTERS, Cause.PRICE}
    costs = [each for each in result.of_cause(Cause.INCIDENT) if "executed live" in each.what]
    # Nothing of the sale; of the buy what the cash of 10,000 - 99.3509 * 100.15005 pays for at 11.51726.
    assert [each.what.partition(" of ")[0] for each in costs] == ["BTC: 0", "ETH: 4.3415"], costs


def test_what_a_reset_wrote_off_is_an_incident_and_sizes_the_next_orders() -> None:
    coarse = {"BTC": instrument("BTC", step="0.0001"), "ETH": instrument("ETH", step="1")}
    targets: Targets = [BASKET, None, CORE, None, None, BASKET, None, None]
    live = Run(instruments=coarse, trades=[Trade(), Trade(in_coin=True)], resets={DAYS[4]: "ETH"})
    events = live.journal(targets)
    (lost,) = [event.written_off["ETH"] for event in events if isinstance(event, AccountReset)]

    result = reconciled(Run().journal(targets), events, script=targets)

    # A thousandth of what was bought is taken, and what is left is sold but for a part of a coin: that is lost.
    assert 0 < lost < 1
    assert None not in causes_of(result)
    (loss,) = [each for each in result.of_cause(Cause.INCIDENT) if each.what.endswith("after the reset")]
    # It was worth 11.2 a coin when the next orders were sized without it; what they make of less equity moves that.
    assert loss.cost == pytest.approx(-11.2 * float(lost), rel=0.2)


class Faithful(ScriptedStrategy):
    """Changes nothing while it holds ETH."""

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        return replace(decision, reason="hold", trade=False, targets={}) if holdings.weights().get("ETH") else decision


def test_a_decision_that_another_holding_leads_to_is_of_the_state() -> None:
    targets: Targets = [{"ETH": 0.5}, None, CORE, *[None] * 5]
    held: Targets = [{"ETH": 0.5}, *[None] * 7]
    # The backtest bought nothing and changes; the live run bought, holds, and decides so.
    strategy = Faithful(ASSETS, targets)
    ours, theirs = (
        steps_of(run, START) for run in (Run(trades=[Trade(share=0.0)]).journal(targets), Run().journal(held))
    )

    compared = compare_decisions(ours.evenings, theirs.evenings, minds=[Mind(strategy=strategy, observations=strategy)])

    assert [(each.day, each.cause) for each in compared.differences] == [(DAYS[2], Cause.STATE)]


def test_a_fill_that_no_decision_calls_for_is_unexplained() -> None:
    result = against_backtest(Run(beside={(DAYS[1], "ETH"): "2"}), [{"BTC": 0.5}, *HOLD[1:]])

    # Two coins at 10.5 * 1.0005, and their fee, are worth 26 at the end.
    assert None in causes_of(result)
    assert sum(each.cost for each in result.unexplained) == pytest.approx(26 - 2 * 10.50525 * 1.001, abs=1e-6)


@pytest.mark.parametrize("quantity", ["99.3508", "99.3511", "99.3409"])
def test_an_order_that_is_off_by_lot_steps_is_unexplained(quantity: str) -> None:
    # 9,950 / 100.15 is 99.35097...: 99.3509 on the lot step, which the order itself shows.
    result = against_backtest(Run(altered={(DAYS[0], "BTC"): quantity}), HOLD)

    (order,) = result.unexplained
    assert order.what == f"BTC: ordered {float(quantity):.8g} live, its account asks for 99.350974"
    bought = float(quantity) - 99.3509
    # Bought at 100.05 and the fee, and worth 115.
    assert order.cost == pytest.approx(bought * (115 - 100.05 * 1.001), abs=1e-6)


def test_a_missing_fill_is_unexplained() -> None:
    result = against_backtest(Run(trades=[Trade(share=0.0, is_silent=True)]), [{"BTC": 0.5}, *HOLD[1:]])

    (missing,) = result.unexplained
    assert missing.what == "BTC: 0 of 49.9251 executed live"
    assert missing.cost == pytest.approx(result.gap)


def test_an_order_that_was_never_sent_is_unexplained() -> None:
    live = Run(trades=[Trade(share=0.0, is_silent=True)]).journal([{"BTC": 0.5}, *HOLD[1:]])

    result = reconciled(
        Run().journal([{"BTC": 0.5}, *HOLD[1:]]),
        [event for event in live if not isinstance(event, OrderSent)],
        script=[{"BTC": 0.5}, *HOLD[1:]],
    )

    (missing,) = result.unexplained
    assert missing.what == "BTC: 0 of 49.9251 executed live; never sent"


def test_a_fill_that_was_booked_twice_is_unexplained() -> None:
    targets: Targets = [{"BTC": 0.2}, *HOLD[1:]]
    live = Run().journal(targets)
    place = next(place for place, event in enumerate(live) if isinstance(event, OrderFilled))

    result = reconciled(Run().journal(targets), [*live[: place + 1], *live[place:]], script=targets)

    assert any("executed live" in each.what for each in result.unexplained), result.unexplained
    assert any("on record" in each.what for each in result.unexplained), result.unexplained


def test_a_price_beyond_the_bar_is_unexplained_by_what_is_beyond() -> None:
    result = against_backtest(Run(trades=[Trade(factor=1.1)]), [{"BTC": 0.5}, *HOLD[1:]])

    assert causes_of(result) == {Cause.PRICE, None}


def test_a_price_far_off_the_market_on_record_is_unexplained_by_what_is_beyond() -> None:
    targets: Targets = [{"BTC": 0.5}, *HOLD[1:]]
    live = [
        OrderFilled(fill=replace(event.fill, market_price=Decimal(80))) if isinstance(event, OrderFilled) else event
        for event in Run().journal(targets)
    ]

    result = reconciled(Run().journal(targets), live, script=targets)

    # 100.05 was paid while the market was at 80: a tenth above, 88, is basis; 12.05 and the fee are not.
    (one,) = result.unexplained
    assert one.what == "buy BTC at 100.05: the market was at 80"
    assert one.cost == pytest.approx(-12.05 * 49.9251 * 1.001, rel=1e-5)


def test_a_fee_that_no_venue_takes_is_unexplained() -> None:
    result = against_backtest(Run(trades=[Trade(fee="0.02")]), [{"BTC": 0.5}, *HOLD[1:]])

    assert causes_of(result) == {None}


def test_a_day_decided_otherwise_on_the_same_evidence_is_unexplained_and_has_its_cost() -> None:
    otherwise: Targets = [CORE, None, {"BTC": 0.5}, *[None] * 5]
    live = [
        replace(event, targets={"BTC": 0.5}) if isinstance(event, DayDecided) and event.day == DAYS[2] else event
        for event in Run().journal(otherwise)
    ]

    result = reconciled(Run().journal(HOLD), live, script=HOLD)

    decision = result.unexplained[-1]
    assert (decision.day, decision.kind) == (DAYS[2], "decision")
    # Half is sold at 97, and would have been worth 115.
    assert decision.cost == pytest.approx(result.gap, rel=0.01)


def test_what_an_account_holds_that_its_fills_do_not_come_to_is_unexplained() -> None:
    live = Run().journal(TARGETS)
    altered = [
        replace(event, equity=event.equity + 1) if isinstance(event, DayDecided) and event.day == DAYS[-1] else event
        for event in live
    ]

    result = reconciled(Run().journal(TARGETS), altered)

    (one,) = result.unexplained
    assert one.kind == "account"
    assert one.cost == pytest.approx(1.0)
