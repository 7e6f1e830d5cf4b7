"""Where a session stood: folded out of its journal. Start-up and recovery after a crash are this one path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from engine.core.events import (
    AccountReset,
    DayDecided,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.order import Order, Side, stem_of
from engine.core.strategy import StrategyState
from engine.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """The orders that are not settled, by what they have in common with their next attempts; None: settled.

    A next attempt takes the place of the one before it: the order in which orders are sent survives a restart.
    """

    places: Mapping[str, Order | None]
    sent: Order | None = None

    def with_order(self, order: Order) -> "_Book":
        return replace(self, places={**self.places, stem_of(order.client_order_id): order})

    def without(self, client_order_id: str) -> "_Book":
        sent = None if self.sent is not None and self.sent.client_order_id == client_order_id else self.sent
        return _Book(places={**self.places, stem_of(client_order_id): None}, sent=sent)

    def without_restoring(self) -> "_Book":
        kept = {place: order for place, order in self.places.items() if order is not None and not order.restores}
        return replace(self, places=kept)

    def without_settled(self) -> "_Book":
        return replace(self, places={place: order for place, order in self.places.items() if order is not None})


def standing_of(events: Iterable[Event], fresh: Standing) -> Standing:
    """Fold events into where the session stands.

    An order that was sent and of which nothing more is written may have been executed: it is unresolved.

    Args:
        events: the whole journal, in order; none for a first start.
        fresh: where a session without a past stands.
    """
    standing, book = fresh, _Book(places={})
    is_planning = False
    for event in events:
        standing, book = _after(event, standing, book)
        is_plan = is_planning and isinstance(event, (OrderCancelled, OrderSkipped, OrderPlanned))
        if is_plan:
            standing = replace(standing, unplanned=None)
        # What is tried again, left, or bought back after a reset is no decision's plan: a change may wait for its own.
        is_planning = is_plan or isinstance(event, DayDecided)
    orders = [order for order in book.places.values() if order is not None]
    return replace(
        standing,
        restoring=tuple(order for order in orders if order.restores),
        sells=tuple(order for order in orders if order.side is Side.SELL),
        buys=tuple(order for order in orders if order.side is Side.BUY and not order.restores),
        unresolved=book.sent,
        sent=standing.sent if book.sent is not None else None,
    )


def _after(event: Event, standing: Standing, book: _Book) -> tuple[Standing, _Book]:  # noqa: PLR0911 - one arm an event
    match event:
        case DayDecided():
            unplanned = event.reason if event.changed else standing.unplanned
            decided = replace(standing, state=_state(event), unplanned=unplanned, last_day=event.day)
            return decided, book.without_settled()
        case OrderPlanned(order=order):
            return standing, book.with_order(order)
        case OrderSent(order=order):
            return replace(standing, sent=event), replace(book, sent=order)
        case OrderUnresolved(order=order):
            return standing, replace(book, sent=order)
        case OrderFilled(fill=fill):
            known = standing.known or fill
            return replace(standing, ledger=standing.ledger.apply(fill), known=known), book.without(
                fill.client_order_id
            )
        case OrderRejected(order=order):
            return standing, book.without(order.client_order_id)
        case OrderCancelled(order=order):
            return standing, book.without(order.client_order_id)
        case OrderWaits():
            return standing, replace(book, sent=None)
        case AccountReset():
            ledger = standing.ledger.after_reset(event.written_off)
            return replace(standing, ledger=ledger, epoch=event.epoch, known=None), book.without_restoring()
        case RunStarted(cash=cash, quote=quote):
            # What the run began with, whatever the configuration says by now.
            return replace(standing, ledger=replace(standing.ledger, cash=cash, quote=quote)), book
        case OrderSkipped() | RunEnded():
            return standing, book
        case _:
            assert_never(event)


def _state(event: DayDecided) -> StrategyState:
    state: StrategyState = event.memory  # type: ignore[assignment] # the codec restores the strategy's own type
    return state
