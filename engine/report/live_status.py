"""What a live run looks like at one instant, as a value: folded out of its events, and of what was heard since.

Nothing is read or shown here; `engine/report/live.py` shows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import assert_never

from engine.core.calendar import decision_instant
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
from engine.core.ledger import Ledger
from engine.core.money import plain
from engine.core.order import Fill, Order
from engine.core.valuation import ValuedPosition, valuation_of

MOST_INCIDENTS = 5
ONE_DAY = timedelta(days=1)
PRACTICE = "practice exchange"
"""The place of a rehearsal, whatever venue it stands in for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that a person should know, and when it was."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that is not settled.

    Attributes:
        state: `planned`, `sent`, `waits` or `unresolved`, since when, and the venue's words if it said any.
    """

    order: Order
    state: str
    since: datetime
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What of a run's events is to be seen; each event takes one step, so that years of them are folded once.

    Attributes:
        decision: the last one; state_since: the day whose decision led to its state.
        prices: the last price on record by asset: a close of a decision, or a fill's.
        filled_later: whether a fill is newer than the last decision's closes.
        orders: what is written of each order that is not settled, by client order id.
        days, first_day: how many days were decided, and the first of them; filled: the strategy's orders that were.
    """

    decision: DayDecided | None = None
    state_since: date | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    filled_later: bool = False
    orders: Mapping[str, OpenOrder] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()
    days: int = 0
    first_day: date | None = None
    filled: frozenset[str] = frozenset()

    def after(self, event: Event) -> "Past":  # noqa: PLR0911 - one arm an event
        """Give the past with one event more."""
        match event:
            case DayDecided():
                return self._decided(event)
            case OrderPlanned(order=order):
                return self._with(OpenOrder(order=order, state="planned", since=decision_instant(order.decision_day)))
            case OrderSent(at=at, order=order):
                return self._with(OpenOrder(order=order, state="sent", since=at))
            case OrderWaits(at=at, order=order, message=message):
                waits = OpenOrder(order=order, state="waits", since=at, message=message)
                return self._with(waits)._told(at, f"waits: {order_words(order)}: {message}")
            case OrderUnresolved(at=at, order=order, message=message):
                unresolved = OpenOrder(order=order, state="unresolved", since=at, message=message)
                return self._with(unresolved)._told(at, f"unresolved: {order_words(order)}: {message}")
            case OrderRejected(at=at, order=order, message=message):
                rest = self._without(order.client_order_id)
                return rest._told(at, f"rejected: {order_words(order)}: {message}")
            case OrderSkipped(day=day):
                text = f"not sent: {event.side.value} {plain(event.quantity)} {event.asset}: {event.message}"
                return self._told(decision_instant(day), text)
            case OrderFilled(fill=fill):
                return self._filled(fill)
            case OrderCancelled(order=order):
                return self._without(order.client_order_id)
            case AccountReset(at=at):
                return self._told(at, f"the exchange was reset; epoch {event.epoch} begins")
            case RunStarted() | RunEnded():
                return self
            case _:
                assert_never(event)

    def after_all(self, events: Iterable[Event]) -> "Past":
        """Give the past with these events more."""
        past = self
        for event in events:
            past = past.after(event)
        return past

    def _decided(self, event: DayDecided) -> "Past":
        goes_on = self.decision is not None and self.decision.next_state == event.next_state
        return replace(
            self,
            decision=event,
            state_since=self.state_since if goes_on else event.day,
            prices={**self.prices, **event.closes},
            filled_later=False,
            days=self.days + 1,
            first_day=self.first_day or event.day,
        )

    def _filled(self, fill: Fill) -> "Past":
        rest = self._without(fill.client_order_id)
        if fill.restores:
            # It puts back what is held already, at prices that are the sandbox's own.
            return rest
        prices, filled = {**self.prices, fill.asset: fill.price}, self.filled | {fill.client_order_id}
        return replace(rest, prices=prices, filled_later=True, filled=filled)

    def _with(self, order: OpenOrder) -> "Past":
        name = order.order.client_order_id
        before = self.orders.get(name)
        if before is not None and before.state == order.state:
            # A restart says again that it waits; it has waited since it was first said.
            order = replace(order, since=before.since)
        return replace(self, orders={**self.orders, name: order})

    def _without(self, client_order_id: str) -> "Past":
        return replace(self, orders={name: order for name, order in self.orders.items() if name != client_order_id})

    def _told(self, at: datetime, text: str) -> "Past":
        return replace(self, incidents=(*self.incidents, Incident(at=at, text=text))[-MOST_INCIDENTS:])


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """All that the panel shows.

    Attributes:
        venue, folder: where orders go, where the files are.
        mode: `paper` or `rehearsal`; synthetic: whether prices are made up; page: the address of its page, empty: none.
        exchange_time: as it was last told, None before; heard_seconds: how long ago that was, by our clock.
        next_day, due: the day that is decided next, and when; None where nothing was heard and nothing decided.
        decision, state_since: the last decision, and the day whose decision led to its state.
        equity: cash and holdings at the last prices on record, None where one is missing; marks: which prices they are.
        orders: those that are not settled, in the order in which they are sent.
        incidents: the last ones, the newest last.
        bars_day, bars_at: the day of the last bars, and when they came.
    """

    venue: str
    folder: Path
    exchange_time: datetime | None
    heard_seconds: float
    next_day: date | None
    due: datetime | None
    decision: DayDecided | None
    state_since: date | None
    quote: str
    cash: Decimal
    equity: Decimal | None
    marks: str
    holdings: tuple[ValuedPosition, ...]
    orders: tuple[OpenOrder, ...]
    incidents: tuple[Incident, ...]
    bars_day: date | None
    bars_at: datetime | None
    mode: str = "paper"
    synthetic: bool = False
    page: str = ""


