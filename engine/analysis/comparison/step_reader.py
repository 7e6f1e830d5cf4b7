"""A journal, event by event -> its steps."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import assert_never

from engine.analysis.comparison.steps import Attempt, BookedFill, Evening, Mishap, RunSteps, Step
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
from engine.core.ledger import Ledger
from engine.core.missed import MissedPositions
from engine.core.money import ZERO, plain
from engine.core.order import Fill, Order
from engine.core.orders_in_flight import OrdersInFlight


def steps_of(events: Iterable[Event], start: Ledger, *, until: date = date.max, last_plan: bool = False) -> RunSteps:
    """Cut a journal up to the decision of `until`; what was executed of its orders is not part of it.

    Args:
        last_plan: whether the orders planned with that decision are.
    """
    reader = _Reader(start)
    for place, event in enumerate(_cut(events, until, last_plan=last_plan)):
        reader.read(place, event)
    return reader.run


def _cut(events: Iterable[Event], until: date, *, last_plan: bool) -> Iterator[Event]:
    held: list[Event] = []
    for event in events:
        if isinstance(event, DayDecided):
            if event.day > until:
                break
            yield from (*held, event)
            held.clear()
        else:
            held.append(event)
    if last_plan:
        yield from takewhile(lambda event: isinstance(event, OrderCancelled | OrderSkipped | OrderPlanned), held)


class _Reader:
    def __init__(self, start: Ledger) -> None:
        self.run = RunSteps(ledger=start)
        self._place = 0
        self._orders = OrdersInFlight()
        self._missed = MissedPositions()
        self._by_day: dict[date, Step] = {}

    def read(self, place: int, event: Event) -> None:  # noqa: C901, PLR0912 - one arm an event
        self._place = place
        match event:
            case DayDecided():
                self._decided(event)
            case OrderCancelled(day=day, order=order):
                self.run.cancelled.append(event)
                self._mishap(day, order, "cancelled before it was executed")
            case OrderPlanned(order=order):
                self._planned(order)
            case OrderSkipped(day=day):
                self._skipped(event)
            case OrderSent(order=order):
                if order.decision_day in self._by_day:
                    self._by_day[order.decision_day].sent.add(order.asset)
            case OrderWaits(at=at, order=order, message=message):
                self._mishap(at.date(), order, f"waits: {message}")
            case OrderUnresolved(at=at, order=order, message=message):
                self._mishap(at.date(), order, f"outcome unknown: {message}")
            case OrderRejected(at=at, order=order, message=message):
                self._mishap(at.date(), order, f"rejected: {message}")
                if order.decision_day in self._by_day:
                    self._by_day[order.decision_day].refused.append(self._attempt(order, at))
            case OrderFilled(fill=fill):
                self._filled(fill)
            case AccountReset():
                self._reset(event)
            case RunStarted() | DataDoubted() | PositionMissed() | PositionReached():
                pass
            case AssetDelisted() | KillSwitchRearmed() | ContextSeen() | RunEnded():
                pass
            case _:
                assert_never(event)
        self._orders = self._orders.after(event)
        self._missed = self._missed.after(event)

    def _decided(self, event: DayDecided) -> None:
        evening = Evening(
            decided=event,
            place=self._place,
            ledger=self.run.ledger,
            has_waiting=bool(self._orders.waiting),
            orders=self._orders,
        )
        self.run.evenings.append(evening)
        if event.changed:
            self.run.steps.append(Step(evening=evening))
        if event.planned:
            self._sizing(event.day)

    def _planned(self, order: Order) -> None:
        if order.restores:
            return
        if order.attempt == 1 and order.asset in self._missed.coins and self.run.steps:
            # Of the plan of its change of targets it is another try, and no more of it.
            step = self._by_day[order.decision_day] = self.run.steps[-1]
            step.again[order.asset] = step.again.get(order.asset, ZERO) + order.quantity
            self._mishap(order.decision_day, order, f"of {plain(order.quantity)} planned again")
        elif order.attempt == 1:
            self._sizing(order.decision_day).planned.append(order)
        else:
            self._mishap(order.decision_day, order, f"attempt {order.attempt}")

    def _sizing(self, day: date) -> Step:
        """Give the step that a plan of `day` belongs to."""
        if not self.run.steps:
            # No journal of ours begins like that; what follows is compared all the same.
            self.run.steps.append(Step(evening=self.run.evenings[-1]))
        step = self.run.steps[-1]
        if step.sized is None:
            step.sized = self.run.evenings[-1]
        self._by_day[day] = step
        return step

    def _skipped(self, event: OrderSkipped) -> None:
        if not event.was_tried:
            self._sizing(event.day).skipped.append(event)
        elif event.day in self._by_day:
            self._befell(event.day, event.asset, event.message, self._by_day[event.day])

    def _attempt(self, order: Order, at: datetime) -> Attempt:
        return Attempt(order=order, at=at, before=self.run.ledger, buys=self._orders.buys)

    def _filled(self, fill: Fill) -> None:
        flight, before = self._orders.at(fill.client_order_id), self.run.ledger
        is_known = (
            flight is not None
            and (flight.is_in_doubt or bool(flight.executed))
            and flight.order.client_order_id == fill.client_order_id
            and (flight.order.asset, flight.order.side) == (fill.asset, fill.side)
            and (fill.restores or fill.decision_day in self._by_day)
        )
        attempt = self._attempt(flight.order, fill.at) if flight is not None and is_known else None
        self.run.ledger = before.apply(fill)
        done = BookedFill(
            fill=fill,
            place=self._place,
            decided_day=self.run.evenings[-1].decided.day if self.run.evenings else fill.decision_day,
            before=before,
            after=self.run.ledger,
            attempt=attempt,
        )
        if attempt is not None and not fill.restores:
            self._by_day[fill.decision_day].executions.append(done)
        elif attempt is None or (before.cash, before.positions) != (done.after.cash, done.after.positions):
            # A buy-back moves nothing of ours, unless its fee was paid in a coin that we hold.
            self.run.strays.append(done)

    def _reset(self, event: AccountReset) -> None:
        self._befell(event.at.date(), "", "the exchange was reset")
        for asset, quantity in event.written_off.items():
            self._befell(event.at.date(), asset, f"{asset}: too little to buy back after the reset", loss=quantity)
        self.run.ledger = self.run.ledger.after_reset(event.written_off)

    def _mishap(self, day: date, order: Order, what: str) -> None:
        step = None if order.restores else self._by_day.get(order.decision_day)
        self._befell(day, order.asset, f"{order.side} {order.asset} {what}", step)

    def _befell(self, day: date, asset: str, what: str, step: Step | None = None, *, loss: Decimal = ZERO) -> None:
        mishap = Mishap(day=day, place=self._place, asset=asset, what=what, loss=loss)
        self.run.mishaps.append(mishap)
        if step is not None:
            step.mishaps.append(mishap)
