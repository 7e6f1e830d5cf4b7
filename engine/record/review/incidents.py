"""What did not go the plain way with a run's orders, with times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import takewhile
from typing import TypeAlias, assert_never

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
from engine.core.money import ZERO, plain
from engine.core.order import Order
from engine.core.orders_in_flight import OrderInFlight, OrdersInFlight
from engine.record.run_log import REARMED_WORDS, buy_back_words, delisting_words

EXPIRED = "ended as "
"""Begins the message of an order that the venue took and did not execute."""
NEVER_PLACED = "was never placed"
KILLED_WORDS = "equity fell too far from its highest: all is sold, and nothing is traded until it is re-armed"
STILL_UNKNOWN = "still unknown: it is being asked for"

PlainWay: TypeAlias = RunStarted | DataDoubted | OrderSent | OrderFilled | ContextSeen | RunEnded
"""Events that are no incident."""
NoAnswer: TypeAlias = (
    RunStarted
    | DataDoubted
    | DayDecided
    | KillSwitchRearmed
    | OrderPlanned
    | OrderSkipped
    | OrderSent
    | OrderCancelled
    | PositionMissed
    | PositionReached
    | AssetDelisted
    | ContextSeen
    | RunEnded
)
"""Events that do not say what became of an order of unknown outcome."""
Undated: TypeAlias = (
    RunStarted | DayDecided | OrderPlanned | OrderSkipped | OrderCancelled | AssetDelisted | ContextSeen | RunEnded
)
"""Events that belong to a day and to no instant."""


class IncidentKind(StrEnum):
    """What happened."""

    UNKNOWN = "unknown outcome"
    RETRY = "retry"
    PARTIAL = "partial fill"
    EXPIRED = "expired"
    REJECTED = "rejected"
    WAITS = "waits"
    REPLACED = "replaced"
    NOT_SENT = "not sent"
    OUT_OF_POSITION = "out of position"
    IN_POSITION = "in position"
    DELISTED = "delisted"
    KILLED = "kill switch"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One of them.

    Attributes:
        order: what it was about in words: `buy 1.5 ETH/USDT`; empty for a reset.
        asset, client_order_id, decision_day, reason: of the order, empty or None where it has none.
        message: what was said.
        outcome: how it ended, empty where it ended with itself.
    """

    at: datetime
    kind: IncidentKind
    order: str = ""
    asset: str = ""
    client_order_id: str = ""
    decision_day: date | None = None
    reason: str = ""
    message: str
    outcome: str = ""


def incidents_of(events: Sequence[Event]) -> Iterator[Incident]:  # noqa: C901, PLR0912 - one arm an event
    """Tell the incidents of a run, oldest first."""
    orders = OrdersInFlight()
    answers = _answers(events)
    at: datetime | None = None
    for place, event in enumerate(events):
        at = _instant(event) or at
        match event:
            case DayDecided(day=day):
                if event.killed and event.changed:
                    at = decision_instant(day)
                    yield Incident(at=at, kind=IncidentKind.KILLED, decision_day=day, message=KILLED_WORDS)
            case KillSwitchRearmed():
                yield Incident(at=event.at, kind=IncidentKind.KILLED, message=f"re-armed: {REARMED_WORDS}")
            case OrderPlanned(order=order):
                before = orders.at(order.client_order_id)
                yield from _next_attempt(order, before, at or decision_instant(order.decision_day))
            case OrderUnresolved(order=order):
                outcome = answers.get((place, order.client_order_id), STILL_UNKNOWN)
                yield _incident(IncidentKind.UNKNOWN, order, event.at, event.message, outcome=outcome)
            case OrderWaits(order=order):
                yield _incident(IncidentKind.WAITS, order, event.at, event.message)
            case OrderRejected(order=order):
                if event.message != NEVER_PLACED:
                    kind = IncidentKind.EXPIRED if event.message.startswith(EXPIRED) else IncidentKind.REJECTED
                    yield _incident(kind, order, event.at, event.message)
            case OrderCancelled(order=order):
                yield _incident(
                    IncidentKind.REPLACED, order, decision_instant(event.day), event.message or "by a newer decision"
                )
            case OrderSkipped():
                yield Incident(
                    at=decision_instant(event.day),
                    kind=IncidentKind.NOT_SENT,
                    order=f"{event.side.value} {plain(event.quantity)} {event.asset}",
                    asset=event.asset,
                    decision_day=event.day,
                    message=event.message,
                )
            case PositionMissed():
                yield Incident(
                    at=event.at,
                    kind=IncidentKind.OUT_OF_POSITION,
                    order=f"{event.side.value} {plain(event.quantity)} {event.asset}",
                    asset=event.asset,
                    reason=event.reason,
                    message=event.message,
                )
            case PositionReached(asset=asset):
                yield Incident(
                    at=event.at,
                    kind=IncidentKind.IN_POSITION,
                    order=asset,
                    asset=asset,
                    message="it is where its target wants it",
                )
            case AssetDelisted(asset=asset):
                yield Incident(
                    at=decision_instant(event.day),
                    kind=IncidentKind.DELISTED,
                    order=asset,
                    asset=asset,
                    decision_day=event.day,
                    message=delisting_words(event),
                )
            case AccountReset():
                yield _reset(event, _bought_back(events[place + 1 :]))
            case _:
                if not isinstance(event, PlainWay):
                    assert_never(event)
        orders = orders.after(event)


