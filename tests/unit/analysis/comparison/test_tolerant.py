"""Two accounts over the same days: whatever a venue does, the parts add up to the gap, and nothing is left over.

Both runs are made by the real planner and ledger out of the same targets; the live one trades by other lot steps, at
other prices, with fees in coins, is cut, rejected or late by chance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.analysis.comparison.decisions import Mind, compare_decisions
from engine.analysis.comparison.differences import Attribution, Cause, Difference
from engine.analysis.comparison.step_reader import steps_of
from engine.core.events import (
    DayDecided,
    Event,
    OrderFilled,
    OrderPlanned,
    OrderSent,
    OrderUnresolved,
)
from engine.core.order import Order
from engine.core.strategy import Decision, Holdings
from tests.support.fakes import ScriptedState, ScriptedStrategy, instrument
from tests.support.two_runs import ASSETS, BASKET, CORE, DAYS, START, TARGETS, Run, Trade, reconciled


def assert_the_parts_are_the_whole(result: Attribution) -> None:
    assert math.fsum(each.cost for each in result.differences) == pytest.approx(result.gap, abs=1e-5)
    assert math.fsum(map(result.cost_bp, (*Cause, None))) == pytest.approx(result.in_bp(result.gap), abs=1e-5)
    assert not [each for each in result.differences if each.what == "what is left of the gap"]


trades = st.builds(
    Trade,
    share=st.sampled_from([1.0, 1.0, 0.5, 0.0]),
    factor=st.floats(0.99, 1.01),
    fee=st.sampled_from(["0.001", "0", "0.00075"]),
    in_coin=st.booleans(),
    hour=st.integers(0, 23),
)
seen = st.dictionaries(st.tuples(st.sampled_from(DAYS), st.sampled_from(ASSETS)), st.floats(9.0, 120.0), max_size=3)


@given(
    st.lists(trades, max_size=12),
    st.sampled_from(["0.0001", "0.001", "0.1", "1"]),
    st.sets(st.sampled_from(DAYS[2:6])),
    seen,
)
def test_the_parts_are_the_whole_and_a_venue_explains_them(
    drawn: list[Trade], step: str, missed: set[date], otherwise: dict[tuple[date, str], float]
) -> None:
    backtest = Run().journal(TARGETS)
    coarse = {asset: instrument(asset, step=step) for asset in ASSETS}
    live = Run(instruments=coarse, trades=drawn, missed=frozenset(missed), seen=otherwise).journal(TARGETS)

    result = reconciled(backtest, live)

    assert_the_parts_are_the_whole(result)
    assert not result.unexplained, result.unexplained


@given(st.lists(trades, max_size=12), st.integers(0, 5), st.sampled_from(["quantity", "price", "notional", "fee"]))
def test_the_parts_are_the_whole_of_a_record_that_was_tampered_with(drawn: list[Trade], number: int, key: str) -> None:
    backtest, live = Run().journal(TARGETS), Run(trades=drawn).journal(TARGETS)
    places = [place for place, event in enumerate(live) if isinstance(event, OrderFilled)]
    # Where the venue executed nothing there is no fill to tamper with; the property before this one draws that too.
    assume(places)
    place = places[number % len(places)]
    event = live[place]
    assert isinstance(event, OrderFilled)
    change: dict[str, Any] = {key: getattr(event.fill, key) * 2 + 1}
    live[place] = OrderFilled(fill=replace(event.fill, **change))

    result = reconciled(backtest, live)

    assert_the_parts_are_the_whole(result)
    # A price and a quantity only count by their notional, a fee by itself.
    assert result.unexplained


def test_equal_runs_differ_in_nothing() -> None:
    result = reconciled(Run().journal(TARGETS), Run().journal(TARGETS))

    assert (result.gap, list(result.differences)) == (0.0, [])
    assert (result.days, result.orders, result.fills) == (8, 7, 7)


def test_a_day_decided_late_costs_what_the_price_has_moved() -> None:
    targets: list[Mapping[str, float] | None] = [None, {"BTC": 0.5}, None, None, None, None, None, None]
    backtest = Run().journal(targets)
    live = Run(missed=frozenset(DAYS[1:4])).journal(targets)

    result = reconciled(backtest, live)

    # Bought at the open of 2024-01-03, 104, there, and at that of the 6th, 103, here: half the account is 48 coins.
    assert {each.cause for each in result.differences} == {Cause.TIMING, Cause.FILTERS}
    words = [each.what for each in result.of_cause(Cause.TIMING)]
    assert words[-1] == "change 2: BTC sized on 2024-01-05, 3 days late"
    assert result.cost_bp(Cause.TIMING) == pytest.approx(result.in_bp(result.gap), abs=0.1)
    # 0.5 / 104 * (115 - 104) there, 0.5 / 103 * (115 - 103) here: about 5.29 and 5.83 percent.
    assert result.in_bp(result.gap) == pytest.approx(51, abs=2)


@pytest.mark.parametrize(
    ("held_up", "late", "cause"),
    [
        ("BTC", "sell BTC", Cause.INCIDENT),
        ("ETH", "buy ETH", Cause.INCIDENT),
        # Buys wait for the sells before them, sells for no buy.
        ("BTC", "buy ETH", Cause.INCIDENT),
        ("ETH", "sell BTC", Cause.TIMING),
    ],
)
def test_a_fill_is_late_because_of_what_held_it_up(held_up: str, late: str, cause: Cause) -> None:
    live = Run(trades=[Trade(), Trade(hour=6), Trade(hour=6)]).journal([CORE, None, BASKET, *[None] * 5])
    place, sent = next(
        (place, event)
        for place, event in enumerate(live)
        if isinstance(event, OrderSent) and event.order.asset == held_up and event.order.decision_day == DAYS[2]
    )
    live.insert(place + 1, OrderUnresolved(at=sent.at, order=sent.order, message="no answer"))

    result = reconciled(Run().journal([CORE, None, BASKET, *[None] * 5]), live)

    (finding,) = [
        each for each in result.differences if each.what.startswith(late) and each.what.endswith("the instant")
    ]
    assert finding.cause is cause


def test_a_fill_outside_the_bar_is_unexplained_by_what_is_outside() -> None:
    targets: list[Mapping[str, float] | None] = [CORE, *[None] * 7]
    backtest = Run().journal(targets)
    live = Run(trades=[Trade(factor=1.2)]).journal(targets)

    result = reconciled(backtest, live)

    (unexplained,) = result.unexplained
    assert unexplained.what.startswith("buy BTC at 120.06: the day's bar is from ")
    # Beyond the high of 105.04 and a tolerance of 1.05 %: 120.06 - 106.143 = 13.917 and its commission on each of the
    # 10,000 / 120.06 / 1.001 = 83.208 coins.
    assert unexplained.cost == pytest.approx(-13.917 * 1.001 * 83.208, rel=1e-4)
    assert_the_parts_are_the_whole(result)


def test_a_market_price_on_record_parts_basis_from_timing() -> None:
    backtest, live = Run().journal(TARGETS), Run().journal(TARGETS)
    place = next(place for place, event in enumerate(live) if isinstance(event, OrderFilled))
    event = live[place]
    assert isinstance(event, OrderFilled)
    live[place] = OrderFilled(fill=replace(event.fill, market_price=Decimal("99.9")))

    result = reconciled(backtest, live)

    # The backtest pays 100.05; the rule makes 99.94995 of the market's 99.9; the venue took 100.05 as well.
    costs = {cause: result.cost_bp(cause) for cause in Cause}
    assert {each.cause for each in result.differences} == {Cause.TIMING, Cause.BASIS}
    assert costs[Cause.TIMING] == pytest.approx(-costs[Cause.BASIS])
    assert costs[Cause.TIMING] > 0


def test_a_close_seen_otherwise_on_the_last_day_is_a_data_revision() -> None:
    targets: list[Mapping[str, float] | None] = [CORE, *[None] * 7]
    live = Run(seen={(DAYS[-1], "BTC"): 116.0}).journal(targets)

    result = reconciled(Run().journal(targets), live)

    # 99.35 coins, each on record as worth one more.
    (finding,) = result.differences
    assert (finding.cause, finding.what) == (Cause.REVISION, "BTC close 116 live, today 115 (-0.86 %)")
    assert finding.cost == pytest.approx(99.35, abs=0.01)


def test_an_order_that_nobody_sent_is_unexplained() -> None:
    live = [event for event in Run().journal(TARGETS) if not isinstance(event, OrderSent)]

    result = reconciled(Run().journal(TARGETS), live)

    words = [each.what for each in result.unexplained]
    assert any("no such order was sent" in what for what in words), words
    assert any(what.endswith("never sent") for what in words), words
    assert_the_parts_are_the_whole(result)


def test_a_plan_that_the_account_does_not_ask_for_is_unexplained() -> None:
    live = Run().journal(TARGETS)
    live[1] = OrderPlanned(order=_planned(live[1]).with_quantity(Decimal(90)))

    result = reconciled(Run().journal(TARGETS), live)

    words = [each.what for each in result.unexplained]
    assert any(what.startswith("BTC: ordered 90 live, its account asks for 99.350974") for what in words), words


def _planned(event: Event) -> Order:
    assert isinstance(event, OrderPlanned)
    return event.order


def decisions(
    live: Sequence[Event], *, script: Sequence[Mapping[str, float] | None] = TARGETS, until: int | None = None
) -> Sequence[Difference]:
    """Compare the decisions of a live run with a backtest of the script.

    Args:
        until: the place up to which the earlier configuration was in force; by default the end.
    """
    strategy = ScriptedStrategy(ASSETS, script)
    ours = steps_of(Run().journal(script), START, until=DAYS[-1]).evenings
    theirs = steps_of(live, START, until=DAYS[-1]).evenings
    old = ScriptedStrategy(ASSETS, [CORE, None, CORE, None, None, None, CORE, None])
    minds = [
        Mind(strategy=strategy, observations=strategy),
        Mind(strategy=old, observations=old, until=len(live) if until is None else until),
    ]
    return compare_decisions(ours, theirs, minds=minds).differences


def changed(events: Sequence[Event], day: date, **change: Any) -> list[Event]:
    """Change one decision."""
    return [
        replace(event, **change) if isinstance(event, DayDecided) and event.day == day else event for event in events
    ]


def test_equal_decisions_have_no_findings() -> None:
    assert list(decisions(Run().journal(TARGETS))) == []


def test_a_decision_that_an_earlier_configuration_takes_is_of_the_configuration() -> None:
    live = changed(Run().journal(TARGETS), DAYS[2], targets=CORE)

    (finding,) = decisions(live)

    assert (finding.cause, finding.day) == (Cause.CONFIGURATION, DAYS[2])


@pytest.mark.parametrize(("more", "cause"), [(0, None), (1, Cause.CONFIGURATION)])
def test_an_earlier_configuration_explains_what_was_decided_while_it_was_in_force(more: int, cause: Cause) -> None:
    live = changed(Run().journal(TARGETS), DAYS[2], targets=CORE)
    place = next(place for place, event in enumerate(live) if isinstance(event, DayDecided) and event.day == DAYS[2])

    # So many records were there when it was replaced: with none more than those before it, the decision is a later one.
    (finding,) = decisions(live, until=place + more)

    assert finding.cause is cause


def test_a_decision_on_other_evidence_is_a_data_revision_with_both_values() -> None:
    live = changed(
        Run().journal(TARGETS), DAYS[2], reason="entry", evidence={"index": {"close": 101.0, "session": DAYS[1]}}
    )

    (finding,) = decisions(live)

    assert finding.cause is Cause.REVISION
    assert (
        finding.what
        == "entry, in the backtest change 3; index.close 101, today none, index.session 2024-01-02, today none"
    )


def test_a_decision_on_an_older_session_is_late_data() -> None:
    backtest = changed(Run().journal(TARGETS), DAYS[2], evidence={"index": {"close": 100.0, "session": DAYS[2]}})
    live = changed(backtest, DAYS[2], reason="entry", evidence={"index": {"close": 101.0, "session": DAYS[1]}})
    strategy = ScriptedStrategy(ASSETS, TARGETS)

    ours, theirs = (steps_of(events, START, until=DAYS[-1]).evenings for events in (backtest, live))
    (finding,) = compare_decisions(ours, theirs, minds=[Mind(strategy=strategy, observations=strategy)]).differences

    assert finding.cause is Cause.LATE_DATA
    assert "index.session 2024-01-02, today 2024-01-03" in finding.what


class Wary(ScriptedStrategy):
    """Changes nothing while no entries are allowed."""

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        if holdings.entries_allowed or not decision.trade:
            return decision
        return replace(decision, reason="hold", trade=False, targets={})


def test_a_decision_that_comes_out_without_entries_is_late_data() -> None:
    live = changed(Run().journal(TARGETS), DAYS[2], reason="hold", targets={}, changed=False)
    wary = Wary(ASSETS, TARGETS)

    ours, theirs = (steps_of(events, START, until=DAYS[-1]).evenings for events in (Run().journal(TARGETS), live))
    (finding,) = compare_decisions(ours, theirs, minds=[Mind(strategy=wary, observations=wary)]).differences

    assert finding.cause is Cause.LATE_DATA
    assert finding.what.endswith("no entries were allowed, as the index was not up to date")


def test_a_decision_on_the_same_evidence_is_unexplained() -> None:
    (finding,) = decisions(changed(Run().journal(TARGETS), DAYS[2], reason="entry"))

    assert finding.cause is None
    assert finding.what == "entry, in the backtest change 3, on the same evidence"


def test_a_day_that_the_live_run_lacks_is_a_data_revision() -> None:
    live = [event for event in Run().journal(TARGETS) if not (isinstance(event, DayDecided) and event.day == DAYS[1])]

    (finding,) = decisions(live)

    assert (finding.cause, finding.day) == (Cause.REVISION, DAYS[1])
