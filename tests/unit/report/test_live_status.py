"""What a live run looks like at one instant, folded out of its events."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.calendar import decision_instant
from engine.core.events import (
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
)
from engine.core.ledger import Ledger
from engine.core.order import RESET_BUY_BACK, Side
from engine.core.orders_in_flight import OrdersInFlight
from engine.report.live_status import LiveStatus, Past, live_status
from tests.support.fakes import DAY, NOON, decided, fill_of, order_of

NEXT_DAY = DAY + timedelta(days=1)
BUY = order_of("ETH", Side.BUY, "2", name="bot-20240101-ETH-b1-1")
LATER = NOON + timedelta(hours=1)


def status_after(*events: Event, **known: Any) -> LiveStatus:
    standing = {
        "ledger": Ledger(quote="USDT", cash=Decimal(1000)),
        "orders": OrdersInFlight().after_all(events),
        "last_day": None,
        "grace": timedelta(minutes=1),
        "exchange_time": None,
        "heard_seconds": 0.0,
        "bars": None,
        "notices": (),
    }
    past = Past().after_all(events)
    return live_status(past, venue="simulated", folder=Path("logs/paper"), **{**standing, **known})


def test_the_day_after_the_last_is_decided_next_when_the_grace_is_over() -> None:
    status = status_after(decided(), last_day=DAY, exchange_time=NOON)

    assert status.next_day == NEXT_DAY
    assert status.due == datetime(2024, 1, 3, 0, 1, tzinfo=UTC)


def test_before_the_first_decision_the_last_day_that_is_over_comes_next() -> None:
    within_grace = status_after(exchange_time=datetime(2024, 1, 3, 0, 0, 30, tzinfo=UTC))
    after_it = status_after(exchange_time=datetime(2024, 1, 3, 0, 1, tzinfo=UTC))

    assert (within_grace.next_day, after_it.next_day) == (date(2024, 1, 1), date(2024, 1, 2))
    assert status_after().next_day is None


def test_a_state_lasts_since_the_decision_that_led_to_it() -> None:
    days = [DAY + timedelta(days=n) for n in range(4)]
    status = status_after(
        decided(days[0], reason="start"),
        decided(days[1], "CORE", "ROTATED", reason="entry"),
        decided(days[2], "ROTATED", "ROTATED"),
        decided(days[3], "ROTATED", "ROTATED"),
    )

    assert (status.state_since, status.decision and status.decision.day) == (days[1], days[3])


def test_equity_and_weights_are_at_the_closes_of_the_last_decision() -> None:
    # 100 + 2 x 100 + 5 x 40 = 500.
    ledger = Ledger(quote="USDT", cash=Decimal(100), positions={"BTC": Decimal(2), "ETH": Decimal(5)})
    status = status_after(_closes(BTC="100", ETH="40"), ledger=ledger)

    assert (status.equity, status.cash, status.marks) == (Decimal(500), Decimal(100), "at the closes of 2024-01-01")
    assert [(holding.asset, holding.value, holding.weight) for holding in status.holdings] == [
        ("BTC", Decimal(200), 0.4),
        ("ETH", Decimal(200), 0.4),
    ]


def test_what_was_traded_since_is_at_its_own_price() -> None:
    ledger = Ledger(quote="USDT", cash=Decimal(0), positions={"ETH": Decimal(5)})
    filled = OrderFilled(fill=fill_of("ETH", Side.BUY, "5", "50"))

    status = status_after(_closes(BTC="100", ETH="40"), filled, ledger=ledger)
    next_day = status_after(_closes(BTC="100", ETH="40"), filled, _closes(NEXT_DAY, ETH="41"), ledger=ledger)

    assert status.equity == 250
    assert status.marks == "at the closes of 2024-01-01, what was traded since at its price"
    assert (next_day.equity, next_day.marks) == (Decimal(205), "at the closes of 2024-01-02")


def test_what_is_bought_back_after_a_reset_changes_neither_marks_nor_the_count_of_orders() -> None:
    ledger = Ledger(quote="USDT", cash=Decimal(0), positions={"ETH": Decimal(5)})
    bought_back = OrderFilled(fill=fill_of("ETH", Side.BUY, "5", "50", reason=RESET_BUY_BACK))

    status = status_after(_closes(ETH="40"), bought_back, ledger=ledger)

    assert (status.equity, status.marks) == (Decimal(200), "at the closes of 2024-01-01")
    assert Past().after(bought_back).filled == frozenset()


def test_a_position_without_a_price_on_record_leaves_the_equity_unknown() -> None:
    ledger = Ledger(quote="USDT", cash=Decimal(100), positions={"XRP": Decimal(5)})

    status = status_after(_closes(BTC="100"), ledger=ledger)

    assert status.equity is None
    assert [(holding.value, holding.weight) for holding in status.holdings] == [(None, None)]


def test_an_order_is_shown_with_what_was_last_said_of_it() -> None:
    planned = status_after(OrderPlanned(order=BUY))
    waits = status_after(OrderPlanned(order=BUY), OrderWaits(at=NOON, order=BUY, message="halted"))

    assert [(order.state, order.since) for order in planned.orders] == [("planned", decision_instant(DAY))]
    assert [(order.state, order.since, order.message) for order in waits.orders] == [("waits", NOON, "halted")]


def test_an_order_has_waited_since_it_was_first_said() -> None:
    said_twice = [OrderWaits(at=at, order=BUY, message="halted") for at in (NOON, LATER)]

    (order,) = status_after(OrderPlanned(order=BUY), *said_twice).orders

    assert order.since == NOON


def test_an_order_of_unknown_fate_is_unresolved_also_where_only_its_sending_is_on_record() -> None:
    sent = OrderSent(at=NOON, order=BUY)

    (after_a_crash,) = status_after(sent).orders
    (asked,) = status_after(sent, OrderUnresolved(at=LATER, order=BUY, message="timeout")).orders

    assert (after_a_crash.state, after_a_crash.since) == ("unresolved", NOON)
    assert (asked.state, asked.since, asked.message) == ("unresolved", LATER, "timeout")


def test_settled_orders_are_let_go() -> None:
    settling: list[Event] = [
        OrderFilled(fill=fill_of("ETH", Side.BUY, "2", "1", name=BUY.client_order_id)),
        OrderRejected(at=NOON, order=BUY, message="no"),
        OrderCancelled(day=NEXT_DAY, order=BUY),
    ]
    for event in settling:
        assert status_after(OrderPlanned(order=BUY), event).orders == (), event


def test_the_last_five_incidents_of_journal_and_notices_stand_in_order_of_time() -> None:
    skipped = OrderSkipped(day=DAY, asset="XRP", side=Side.SELL, quantity=Decimal("0.10"), message="below 5 USDT")
    events: list[Event] = [skipped, OrderWaits(at=NOON, order=BUY, message="halted")]
    notices = [(NOON - timedelta(minutes=1), "trying again"), *((LATER, f"notice {n}") for n in range(3))]

    status = status_after(*events, notices=notices)

    assert [incident.text for incident in status.incidents] == [
        "trying again",
        "waits: buy 2 ETH/USDT [bot-20240101-ETH-b1-1]: halted",
        *(f"notice {n}" for n in range(3)),
    ]
    assert status_after(*events).incidents[0].text == "not sent: sell 0.1 XRP: below 5 USDT"


def test_days_and_orders_are_counted_and_an_order_of_many_trades_once() -> None:
    trade = OrderFilled(fill=fill_of("ETH", Side.BUY, "1", "1"))

    past = Past().after_all([decided(), trade, trade, decided(NEXT_DAY)])

    assert (past.days, past.first_day, len(past.filled)) == (2, DAY, 1)


def _closes(day: date = DAY, **closes: str) -> Event:
    return replace(decided(day), closes={asset: Decimal(close) for asset, close in closes.items()})


def test_a_price_older_than_the_decision_says_its_day_until_a_fill_brings_a_new_one() -> None:
    old = date(2023, 8, 1)
    decision = replace(decided(closes={"ETH": Decimal(10)}), marked_on={"ETH": old})

    before = status_after(decision)
    after = status_after(decision, OrderFilled(fill=fill_of("ETH", Side.BUY, "2", "10")))

    assert before.marks == f"at the closes of {DAY}, ETH at that of 2023-08-01"
    assert before.marked_on == {"ETH": old}
    assert after.marked_on == {}
    assert "2023" not in after.marks
