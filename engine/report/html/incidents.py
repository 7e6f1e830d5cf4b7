"""What did not go smoothly with orders, out of a run's journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.core.events import (
    AccountReset,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
)
from engine.core.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident: when (an instant, or the decision day where the journal has no more), what, to which order."""

    when: str
    kind: str
    what: str


def incidents_of(events: Sequence[Event]) -> list[Incident]:
    """Give the incidents in order; events of kinds that are none are passed over."""
    parts = _fills_by_order(events)
    planned = {event.order.client_order_id: event.order for event in events if isinstance(event, OrderPlanned)}
    found = [incident for place, event in enumerate(events) if (incident := _incident(event, events[place + 1 :]))]
    partial = [
        Incident(
            when=fills[0].fill.at.isoformat(timespec="seconds"),
            kind="filled in parts",
            what=f"{_order(planned[name]) if name in planned else name}: {len(fills)} fills",
        )
        for name, fills in parts.items()
        if len(fills) > 1
    ]
    return sorted([*found, *partial], key=lambda incident: incident.when)


def _incident(event: Event, later: Sequence[Event]) -> Incident | None:
    match event:
        case OrderUnresolved():
            words = f"{event.message}; {_outcome(event.order, later)}"
            return _of_order(event.at, "outcome unknown", event.order, words)
        case OrderWaits() | OrderRejected():
            kind = "waited" if isinstance(event, OrderWaits) else "rejected"
            return _of_order(event.at, kind, event.order, event.message)
        case OrderSkipped():
            what = f"{event.side.value} {event.quantity:f} {event.asset}: {event.message}"
            return Incident(when=event.day.isoformat(), kind="not sent", what=what)
        case OrderCancelled():
            return Incident(when=event.day.isoformat(), kind="cancelled", what=f"{_order(event.order)}: replaced")
        case AccountReset():
            what = f"the exchange was reset; epoch {event.epoch} begins, and what was held is bought back"
            return Incident(when=event.at.isoformat(timespec="seconds"), kind="account reset", what=what)
        case _:
            return None


def _of_order(at: datetime, kind: str, order: Order, words: str) -> Incident:
    return Incident(when=at.isoformat(timespec="seconds"), kind=kind, what=f"{_order(order)}: {words}")


def _outcome(order: Order, later: Sequence[Event]) -> str:
    for event in later:
        match event:
            case OrderFilled() if event.fill.client_order_id == order.client_order_id:
                return f"found filled at {event.fill.at.isoformat(timespec='seconds')}"
            case OrderRejected() if event.order.client_order_id == order.client_order_id:
                return "found not executed"
            case OrderWaits() if event.order.client_order_id == order.client_order_id:
                return "found not executed, and waits"
            case OrderPlanned() if _is_next_attempt(event.order, order):
                return "not there, so tried again"
            case _:
                continue
    return "still open at the end of the record"


def _is_next_attempt(later: Order, order: Order) -> bool:
    return later.attempt > order.attempt and _stem(later) == _stem(order)


def _stem(order: Order) -> str:
    return order.client_order_id.rpartition("-")[0]


def _order(order: Order) -> str:
    return f"{order.side.value} {order.quantity:f} {order.symbol} ({order.client_order_id})"


def _fills_by_order(events: Sequence[Event]) -> dict[str, list[OrderFilled]]:
    fills: dict[str, list[OrderFilled]] = {}
    for event in events:
        if isinstance(event, OrderFilled):
            fills.setdefault(event.fill.client_order_id, []).append(event)
    return fills