def live_status(
    past: Past,
    *,
    venue: str,
    folder: Path,
    ledger: Ledger,
    waiting: Sequence[Order],
    unresolved: Order | None,
    last_day: date | None,
    grace: timedelta,
    exchange_time: datetime | None,
    heard_seconds: float,
    bars: tuple[date, datetime] | None,
    notices: Sequence[tuple[datetime, str]],
) -> LiveStatus:
    """Put together what a run looks like.

    Args:
        ledger, waiting, unresolved, last_day: where the session stands.
        grace: wait after a day's end before it is decided.
        exchange_time, heard_seconds, bars, notices: what was heard; see `LiveStatus`.
    """
    next_day = _next_day(last_day, exchange_time, grace)
    valued = valuation_of(ledger, past.prices)
    told = (*past.incidents, *(Incident(at=at, text=words) for at, words in notices))
    return LiveStatus(
        venue=venue,
        folder=folder,
        exchange_time=exchange_time,
        heard_seconds=heard_seconds,
        next_day=next_day,
        due=None if next_day is None else decision_instant(next_day) + grace,
        decision=past.decision,
        state_since=past.state_since,
        quote=ledger.quote,
        cash=ledger.cash,
        equity=valued.equity,
        marks=_marks(past),
        holdings=valued.positions,
        orders=tuple(_open_order(order, past, unresolved) for order in waiting),
        incidents=tuple(sorted(told, key=lambda incident: incident.at)[-MOST_INCIDENTS:]),
        bars_day=None if bars is None else bars[0],
        bars_at=None if bars is None else bars[1],
    )


def order_words(order: Order) -> str:
    """Name an order: what, how much, and under which client order id."""
    return f"{order.side.value} {plain(order.quantity)} {order.symbol} [{order.client_order_id}]"


def _next_day(last_day: date | None, exchange_time: datetime | None, grace: timedelta) -> date | None:
    if last_day is not None:
        return last_day + ONE_DAY
    return None if exchange_time is None else (exchange_time - grace).date() - ONE_DAY


def _marks(past: Past) -> str:
    if past.decision is None:
        return "nothing decided yet"
    closes = f"at the closes of {past.decision.day}"
    return f"{closes}, what was traded since at its price" if past.filled_later else closes


def _open_order(order: Order, past: Past, unresolved: Order | None) -> OpenOrder:
    written = past.orders.get(order.client_order_id)
    if written is None:
        # The session is a moment ahead of the events that were folded.
        written = OpenOrder(order=order, state="planned", since=decision_instant(order.decision_day))
    # After a crash the journal says that the order was sent; that it was is not known.
    is_unresolved = unresolved is not None and unresolved.client_order_id == order.client_order_id
    return replace(written, order=order, state="unresolved" if is_unresolved else written.state)
