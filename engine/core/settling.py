"""From what a venue answers to the events of it: what was executed, what is tried again, and what is missed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from engine.core.calendar import decision_instant
from engine.core.errors import CheckError
from engine.core.events import (
    Event,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSkipped,
    OrderWaits,
    PositionMissed,
    PositionReached,
)
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.missed import MissedPositions, is_missed
from engine.core.money import ZERO, exact, floor_to_step, plain
from engine.core.order import Fill, Order, OrderReport, OrderStatus, Side, attempt_named, stem_of
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.planner import Plan
from engine.core.retry_policy import AttemptEnd, verdict_on

WAITS_FOR_CASH = "the cash does not pay for it while a sell is stuck"


def cut_to_held(order: Order, ledger: Ledger, instrument: Instrument, *, lacking: Decimal = ZERO) -> Order:
    """Cut a sell to what is held: fees of the orders before it may have been taken in its coin.

    Args:
        lacking: what of it the exchange does not have.
    """
    with exact():
        held = max(ledger.quantity(order.asset) - lacking, ZERO)
    if order.side is Side.BUY or order.quantity <= held:
        return order
    return order.with_quantity(floor_to_step(held, instrument.lot_step))


def settling(order: Order, report: OrderReport, at: datetime) -> list[Event]:
    """Give the events of an attempt whose outcome is known, with the next attempt or why there is none.

    Args:
        report: its `unpaid` is what waits for the cash of an open sell.

    Raises:
        CheckError: more was executed than was ordered.
    """
    if report.executed > order.quantity:
        raise CheckError(
            f"{order.client_order_id}: {plain(report.executed)} {order.asset} were executed, and "
            f"{plain(order.quantity)} were ordered"
        )
    if report.unpaid and not report.fills:
        return [OrderWaits(at=at, order=order, message=report.message or WAITS_FOR_CASH, for_cash=True)]
    events: list[Event] = [OrderFilled(fill=fill) for fill in report.fills]
    ended = report.end_of(order)
    verdict = verdict_on(ended, earlier=order.earlier)
    if report.status is OrderStatus.WAITING and verdict.tries_again:
        events.append(OrderWaits(at=at, order=order, message=report.message))
    elif report.status is not OrderStatus.FILLED:
        events.append(OrderRejected(at=at, order=order, message=report.message))
    rest = report.again + report.unpaid
    if rest > 0 and not verdict.tries_again:
        events.append(_left(order, rest, f"{verdict.reason}: {report.message}"))
    elif rest > 0:
        # What was sent is sent again under another name: each is used once.
        following = order.next_attempt(rest, ended=ended)
        events.append(OrderPlanned(order=following))
        if ended is AttemptEnd.UNPAID:
            events.append(OrderWaits(at=at, order=following, message=WAITS_FOR_CASH, for_cash=True))
    return events


def taken_up(lost: Sequence[Fill], orders: OrdersInFlight, instruments: Mapping[str, Instrument]) -> Sequence[Event]:
    """Give the events of fills that a journal lacks: of an order that is open in it, what they leave is tried again.

    Args:
        lost: in order.
        orders: those in flight before them.
    """
    by_stem: dict[str, list[Fill]] = {}
    for fill in lost:
        by_stem.setdefault(stem_of(fill.client_order_id), []).append(fill)
    events: list[Event] = [OrderFilled(fill=fill) for fill in lost]
    for flight in orders:
        fills = by_stem.get(stem_of(flight.order.client_order_id))
        if fills:
            newest = max(fills, key=lambda fill: attempt_named(fill.client_order_id))
            order = flight.order.named(newest.client_order_id)
            rest = _worth_an_order(order.quantity, fills, instruments[order.asset])
            report = OrderReport(status=OrderStatus.FILLED, fills=tuple(fills), again=rest)
            events += settling(order, report, newest.at)[len(fills) :]
    return events


def _worth_an_order(quantity: Decimal, fills: Sequence[Fill], instrument: Instrument) -> Decimal:
    """Give what fills leave of a quantity, on the lot step; nothing where the exchange takes no order for it."""
    with exact():
        rest = floor_to_step(quantity - sum((fill.quantity for fill in fills), ZERO), instrument.lot_step)
        return rest if rest > ZERO and rest * fills[-1].price >= instrument.minimum_notional else ZERO


def position_events(
    order: Order,
    report: OrderReport,
    at: datetime,
    *,
    ledger: Ledger,
    orders: OrdersInFlight,
    missed: MissedPositions,
    price: Decimal | None,
    instrument: Instrument,
) -> list[Event]:
    """Say what an order that ended leaves its coin in: out of position, or in position again; nothing where neither.

    Args:
        report: how its last attempt ended.
        ledger, orders, missed: as they are once that is booked.
        price: the last known one, quote per unit.
    """
    flight = orders.at(order.client_order_id)
    if order.restores or (flight is not None and flight.is_open):
        return []
    undone = _undone(order, report)
    if order.side is Side.SELL:
        undone = min(undone, ledger.quantity(order.asset))
    if is_missed(undone, price, instrument):
        return [
            PositionMissed(
                at=at,
                asset=order.asset,
                side=order.side,
                quantity=undone,
                reason=order.reason,
                message=report.message,
            )
        ]
    before = missed.coins.get(order.asset)
    if before is None or before.quantity > ZERO:
        return []
    if order.side is Side.BUY and any(each.side is Side.SELL for each in missed.coins.values()):
        # It had the cash of now; what is still to be sold brings more.
        return []
    is_open = any(each.asset == order.asset and not each.restores for each in orders.waiting)
    return [] if is_open else [PositionReached(at=at, asset=order.asset)]


def plan_events(plan: Plan, day: date) -> list[Event]:
    """Give the events of a plan."""
    at = decision_instant(day)
    skipped = [
        OrderSkipped(day=day, asset=part.asset, side=part.side, quantity=part.quantity, message=part.message)
        for part in plan.skipped
    ]
    orders = (*plan.sells, *plan.buys)
    reasons = {order.asset: order.reason for order in orders}
    missed = [
        PositionMissed(
            at=at,
            asset=part.asset,
            side=part.side,
            quantity=part.quantity,
            reason=reasons[part.asset],
            message=part.message,
        )
        for part in plan.beyond
    ]
    reached = [PositionReached(at=at, asset=asset) for asset in plan.reached]
    return [*reached, *skipped, *(OrderPlanned(order=order) for order in orders), *missed]


def _undone(order: Order, report: OrderReport) -> Decimal:
    if report.waived:
        return ZERO
    if report.again > ZERO:
        return report.again
    return order.quantity if report.status is OrderStatus.REJECTED else ZERO


def _left(order: Order, rest: Decimal, message: str) -> OrderSkipped:
    return OrderSkipped(
        day=order.decision_day,
        asset=order.asset,
        side=order.side,
        quantity=rest,
        message=message,
        client_order_id=order.client_order_id,
    )
