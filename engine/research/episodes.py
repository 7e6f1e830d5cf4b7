"""A journal cut into episodes: each a change of targets, with what was planned for it, what was sent and what it got.

A day that was missed changes the targets, and a later day plans the orders: they belong to the episode of the change.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import assert_never

from engine.core.events import (
    AccountReset,
    DataDoubted,
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
    PositionMissed,
    PositionReached,
    RunEnded,
    RunStarted,
)
from engine.core.ledger import Ledger
from engine.core.missed import MissedPositions
from engine.core.money import plain
from engine.core.order import Fill, Order
from engine.core.orders_in_flight import OrdersInFlight


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """A decision, and what it was taken with.

    Attributes:
        place: of the decision in the journal, counted from 0.
        has_waiting: whether orders waited.
    """

    decided: DayDecided
    place: int
    ledger: Ledger
    has_waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A fill, with the account before and after it."""

    fill: Fill
    before: Ledger
    after: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that befell an order, or with asset "" the account.

    Attributes:
        loss: what is no longer held because of it.
    """

    day: date
    asset: str
    what: str
    loss: Decimal = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Episode:
    """A change of targets and what came of it.

    Attributes:
        sized: the evening whose closes and account made the orders; None while none were planned.
        planned: first attempts.
        again: quantity that was planned on a later day, by asset, because the first orders ended undone.
        skipped: quantity that the rules did not let trade, by asset.
        executions: of all attempts, in order.
        sent: assets of which an order was sent.
        incidents: in order.
    """

    decided: DayDecided
    sized: Evening | None = None
    planned: list[Order] = field(default_factory=list)
    again: dict[str, Decimal] = field(default_factory=dict)
    skipped: dict[str, Decimal] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    incidents: list[Incident] = field(default_factory=list)

    @property
    def assets(self) -> list[str]:
        """What was planned or executed, in order."""
        traded = (*(order.asset for order in self.planned), *(each.fill.asset for each in self.executions))
        return list(dict.fromkeys(traded))

    def executions_of(self, asset: str) -> list[Execution]:
        """Give the executions of one asset."""
        return [each for each in self.executions if each.fill.asset == asset]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """A whole journal.

    Attributes:
        strays: executions of orders that are not on record.
        incidents: those of no episode, and all others.
        ledger: at the end.
    """

    evenings: Sequence[Evening]
    episodes: Sequence[Episode]
    strays: Sequence[Execution]
    incidents: Sequence[Incident]
    ledger: Ledger


def run_history(events: Iterable[Event], start: Ledger, *, until: date) -> RunHistory:
    """Fold a journal up to the decision of `until`; that day's orders are not part of it."""
    reader = _Reader(start)
    for place, event in enumerate(_cut(events, until)):
        reader.read(place, event)
    return RunHistory(
        evenings=reader.evenings,
        episodes=reader.episodes,
        strays=reader.strays,
        incidents=reader.incidents,
        ledger=reader.ledger,
    )


def _cut(events: Iterable[Event], until: date) -> Iterator[Event]:
    """Give the events up to the last decision that is not after `until`."""
    held: list[Event] = []
    for event in events:
        held.append(event)
        if isinstance(event, DayDecided):
            if event.day > until:
                return
            yield from held
            held.clear()


