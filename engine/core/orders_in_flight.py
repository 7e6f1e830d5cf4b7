"""The orders that are decided and not settled, as one value with one fold: who wants to know which are open asks it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from engine.core.calendar import decision_instant
from engine.core.events import (
    AccountReset,
    AssetDelisted,
    ContextSeen,
    DataDoubted,
    DayDecided,
    Event,
    KillSwitchRearmed,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
    PositionMissed,
    PositionReached,
    RunEnded,
    RunStarted,
)
from engine.core.money import EXACT, ZERO
from engine.core.order import Order, Side, stem_of

SELL_WAIT_DAYS = 2
"""`account.sell_wait_days`, where nobody says otherwise."""


class Stage(StrEnum):
    """How far an order has come."""

    PLANNED = "planned"
    SENT = "sent"
    """Nothing more is known of it; after a crash it may have been executed."""
    WAITS = "waits"
    UNRESOLVED = "unresolved"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInFlight:
    """The newest attempt at an order, and what is written of it.

    Attributes:
        since: when it came to its stage; message: what the venue said then, empty if nothing.
        sent: as it was written before it was handed over; None where it was not, or the venue did not take it.
        executed: base units of this attempt.
        waits_since: when it, or an earlier attempt, was first told to wait; None if never.
        for_cash: whether it waits for cash that an open sell is to bring, and none has come since.
    """

    order: Order
    stage: Stage
    since: datetime
    message: str = ""
    sent: OrderSent | None = None
    executed: Decimal = ZERO
    waits_since: datetime | None = None
    for_cash: bool = False

    @property
    def state(self) -> str:
        """Its stage in a word for people: sent and not answered is unresolved, since a crash may lie between."""
        return Stage.UNRESOLVED.value if self.is_in_doubt else self.stage.value

    @property
    def is_open(self) -> bool:
        """Whether more of it may be executed."""
        return self.stage is not Stage.SETTLED

    @property
    def is_in_doubt(self) -> bool:
        """Whether it was handed over and its outcome is not known."""
        return self.stage in (Stage.SENT, Stage.UNRESOLVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersInFlight:
    """All orders that are not settled, in the order in which they were planned.

    Attributes:
        places: by what all attempts at an order have in common. A next attempt takes the place of the one before it,
            so what is settled keeps its place until the next decision.
        held_up_since: when, by coin, an order that others wait for (a sell, or what a reset wiped and is bought back)
            was first tried and not wholly executed; it lasts through later decisions until none of the coin is open.
    """

    places: Mapping[str, OrderInFlight] = field(default_factory=dict)
    held_up_since: Mapping[str, datetime] = field(default_factory=dict)

    def __iter__(self) -> Iterator[OrderInFlight]:
        """Give those that are open: what restores after a reset, then sells, then buys, as they are sent."""
        flights = [each for each in self.places.values() if each.is_open]
        yield from (each for each in flights if each.order.restores)
        yield from (each for each in flights if each.order.side is Side.SELL)
        yield from (each for each in flights if each.order.side is Side.BUY and not each.order.restores)

    @property
    def waiting(self) -> tuple[Order, ...]:
        """The orders that are open, in the order in which they are sent."""
        return tuple(each.order for each in self) if self.places else ()

    @property
    def restoring(self) -> tuple[Order, ...]:
        """Those that buy back what a reset of the exchange wiped; nothing is sent before them."""
        return tuple(order for order in self.waiting if order.restores)

    @property
    def sells(self) -> tuple[Order, ...]:
        """Those that sell."""
        return tuple(order for order in self.waiting if order.side is Side.SELL)

    @property
    def buys(self) -> tuple[Order, ...]:
        """Those that buy for a decision."""
        return tuple(order for order in self.waiting if order.side is Side.BUY and not order.restores)

    @property
    def in_doubt(self) -> OrderInFlight | None:
        """The one that was handed over and whose outcome is not known; nothing else is sent meanwhile."""
        return next((each for each in self.places.values() if each.is_in_doubt), None) if self.places else None

    def stuck(self, at: datetime, wait_days: int) -> Mapping[str, datetime]:
        """Give the coins that cannot be sold, or bought back, at `at`, and since when; they hold nothing back any more.

        Args:
            wait_days: calendar days for which other orders wait for one that was tried.
        """
        waits = self._held_up().items()
        return {asset: since for asset, since in waits if (at.date() - since.date()).days >= wait_days}

    def holds_back(self, stuck: Collection[str]) -> bool:
        """Tell whether an order is open other than what is stuck."""
        return any(not _is_waited_for(order) or order.asset not in stuck for order in self.waiting)

    def alongside(self, order: Order) -> tuple[Order, ...]:
        """Give the other buys that the same cash has to pay for."""
        flight = self.at(order.client_order_id)
        if flight is None or not flight.is_open or (order.side is Side.SELL and not order.restores):
            return ()
        # Once an order: two hundred coins make forty thousand pairs.
        others = (each for each in self.places.values() if each.stage is not Stage.SETTLED and each is not flight)
        return tuple(each.order for each in others if _shares_cash(each.order, order))

    def awaits_cash(self, order: Order) -> bool:
        """Tell whether an order waits for cash that a sell is to bring which is still open."""
        flight = self.at(order.client_order_id)
        return flight is not None and flight.for_cash and bool(self.sells)

    def at(self, client_order_id: str) -> OrderInFlight | None:
        """Give what is written of the newest attempt at an order, by the id of any of its attempts."""
        return self.places.get(stem_of(client_order_id))

    def after_all(self, events: Iterable[Event]) -> "OrdersInFlight":
        """Give the orders in flight after these events."""
        orders = self
        for event in events:
            orders = orders.after(event)
        return orders

    def after(self, event: Event) -> "OrdersInFlight":  # noqa: PLR0911 - one arm an event
        """Give the orders in flight after one more event."""
        match event:
            case DayDecided():
                return self._decided() if self.places else self
            case OrderPlanned(order=order):
                return self._planned(order)
            case OrderSent(at=at, order=order):
                return self._at_stage(Stage.SENT, order, since=at, sent=event)
            case OrderWaits(at=at, order=order, message=message):
                return self._told_to_wait(order, at, message, for_cash=event.for_cash)
            case OrderUnresolved(at=at, order=order, message=message):
                return self._at_stage(Stage.UNRESOLVED, order, since=at, message=message)
            case OrderFilled(fill=fill):
                settled = self._settled(fill.client_order_id, at=fill.at, executed=fill.quantity)
                return settled._paid() if fill.side is Side.SELL else settled
            case OrderRejected(at=at, order=order):
                return self._settled(order.client_order_id, at=at)
            case OrderCancelled(day=day, order=order):
                return self._settled(order.client_order_id, at=decision_instant(day))
            case AccountReset():
                # What an earlier reset had planned is planned anew: this one may have wiped what was bought.
                return replace(self, places={stem: at for stem, at in self.places.items() if not at.order.restores})
            case RunStarted() | DataDoubted() | OrderSkipped() | PositionMissed() | PositionReached():
                return self
            case AssetDelisted() | KillSwitchRearmed() | ContextSeen() | RunEnded():
                return self
            case _:
                assert_never(event)

    def _decided(self) -> "OrdersInFlight":
        return OrdersInFlight(
            places={stem: each for stem, each in self.places.items() if each.is_open}, held_up_since=self._held_up()
        )

    def _held_up(self) -> dict[str, datetime]:
        awaited = {order.asset for order in self.waiting if _is_waited_for(order)}
        return {asset: since for asset, since in self.held_up_since.items() if asset in awaited}

    def _with(self, flight: OrderInFlight) -> "OrdersInFlight":
        return replace(self, places={**self.places, stem_of(flight.order.client_order_id): flight})

    def _tried_since(self, order: Order, at: datetime) -> "OrdersInFlight":
        if not _is_waited_for(order) or order.asset in self.held_up_since:
            return self
        return replace(self, held_up_since={**self.held_up_since, order.asset: at})

    def _paid(self) -> "OrdersInFlight":
        """Let what waits for cash be tried again: some has come."""
        places = {stem: replace(at, for_cash=False) if at.for_cash else at for stem, at in self.places.items()}
        return replace(self, places=places)

    def _planned(self, order: Order) -> "OrdersInFlight":
        before = self.at(order.client_order_id)
        # One that goes on after a reset under another name need not have been tried.
        was_tried = before is not None and order.attempt > 1 and before.stage is not Stage.PLANNED
        orders = self._tried_since(order, before.since) if before is not None and was_tried else self
        return orders._with(
            OrderInFlight(
                order=order,
                stage=Stage.PLANNED,
                since=decision_instant(order.decision_day),
                waits_since=None if before is None else before.waits_since,
            )
        )

    def _flight(self, order: Order, at: datetime) -> OrderInFlight:
        # A journal that lost its beginning may send what it never planned; it is in flight all the same.
        return self.at(order.client_order_id) or OrderInFlight(order=order, stage=Stage.PLANNED, since=at)

    def _at_stage(
        self, stage: Stage, order: Order, *, since: datetime, message: str = "", sent: OrderSent | None = None
    ) -> "OrdersInFlight":
        before = self._flight(order, since)
        return self._with(
            replace(before, order=order, stage=stage, since=since, message=message, sent=sent or before.sent)
        )

    def _told_to_wait(self, order: Order, at: datetime, message: str, *, for_cash: bool) -> "OrdersInFlight":
        before = self._flight(order, at)
        # It has waited since it was first said; in between it may have been tried.
        since = before.waits_since or at
        waits = replace(
            before,
            order=order,
            stage=Stage.WAITS,
            since=since,
            message=message,
            sent=None,
            waits_since=since,
            for_cash=for_cash,
        )
        return self._tried_since(order, at)._with(waits)

    def _settled(self, client_order_id: str, *, at: datetime, executed: Decimal = ZERO) -> "OrdersInFlight":
        before = self.at(client_order_id)
        if before is None:
            return self
        total = EXACT.add(before.executed, executed)
        return self._with(replace(before, stage=Stage.SETTLED, since=at, executed=total, sent=None))


def _shares_cash(one: Order, other: Order) -> bool:
    return one.restores == other.restores and (one.restores or one.side is Side.BUY)


def _is_waited_for(order: Order) -> bool:
    return order.side is Side.SELL or order.restores
