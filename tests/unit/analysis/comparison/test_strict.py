"""Two journals compared: what differs by the exchange's rules has a cause, and nothing else has."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.differences import Attribution, Cause
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.strict import revisions, strict
from engine.core.events import DayDecided, Event, OrderCancelled, OrderFilled, OrderPlanned
from engine.core.order import Fill
from engine.core.planner import Planner
from tests.support.fakes import instrument
from tests.support.laboratory import (
    DAYS,
    FIRST,
    HISTORY,
    MODEL,
    OPEN,
    ORDER,
    PLANNER,
    START,
    backtest_events,
    day_of,
    filled,
    live_events,
)
from tests.support.markets import coin_bars, history_of


def comparison(
    live: Sequence[Event], backtest: Sequence[Event] | None = None, *, live_planner: Planner = PLANNER
) -> Attribution:
    events = backtest_events() if backtest is None else backtest
    ours, theirs = (steps_of(each, START, last_plan=True) for each in (events, live))
    policy = strict(ours, theirs, live_planner=live_planner, model=MODEL)
    return compare(ours, theirs, history=HISTORY, planner=PLANNER, policy=policy)


def first_unexplained(live: Sequence[Event]) -> str:
    first = comparison(live).unexplained[0]
    return f"{first.day} {first.kind}: {first.what}"


def test_a_fee_in_the_coin_is_the_only_difference_and_has_its_cause() -> None:
    result = comparison(live_events())

    assert (result.days, result.orders, result.fills) == (3, 1, 1)
    (difference,) = result.differences
    assert (difference.kind, difference.cause) == ("fill", Cause.FEES)
    assert difference.size == pytest.approx(10.0)
    assert sum(result.costs.values()) == pytest.approx(0.0)


def test_a_day_that_was_skipped_is_named() -> None:
    live = [event for event in live_events() if not (isinstance(event, DayDecided) and event.day == DAYS[1])]

    assert first_unexplained(live) == "2024-01-02 decision: the live run decided nothing on this day"


def test_a_day_too_many_is_named() -> None:
    extra = day_of(FIRST + timedelta(days=3), equity="999.006", cash="6")

    assert (
        first_unexplained([*live_events(), extra])
        == "2024-01-04 decision: the live run decided a day that the backtest did not"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"next_state": "ROTATED"}, "next_state is ROTATED live and CORE in the backtest"),
        ({"reason": "rebalance"}, "reason is rebalance live and hold in the backtest"),
        ({"targets": {"BTC": 0.9950000000000001}}, "targets is {'BTC': 0.9950000000000001} live and"),
        ({"evidence": {"macd": {"macd": 1.0}}}, "evidence is {'macd': {'macd': 1.0}} live and {} in the backtest"),
        ({"core_close": Decimal("100.01")}, "core_close is 100.01 live and 100 in the backtest"),
        ({"memory": "another"}, "memory is another live and None in the backtest"),
    ],
)
def test_a_decision_that_differs_is_never_explained(change: dict[str, object], words: str) -> None:
    live = live_events()
    (last,) = [event for event in live if isinstance(event, DayDecided) and event.day == DAYS[2]]
    live[live.index(last)] = replace(last, **change)  # type: ignore[arg-type] # any field of a decision

    assert first_unexplained(live).startswith(f"2024-01-03 decision: {words}")


def test_a_venue_that_buys_one_percent_less_is_named() -> None:
    # 9.94 less 1 % is 9.84 on the lot step; the rest of the live run is true to its own fills.
    short = filled(quantity="9.84", fee="0.00984", fee_asset="BTC")
    live = [*live_events()[:3], OrderFilled(fill=short), day_of(DAYS[1], equity="999.016", cash="16")]

    result = comparison(live, backtest_events()[:5])

    (unexplained,) = result.unexplained
    assert unexplained.kind == "fill"
    assert unexplained.what == (
        "live buy 9.84 BTC/USDT at 100, fee 0.00984 BTC; by the rules 9.94 at 100, fee 0.00994000 BTC"
    )


@pytest.mark.parametrize(
    "fill",
    [
        filled(price="100.01", fee="0.00994", fee_asset="BTC"),
        filled(fee="0.00993", fee_asset="BTC"),
        filled(fee="0.994", fee_asset="USDT"),
    ],
)
def test_a_fill_that_is_not_by_the_rules_is_unexplained(fill: Fill) -> None:
    live = live_events()
    live[3] = OrderFilled(fill=fill)

    assert first_unexplained(live).startswith("2024-01-02 fill: live buy")


def test_an_order_that_the_account_does_not_ask_for_is_unexplained() -> None:
    live = live_events()
    live[1] = OrderPlanned(order=ORDER.with_quantity(Decimal("9.93")))

    assert first_unexplained(live) == (
        "2024-01-01 order: the live run planned buy 9.93 BTC; its account asks for buy 9.94 BTC"
    )


def test_an_equity_that_the_fills_do_not_come_to_is_unexplained() -> None:
    live = live_events()
    live[-1] = day_of(DAYS[2], equity="999.007", cash="6")

    assert first_unexplained(live) == "2024-01-03 equity: the live equity is 999.007, and its fills come to 999.006"


def test_an_order_that_was_not_executed_live_is_unexplained() -> None:
    live = [*live_events()[:3], *(day_of(day, equity="1000", cash="1000") for day in DAYS[1:])]

    assert first_unexplained(live) == "2024-01-02 fill: buy 9.94 BTC/USDT was not executed live"


def test_an_order_that_was_executed_a_day_earlier_than_in_the_backtest_is_unexplained() -> None:
    bought, later = backtest_events()[2:4], backtest_events()[:2]
    backtest = [*later, day_of(DAYS[1], equity="1000", cash="1000"), *bought, backtest_events()[-1]]

    words = [difference.what for difference in comparison(live_events(), backtest).unexplained]

    assert "live buy 9.94 BTC/USDT was not executed in the backtest then" in words


def test_an_order_that_was_cancelled_in_one_run_only_is_unexplained() -> None:
    kept = [*live_events()[:2], day_of(DAYS[1], equity="1000", cash="1000")]
    dropped = [*kept, OrderCancelled(day=DAYS[1], order=ORDER)]

    words = [difference.what for difference in comparison(dropped, kept).unexplained]

    assert words == ["orders that still waited were cancelled in one run only"]


def test_an_order_that_the_lot_step_of_the_exchange_cuts_is_filter_rounding() -> None:
    # In steps of 0.1 the exchange takes 9.9 of the 9.94 that history buys: 0.04 / 9.94 = 40.2 basis points less.
    coarse = replace(PLANNER, instruments={"BTC": instrument("BTC", step="0.1")})
    live = [live_events()[0], OrderPlanned(order=ORDER.with_quantity(Decimal("9.9")))]

    result = comparison(live, backtest_events()[:2], live_planner=coarse)

    (difference,) = result.differences
    assert (difference.kind, difference.cause) == ("order", Cause.FILTERS)
    assert difference.size == pytest.approx(40.241, abs=0.001)


def test_a_fill_at_another_instant_is_timing() -> None:
    live = live_events()
    live[3] = OrderFilled(fill=filled(fee="0.00994", fee_asset="BTC", at=OPEN + timedelta(minutes=1)))

    causes = [difference.cause for difference in comparison(live).differences]

    assert causes == [Cause.TIMING, Cause.FEES]


def test_what_is_executed_after_the_last_decision_is_left_out() -> None:
    (step,) = steps_of(live_events()[:4], START, last_plan=True).steps

    assert len(step.planned) == 1
    assert step.executions == []


def test_bars_that_were_seen_otherwise_or_not_at_all_are_data_revisions() -> None:
    seen = history_of(coin_bars("BTC", FIRST, [100.0, 101.0, None, 100.0], opens=[100.0] * 4))

    differences = revisions(HISTORY, seen, last_day=DAYS[2])

    assert [(each.day, each.cause) for each in differences] == [
        (DAYS[1], Cause.REVISION),
        (DAYS[2], Cause.REVISION),
    ]
    # 101 in place of 100 is one percent
    assert differences[0].size == pytest.approx(100.0)