class _Reader:
    def __init__(self, start: Ledger) -> None:
        self.ledger = start
        self.evenings: list[Evening] = []
        self.episodes: list[Episode] = []
        self.strays: list[Execution] = []
        self.incidents: list[Incident] = []
        self._orders = OrdersInFlight()
        self._missed = MissedPositions()
        self._by_day: dict[date, Episode] = {}

    def read(self, place: int, event: Event) -> None:  # noqa: C901, PLR0912 - one arm an event
        match event:
            case DayDecided():
                self._decided(place, event)
            case OrderCancelled(day=day, order=order):
                self._incident(day, order, "cancelled before it was executed")
            case OrderPlanned(order=order):
                self._planned(order)
            case OrderSkipped(day=day):
                self._skipped(event)
            case OrderSent(order=order):
                if order.decision_day in self._by_day:
                    self._by_day[order.decision_day].sent.add(order.asset)
            case OrderWaits(at=at, order=order, message=message):
                self._incident(at.date(), order, f"waits: {message}")
            case OrderUnresolved(at=at, order=order, message=message):
                self._incident(at.date(), order, f"outcome unknown: {message}")
            case OrderRejected(at=at, order=order, message=message):
                self._incident(at.date(), order, f"rejected: {message}")
            case OrderFilled(fill=fill):
                self._filled(fill)
            case AccountReset():
                self._reset(event)
            case RunStarted() | DataDoubted() | PositionMissed() | PositionReached() | RunEnded():
                pass
            case _:
                assert_never(event)
        self._orders = self._orders.after(event)
        self._missed = self._missed.after(event)

    def _decided(self, place: int, event: DayDecided) -> None:
        evening = Evening(decided=event, place=place, ledger=self.ledger, has_waiting=bool(self._orders.waiting))
        self.evenings.append(evening)
        if event.changed:
            self.episodes.append(Episode(decided=event))

    def _planned(self, order: Order) -> None:
        if order.restores:
            return
        if order.attempt == 1 and order.asset in self._missed.coins and self.episodes:
            # Of the plan of its change of targets it is another try, and no more of it.
            episode = self._by_day[order.decision_day] = self.episodes[-1]
            episode.again[order.asset] = episode.again.get(order.asset, Decimal(0)) + order.quantity
            self._incident(order.decision_day, order, f"of {plain(order.quantity)} planned again")
        elif order.attempt == 1:
            self._sizing(order.decision_day).planned.append(order)
        else:
            self._incident(order.decision_day, order, f"attempt {order.attempt}")

    def _sizing(self, day: date) -> Episode:
        """Give the episode that a plan of `day` belongs to."""
        if not self.episodes:
            # No journal of ours begins like that; what follows is compared all the same.
            self.episodes.append(Episode(decided=self.evenings[-1].decided))
        episode = self.episodes[-1]
        if episode.sized is None:
            episode.sized = self.evenings[-1]
        self._by_day[day] = episode
        return episode

    def _skipped(self, event: OrderSkipped) -> None:
        if not event.was_tried:
            self._sizing(event.day).skipped[event.asset] = event.quantity
        elif event.day in self._by_day:
            self._note(self._by_day[event.day], Incident(day=event.day, asset=event.asset, what=event.message))

    def _filled(self, fill: Fill) -> None:
        before, self.ledger = self.ledger, self.ledger.apply(fill)
        done = Execution(fill=fill, before=before, after=self.ledger)
        flight = self._orders.at(fill.client_order_id)
        is_known = (
            flight is not None
            and (flight.is_in_doubt or bool(flight.executed))
            and flight.order.client_order_id == fill.client_order_id
            and (flight.order.asset, flight.order.side) == (fill.asset, fill.side)
            and (fill.restores or fill.decision_day in self._by_day)
        )
        if not is_known or fill.restores:
            # A buy-back moves nothing of ours, unless its fee was paid in a coin that we hold.
            if not is_known or _moved(done):
                self.strays.append(done)
        else:
            self._by_day[fill.decision_day].executions.append(done)

    def _reset(self, event: AccountReset) -> None:
        self.incidents.append(Incident(day=event.at.date(), asset="", what="the exchange was reset"))
        for asset, quantity in event.written_off.items():
            what = f"{asset}: too little to buy back after the reset"
            self.incidents.append(Incident(day=event.at.date(), asset=asset, what=what, loss=quantity))
        self.ledger = self.ledger.after_reset(event.written_off)

    def _incident(self, day: date, order: Order, what: str) -> None:
        incident = Incident(day=day, asset=order.asset, what=f"{order.side} {order.asset} {what}")
        episode = self._by_day.get(order.decision_day)
        if episode is None or order.restores:
            self.incidents.append(incident)
        else:
            self._note(episode, incident)

    def _note(self, episode: Episode, incident: Incident) -> None:
        episode.incidents.append(incident)
        self.incidents.append(incident)


def _moved(done: Execution) -> bool:
    return (done.before.cash, done.before.positions) != (done.after.cash, done.after.positions)
