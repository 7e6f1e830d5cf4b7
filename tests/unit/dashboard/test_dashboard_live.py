"""What a run is at, folded out of its events; signals in words; the small curve."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import (
    AccountReset,
    DayDecided,
    Event,
    OrderFilled,
    OrderPlanned,
    OrderSent,
    OrderSkipped,
    OrderWaits,
    PositionMissed,
    RunStarted,
)
from engine.core.order import RESET_BUY_BACK, Fill, Order, Side
from engine.core.reading import Reading
from engine.dashboard.live import MOST_FILLS, LiveRun, LiveState
from engine.dashboard.signals import Signal, signals_of
from engine.dashboard.sparkline import HEIGHT, WIDTH, sparkline
from engine.record.review.incidents import IncidentKind

DAY = date(2024, 3, 1)
AT = datetime(2024, 3, 2, tzinfo=UTC)
STRATEGY: dict[str, Any] = {
    "core": "BTC", "index": "RUT", "hold_weeks": 18, "macd": {"valid_weeks": 8}, "breakout": {"confirm_sessions": 3},
}  # fmt: skip
CONFIG: dict[str, Any] = {"strategy": STRATEGY, "venue": {"name": "binance-testnet"}}
INDEX: dict[str, Any] = {
    "session": DAY, "close": 2040.0, "in_breakout": False, "support": None, "ceiling": 2000.0,
    "breakout_session": None, "loss_session": None,
}  # fmt: skip
MACD: dict[str, Any] = {
    "week": date(2024, 2, 25), "macd": 90.0, "signal": 100.0, "above_signal": False, "cross_week": date(2024, 1, 7),
    "in_force": False,
}  # fmt: skip


def order(number: int = 1) -> Order:
    return Order(
        client_order_id=f"x-20240301-BTC-b{number}-1",
        asset="BTC",
        symbol="BTC/USDT",
        side=Side.BUY,
        quantity=Decimal(2),
        decision_day=DAY,
        reason="start",
    )


def filled(bought: Order) -> OrderFilled:
    fill = Fill(
        at=AT,
        order_id="7",
        client_order_id=bought.client_order_id,
        asset="BTC",
        symbol="BTC/USDT",
        side=Side.BUY,
        quantity=bought.quantity,
        price=Decimal(300),
        notional=Decimal(600),
        fee=Decimal(1),
        fee_asset="USDT",
        decision_day=DAY,
        reason="start",
    )
    return OrderFilled(fill=fill)


def decided(day: date = DAY, *, equity: int = 1000, state: str = "CORE", memory: object = None) -> DayDecided:
    return DayDecided(
        day=day,
        state=state,
        next_state=state,
        reason="hold",
        evidence={"index": INDEX, "macd": MACD},
        targets={"BTC": 0.6},
        changed=False,
        equity=Decimal(equity),
        cash=Decimal(1000),
        core_close=Decimal(300),
        memory=memory,
        closes={"BTC": Decimal(300)},
    )


def state_after(*events: Event) -> LiveState:
    run = LiveRun(Path("paper-x"), CONFIG)
    run.take([RunStarted(first_day=DAY, cash=Decimal(1000), quote="USDT", core="BTC"), *events])
    return run.state()


def test_nothing_is_known_before_the_first_decision() -> None:
    state = LiveRun(Path("paper-x"), None).state()

    assert (state.records, state.curve, state.signals, state.status.next_day) == (0, None, (), None)


def test_a_planned_order_waits_and_its_fill_becomes_a_position() -> None:
    waiting = state_after(decided(), OrderPlanned(order=order()), OrderWaits(at=AT, order=order(), message="halted"))
    done = state_after(decided(), OrderPlanned(order=order()), OrderSent(at=AT, order=order()), filled(order()))

    assert [(each.state, each.message) for each in waiting.status.orders] == [("waits", "halted")]
    assert [each.message for each in waiting.incidents] == ["halted"]
    assert done.status.orders == ()
    # 1000 - 600 - 1 in cash; 2 at 300.
    assert (done.status.cash, done.status.equity) == (Decimal(399), Decimal(999))
    assert [(held.asset, held.value) for held in done.status.holdings] == [("BTC", Decimal(600))]
    assert done.status.holdings[0].weight == pytest.approx(600 / 999)
    assert done.fill_count == 1


def test_an_order_that_was_sent_and_of_which_nothing_more_is_known_is_unresolved() -> None:
    state = state_after(decided(), OrderPlanned(order=order()), OrderSent(at=AT, order=order()))

    assert [each.state for each in state.status.orders] == ["unresolved"]


def test_state_since_next_decision_and_freshness_are_those_of_the_last_decision() -> None:
    entry, later = DAY + timedelta(days=1), DAY + timedelta(days=5)
    memory = {"entry_day": entry.isoformat()}
    rotated = [decided(day, state="ROTATED", memory=memory) for day in (entry, later)]
    state = state_after(decided(), *rotated)

    assert state.status.state_since == entry
    assert state.status.next_day == later + timedelta(days=1)
    assert state.status.due == datetime(2024, 3, 8, tzinfo=UTC)
    assert (state.session, state.week) == ("2024-03-01", "2024-02-25")
    assert state.status.venue == "binance-testnet"


def test_events_in_two_parts_give_what_they_give_in_one() -> None:
    events: list[Event] = [decided(), OrderPlanned(order=order()), OrderSent(at=AT, order=order()), filled(order())]
    run = LiveRun(Path("paper-x"), CONFIG)
    run.take([RunStarted(first_day=DAY, cash=Decimal(1000), quote="USDT", core="BTC"), *events[:2]])
    run.state()
    run.take(events[2:])

    assert run.state() == state_after(*events)


def test_a_reset_is_told_with_what_was_bought_back_and_that_is_no_fill_of_the_strategy() -> None:
    held = {"BTC": Decimal(2)}
    reset = AccountReset(at=AT, epoch=2, forgotten="x", cash=Decimal(1), positions=held)

    state = state_after(
        decided(), OrderSkipped(day=DAY, asset="ETH", side=Side.BUY, quantity=Decimal(1), message="small"), reset,
        OrderFilled(fill=replace(filled(order()).fill, reason=RESET_BUY_BACK)),
    )  # fmt: skip

    assert (state.fill_count, state.fills) == (0, ())
    assert [incident.kind for incident in state.incidents] == [IncidentKind.RESET, IncidentKind.NOT_SENT]
    assert state.incidents[0].outcome.startswith("bought back: 2 BTC for 600 USDT, fees 1 USDT")


def test_an_order_that_buys_back_what_a_reset_wiped_is_open_until_it_is_settled() -> None:
    reset = AccountReset(at=AT, epoch=2, forgotten="x", cash=Decimal(1), positions={"BTC": Decimal(2)})
    back = replace(order(), client_order_id="x-20240301-BTC-r2p1-1", reason=RESET_BUY_BACK)

    open_, done = (
        state_after(decided(), reset, OrderPlanned(order=back), OrderSent(at=AT, order=back), *more)
        for more in ((), (OrderFilled(fill=replace(filled(back).fill, reason=RESET_BUY_BACK)),))
    )

    assert [(each.order, each.state) for each in open_.status.orders] == [(back, "unresolved")]
    assert done.status.orders == ()


def test_the_last_fills_come_first() -> None:
    state = state_after(decided(), *(filled(order(number)) for number in range(MOST_FILLS + 3)))

    assert state.fill_count == MOST_FILLS + 3
    assert len(state.fills) == MOST_FILLS
    assert state.fills[0].client_order_id == order(MOST_FILLS + 2).client_order_id


def test_the_return_is_that_of_the_decisions() -> None:
    state = state_after(decided(), decided(DAY + timedelta(days=1), equity=1100))

    assert state.curve is not None
    assert state.curve.performance is not None
    assert state.curve.performance.total_return == pytest.approx(0.1)


def test_signals_are_what_the_rules_say() -> None:
    rules = {
        "breakout": Reading(holds=False, value=2040.0, threshold=2125.0, since=DAY, distance=-85.0),
        "net_liquidity": Reading(holds=None, reason="WALCL is stale"),
        "any#2": Reading(holds=True),
    }

    assert signals_of(rules, {"index": INDEX}) == (
        Signal(name="breakout", value="2,040.00 against 2,125.00, since 2024-03-01", is_on=False),
        Signal(name="net liquidity", value="not known: WALCL is stale", is_on=None),
        Signal(name="any#2", value="holds", is_on=True),
    )


def test_a_record_without_rules_shows_its_evidence() -> None:
    assert signals_of({}, {"index": None, "own": {"mean_days": 3.5}}) == (Signal(name="own: mean days", value="3.50"),)


@given(st.lists(st.floats(-1e300, 1e300) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=2000))
def test_a_curve_stays_in_its_box(values: list[float]) -> None:
    drawn = sparkline(values)

    finite = [value for value in values if math.isfinite(value)]
    assert (drawn is None) == (len(finite) < 2)
    if drawn is not None:
        points = [tuple(map(float, point.split())) for point in drawn.line[1:].split("L")]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert (points[0][0], points[-1][0]) == (0, WIDTH)
        assert (drawn.low, drawn.high) == (min(finite), max(finite))


def test_a_long_curve_keeps_its_peak() -> None:
    values = [1.0] * 5000
    values[3210] = 9.0
    drawn = sparkline(values)

    assert drawn is not None
    assert " 3.0" in drawn.line
    assert len(drawn.line) < 12_000


@pytest.mark.parametrize(("days", "stuck"), [(1, []), (2, ["BTC"])])
def test_coins_that_are_stuck_or_out_of_position_are_warned_of(days: int, stuck: list[str]) -> None:
    sale = replace(order(), side=Side.SELL)
    waits = OrderWaits(at=AT, order=sale, message="halted")
    missed = PositionMissed(at=AT, asset="ETH", side=Side.BUY, quantity=Decimal(3), reason="start", message="filter")

    state = state_after(decided(), OrderPlanned(order=sale), waits, missed, decided(DAY + timedelta(days=days)))

    assert [each.asset for each in state.status.out_of_position] == [*stuck, "ETH"]
