"""One line an event for `run.log`: what happened and why, for a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
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
from engine.core.money import plain
from engine.core.order import Order

REARMED_WORDS = "the next day is decided like a first one, and the highest equity starts anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line with the instant that it speaks of and its level."""

    at: datetime
    level: str
    text: str


def log_line(event: Event, *, synthetic: bool = False) -> LogLine:
    """Put an event into words. A day on which nothing changes is for debugging only: there are thousands.

    Args:
        synthetic: whether the run's prices are made up, which its first line says and its last.
    """
    level, text = _words(event, synthetic=synthetic)
    return LogLine(at=_instant(event), level=level, text=text)


def _words(event: Event, *, synthetic: bool) -> tuple[str, str]:  # noqa: PLR0911, PLR0912, C901 - one arm an event
    match event:
        case RunStarted():
            notes = "".join(f"; {note}" for note in event.notes)
            market = " on the synthetic sample market, whose prices are made up," if event.synthetic else ""
            began = f"with {event.cash:f} {event.quote}, first decision day {event.first_day}"
            label = f", labelled {event.label!r}" if event.label else ""
            return "INFO", f"run starts{market} {began}{label}{notes}"
        case DataDoubted():
            return "WARNING", event.message
        case DayDecided():
            return _level(event), _decision(event)
        case KillSwitchRearmed():
            return "WARNING", f"the kill switch was re-armed by a person; {REARMED_WORDS}"
        case OrderPlanned(order=order):
            return "INFO", f"planned {_order(order)}"
        case OrderSkipped():
            text = f"not sent: {event.side.value} {plain(event.quantity)} {event.asset}: {event.message}"
            return "WARNING" if event.was_tried else "INFO", text
        case OrderSent(order=order):
            return "DEBUG", f"sent {_order(order)}"
        case OrderWaits(order=order):
            return "WARNING", f"waits: {_order(order)}: {event.message}"
        case OrderUnresolved(order=order):
            return "WARNING", f"unresolved: {_order(order)}: {event.message}"
        case OrderFilled(fill=fill):
            return "INFO", (
                f"filled {fill.side.value} {plain(fill.quantity)} {fill.symbol} at {plain(fill.price)}, "
                f"fee {plain(fill.fee)} {fill.fee_asset} ({fill.reason} of {fill.decision_day})"
            )
        case OrderRejected(order=order):
            return "WARNING", f"rejected: {_order(order)}: {event.message}"
        case OrderCancelled(order=order):
            return "INFO", f"cancelled: {_order(order)}: {event.message or 'replaced by a newer decision'}"
        case PositionMissed():
            undone = f"{event.side.value} {plain(event.quantity)} {event.asset}: {event.message}"
            return "WARNING", f"out of position: {undone}; it is planned again on the next decision days"
        case PositionReached(asset=asset):
            return "INFO", f"in position again: {asset}"
        case AssetDelisted():
            return "WARNING", f"delisted: {delisting_words(event)}"
        case AccountReset():
            return "WARNING", _reset(event)
        case ContextSeen(reads=reads):
            states = [read.state for read in reads]
            return "DEBUG", f"systems of the thesis: {states.count('lit')} of {len(states)} lit"
        case RunEnded():
            pending = "".join(f"; still pending: {_order(order)}" for order in event.waiting)
            made_up = "; its market was synthetic" if synthetic else ""
            return "INFO", f"run ends, last decision day {event.last_day}{pending}{made_up}"
        case _:
            assert_never(event)


def _level(event: DayDecided) -> str:
    if not event.changed:
        return "DEBUG"
    return "WARNING" if event.killed else "INFO"


def _instant(event: Event) -> datetime:
    match event:
        case RunStarted(first_day=day) | RunEnded(last_day=day):
            return decision_instant(day)
        case (
            DayDecided(day=day)
            | OrderSkipped(day=day)
            | OrderCancelled(day=day)
            | AssetDelisted(day=day)
            | ContextSeen(day=day)
        ):
            return decision_instant(day)
        case OrderPlanned(order=order):
            return decision_instant(order.decision_day)
        case OrderFilled(fill=fill):
            return fill.at
        case _:
            return event.at


def _is_quiet(event: Event) -> bool:
    return isinstance(event, ContextSeen) or (isinstance(event, DayDecided) and not event.changed)


def log_lines(events: Iterable[Event]) -> Iterator[LogLine]:
    """Put every event into words that a person wants: not the thousands of days on which nothing changed."""
    told = [event for event in events if not _is_quiet(event)]
    synthetic = is_synthetic(told)
    return (log_line(event, synthetic=synthetic) for event in told)


def delisting_words(event: AssetDelisted) -> str:
    """Say what counts as delisted, and what becomes of it."""
    what = (
        "it is left as it is: only a backtest sells in the books"
        if event.penalty is None
        else f"it is sold in the books at its last close less {100 * event.penalty:g} %"
    )
    return f"{event.asset} has had no bar since {event.last_bar}; {what}"


def buy_back_words(event: AccountReset) -> str:
    """Say whether what a reset wiped is bought back, as the end of a sentence."""
    return "which is bought back" if event.buys_back else "which is not bought back while the kill switch holds"


def is_synthetic(events: Iterable[Event]) -> bool:
    """Tell whether a run's prices are made up, as it said when it began."""
    return any(isinstance(event, RunStarted) and event.synthetic for event in events)


def label_of(events: Iterable[Event]) -> str:
    """Give what a person called the run by when it began; empty: nothing."""
    return next((event.label for event in events if isinstance(event, RunStarted)), "")


def _decision(event: DayDecided) -> str:
    evidence = ", ".join(
        f"{section} {key} {_shown(value)}"
        for section, values in event.evidence.items()
        for key, value in (values or {}).items()
        if value is not None
    )
    targets = ", ".join(f"{asset} {weight:.4f}" for asset, weight in event.targets.items()) or "cash"
    text = (
        f"{event.day} {event.state} -> {event.next_state}: {event.reason}; targets {targets}; equity {event.equity:.2f}"
    )
    return f"{text}; {evidence}" if evidence else text


def _reset(event: AccountReset) -> str:
    written_off = "".join(
        f"; written off as too little: {plain(held)} {asset}" for asset, held in event.written_off.items()
    )
    held = ", ".join(f"{plain(held)} {asset}" for asset, held in event.positions.items()) or "nothing but cash"
    knows_nothing = f"it knows nothing of {event.forgotten} any more"
    forgotten = knows_nothing if event.forgotten else "orders were planned after it that the journal lacks"
    return (
        f"the exchange was reset: {forgotten}; epoch {event.epoch} begins; "
        f"the ledger goes on holding {held}, {buy_back_words(event)}{written_off}"
    )


def _order(order: Order) -> str:
    return (
        f"{order.side.value} {plain(order.quantity)} {order.symbol} [{order.client_order_id}] "
        f"({order.reason} of {order.decision_day})"
    )


def _shown(value: str | int | float | bool | date | None) -> str:  # noqa: FBT001
    return f"{value:.6g}" if isinstance(value, float) else str(value)
