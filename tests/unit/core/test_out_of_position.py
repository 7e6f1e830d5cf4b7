"""Coins that could not be brought to their targets."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.calendar import opening_instant
from engine.core.events import Event, OrderCancelled, OrderFilled, OrderPlanned, OrderWaits, PositionMissed
from engine.core.ledger import Ledger
from engine.core.missed import MissedPositions
from engine.core.order import RESET_BUY_BACK, Side
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.out_of_position import OutOfPosition, coins_out_of_position
from tests.support.fakes import DAY, decided, fill_of, order_of

SELL = order_of("ADA", Side.SELL, "50", name="bot-20240101-ADA-s1-1")
LEDGER = Ledger(quote="USDT", cash=Decimal(900), positions={"ADA": Decimal(50)})
FIRST_OPEN: datetime = opening_instant(DAY + timedelta(days=1))
WAITING = OrdersInFlight().after_all(
    [decided(), OrderPlanned(order=SELL), OrderWaits(at=FIRST_OPEN, order=SELL, message="no bar")]
)


@pytest.mark.parametrize(("days_later", "is_stuck"), [(0, False), (1, False), (2, True), (30, True)])
def test_a_sell_is_stuck_from_the_open_two_days_after_the_first_in_vain(days_later: int, is_stuck: bool) -> None:
    # Its last decision is that of the day before the open.
    last = decided(DAY + timedelta(days=days_later), closes={"ADA": Decimal(2)})

    stuck = coins_out_of_position(WAITING, MissedPositions(), ledger=LEDGER, last=last, wait_days=2)

    # 50 at 2 of 1000.
    due = OutOfPosition(asset="ADA", since=date(2024, 1, 2), weight=0.1, reason="cannot be sold: no bar")
    assert stuck == ((due,) if is_stuck else ())


def test_the_wait_of_a_coin_lasts_through_a_later_decision_that_sells_it_again() -> None:
    again = order_of("ADA", Side.SELL, "50", name="bot-20240105-ADA-s1-1")
    later = decided(DAY + timedelta(days=4), reason="change")
    replaced: list[Event] = [later, OrderCancelled(day=later.day, order=SELL), OrderPlanned(order=again)]

    stuck = WAITING.after_all(replaced).stuck(opening_instant(later.day + timedelta(days=1)), 2)

    assert stuck == {"ADA": FIRST_OPEN}


def test_the_wait_ends_when_no_sell_of_the_coin_is_open() -> None:
    sold = OrderFilled(fill=fill_of("ADA", Side.SELL, "50", "2", name=SELL.client_order_id))
    next_day, later = decided(DAY + timedelta(days=1)), decided(DAY + timedelta(days=9))
    again = order_of("ADA", Side.SELL, "50", name="bot-20240110-ADA-s1-1")

    orders = WAITING.after_all([sold, next_day, later, OrderPlanned(order=again)])

    assert orders.stuck(opening_instant(later.day + timedelta(days=1)), 2) == {}


def test_nothing_is_stuck_before_the_first_decision() -> None:
    assert coins_out_of_position(OrdersInFlight(), MissedPositions(), ledger=LEDGER, last=None, wait_days=2) == ()


def test_a_coin_whose_orders_ended_undone_is_out_of_position_with_what_is_held_of_it() -> None:
    missed = PositionMissed(
        at=FIRST_OPEN, asset="BTC", side=Side.BUY, quantity=Decimal(8), reason="start", message="other: -2010"
    )
    last = decided(closes={"BTC": Decimal(100)})

    (coin,) = coins_out_of_position(
        OrdersInFlight(), MissedPositions().after(missed), ledger=LEDGER, last=last, wait_days=2
    )

    due = OutOfPosition(asset="BTC", since=date(2024, 1, 2), weight=0.0, reason="not wholly bought: other: -2010")
    assert coin == due
    assert coin.words == "BTC (0.00% of equity) since 2024-01-02: not wholly bought: other: -2010"


def test_what_cannot_be_bought_back_after_a_reset_is_stuck_as_sells_are() -> None:
    back = order_of("ADA", Side.BUY, "50", name="bot-20240101-ADA-r2p1-1", reason=RESET_BUY_BACK)
    waits = OrderWaits(at=FIRST_OPEN, order=back, message="the exchange has no market ADA/USDT")
    orders = OrdersInFlight().after_all([decided(), OrderPlanned(order=back), waits])
    last = decided(DAY + timedelta(days=2), closes={"ADA": Decimal(2)})

    (coin,) = coins_out_of_position(orders, MissedPositions(), ledger=LEDGER, last=last, wait_days=2)

    assert coin.reason == "cannot be bought back: the exchange has no market ADA/USDT"
    assert not orders.holds_back(["ADA"])