def _next_attempt(order: Order, before: OrderInFlight | None, at: datetime) -> Iterator[Incident]:
    """Tell of the attempt before, where something of it was executed, and of this one."""
    if order.attempt == 1:
        return
    if before is not None and before.executed:
        message = f"{plain(before.executed)} of {plain(before.order.quantity)} filled"
        yield _incident(IncidentKind.PARTIAL, before.order, at, message)
    yield _incident(IncidentKind.RETRY, order, at, f"attempt {order.attempt}")


def _answers(events: Sequence[Event]) -> Mapping[tuple[int, str], str]:
    """Say, for each order of unknown outcome, what was found out: by its event's place and the order."""
    asked: dict[str, int] = {}
    answers: dict[tuple[int, str], str] = {}
    executed: dict[tuple[int, str], Decimal] = {}
    for place, event in enumerate(events):
        match event:
            case OrderUnresolved(order=order):
                asked[order.client_order_id] = place
            case OrderFilled(fill=fill):
                if fill.client_order_id in asked:
                    key = asked[fill.client_order_id], fill.client_order_id
                    executed[key] = executed.get(key, Decimal(0)) + fill.quantity
                    answers[key] = f"found: {plain(executed[key])} filled at {fill.at:%H:%M:%S}"
            case OrderRejected(order=order) | OrderWaits(order=order):
                if order.client_order_id in asked:
                    answers[asked.pop(order.client_order_id), order.client_order_id] = _found(event)
            case AccountReset():
                for name, since in asked.items():
                    answers.setdefault((since, name), "the exchange was reset")
                asked.clear()
            case _:
                if not isinstance(event, NoAnswer):
                    assert_never(event)
    return answers


def _found(event: OrderRejected | OrderWaits) -> str:
    if isinstance(event, OrderWaits):
        return "found: not taken, it waits"
    return "found: never placed" if event.message == NEVER_PLACED else f"found: {event.message}"


def _bought_back(later: Sequence[Event]) -> str:
    """Say what was bought back in an epoch, and what that cost; empty where nothing was."""
    epoch = takewhile(lambda event: not isinstance(event, AccountReset), later)
    fills = [event.fill for event in epoch if isinstance(event, OrderFilled) and event.fill.restores]
    if not fills:
        return ""
    quantities: dict[str, Decimal] = {}
    paid: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    for fill in fills:
        quote = fill.symbol.rpartition("/")[2]
        for amounts, name, amount in (
            (quantities, fill.asset, fill.quantity),
            (paid, quote, fill.notional),
            (fees, fill.fee_asset, fill.fee),
        ):
            amounts[name] = amounts.get(name, ZERO) + amount
    return (
        f"bought back: {_listed(quantities)} for {_listed(paid)}, fees {_listed(fees)}; "
        "the exchange's fresh balances paid, not the run"
    )


def _listed(amounts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{plain(amount)} {name}" for name, amount in amounts.items())


def _reset(event: AccountReset, outcome: str) -> Incident:
    held = _listed(event.positions) or "nothing but cash"
    written_off = "".join(f"; {plain(held)} {asset} written off" for asset, held in event.written_off.items())
    return Incident(
        at=event.at,
        kind=IncidentKind.RESET,
        message=f"epoch {event.epoch} begins; {held}, {buy_back_words(event)}{written_off}",
        outcome=outcome,
    )


def _incident(kind: IncidentKind, order: Order, at: datetime, message: str, *, outcome: str = "") -> Incident:
    return Incident(
        at=at,
        kind=kind,
        order=f"{order.side.value} {plain(order.quantity)} {order.symbol}",
        asset=order.asset,
        client_order_id=order.client_order_id,
        decision_day=order.decision_day,
        reason=order.reason,
        message=message,
        outcome=outcome,
    )


def _instant(event: Event) -> datetime | None:
    if isinstance(event, Undated):
        return None
    return event.fill.at if isinstance(event, OrderFilled) else event.at
