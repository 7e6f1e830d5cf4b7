"""What a live run looks like at one instant, as a value: folded out of its events, and of what was heard since.

Nothing is read or shown here; `engine/report/live.py` shows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import assert_never

from engine.core.calendar import ONE_DAY, decision_instant
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
from engine.core.money import plain
from engine.core.order import Fill, Order
from engine.core.orders_in_flight import SELL_WAIT_DAYS, OrderInFlight, OrdersInFlight
from engine.core.out_of_position import OutOfPosition, coins_out_of_position
from engine.core.valuation import ValuedPosition, valuation_of
from engine.record.account_notes import KillSwitch, held_in_cash
from engine.record.run_log import REARMED_WORDS, delisting_words

MOST_INCIDENTS = 5
PRACTICE = "practice exchange"
"""The place of a rehearsal, whatever venue it stands in for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a person should know, and when it was."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What of a run's events is to be seen; each event takes one step, so that years of them are folded once.

    Attributes:
        decision: the last one; state_since: the day whose decision led to its state.
        prices: the last price on record by asset: a close of a decision, or a fill's.
        filled_later: whether a fill is newer than the last decision's closes.
        marked_on: the day of a held asset's price where it is older than the last decision.
        days, first_day: how many days were decided, and the first of them; filled: the strategy's orders that were.
        kill_switch: whether it holds, since when and why.
        skipped: how many differences to the targets were not traded.
    """

    decision: DayDecided | None = None
    state_since: date | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    filled_later: bool = False
    marked_on: Mapping[str, date] = field(default_factory=dict)
    incidents: tuple[Notice, ...] = ()
    days: int = 0
    first_day: date | None = None
    filled: frozenset[str] = frozenset()
    skipped: int = 0
    kill_switch: KillSwitch = field(default_factory=KillSwitch)

    def after(self, event: Event) -> "Past":  # noqa: C901, PLR0911, PLR0912 - one arm an event
        """Give the past with one event more."""
        match event:
            case DayDecided():
                return self._decided(event)
            case KillSwitchRearmed(at=at):
                rearmed = replace(self, kill_switch=self.kill_switch.after(event))
                return rearmed._told(at, f"the kill switch was re-armed; {REARMED_WORDS}")
            case OrderWaits(at=at, order=order, message=message):
                return self._told(at, f"waits: {order_words(order)}: {message}")
            case OrderUnresolved(at=at, order=order, message=message):
                return self._told(at, f"unresolved: {order_words(order)}: {message}")
            case OrderRejected(at=at, order=order, message=message):
                return self._told(at, f"rejected: {order_words(order)}: {message}")
            case OrderSkipped(day=day):
                text = f"not sent: {event.side.value} {plain(event.quantity)} {event.asset}: {event.message}"
                return replace(self, skipped=self.skipped + 1)._told(decision_instant(day), text)
            case OrderFilled(fill=fill):
                return self._filled(fill)
            case PositionMissed(at=at, asset=asset, message=message):
                text = f"out of position: {event.side.value} {plain(event.quantity)} {asset}: {message}"
                return self._told(at, text)
            case PositionReached(at=at, asset=asset):
                return self._told(at, f"in position again: {asset}")
            case AssetDelisted(day=day):
                return self._told(decision_instant(day), f"delisted: {delisting_words(event)}")
            case AccountReset(at=at):
                return self._told(at, f"the exchange was reset; epoch {event.epoch} begins")
            case OrderPlanned() | OrderSent() | OrderCancelled():
                return self
            case RunStarted() | DataDoubted() | ContextSeen() | RunEnded():
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
            marked_on=event.marked_on,
            kill_switch=self.kill_switch.after(event),
            days=self.days + 1,
            first_day=self.first_day or event.day,
        )

    def _filled(self, fill: Fill) -> "Past":
        if fill.restores:
            # It puts back what is held already, at prices that are the sandbox's own.
            return self
        prices, filled = {**self.prices, fill.asset: fill.price}, self.filled | {fill.client_order_id}
        older = {asset: on for asset, on in self.marked_on.items() if asset != fill.asset}
        return replace(self, prices=prices, filled_later=True, marked_on=older, filled=filled)

    def _told(self, at: datetime, text: str) -> "Past":
        return replace(self, incidents=(*self.incidents, Notice(at=at, text=text))[-MOST_INCIDENTS:])


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """All that the panel shows.

    Attributes:
        venue, folder: where orders go, where the files are.
        mode: `paper` or `rehearsal`; synthetic: whether prices are made up; page: the address of its page, empty: none.
        exchange_time: as it was last told, None before; heard_seconds: how long ago that was, by our clock.
        next_day, due: the day that is decided next, and when; None where nothing was heard and nothing decided.
        decision, state_since: the last decision, and the day whose decision led to its state.
        equity: cash and holdings at the last prices on record, None where one is missing; marks: which prices they are;
            marked_on: the day of a holding's price where it is older.
        orders: those that are not settled, in the order in which they are sent.
        out_of_position: coins that could not be brought to their targets.
        killed: why nothing is traded, in a sentence; empty while the kill switch does not hold.
        claims: what a study of the run's bars says of the claims behind an entry; empty where there is none.
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
    orders: tuple[OrderInFlight, ...]
    marked_on: Mapping[str, date] = field(default_factory=dict)
    incidents: tuple[Notice, ...]
    bars_day: date | None
    bars_at: datetime | None
    mode: str = "paper"
    synthetic: bool = False
    page: str = ""
    out_of_position: tuple[OutOfPosition, ...] = ()
    killed: str = ""
    claims: str = ""


def live_status(
    past: Past,
    *,
    venue: str,
    folder: Path,
    ledger: Ledger,
    orders: OrdersInFlight,
    last_day: date | None,
    grace: timedelta,
    exchange_time: datetime | None,
    heard_seconds: float,
    bars: tuple[date, datetime] | None,
    notices: Sequence[tuple[datetime, str]],
    missed: MissedPositions | None = None,
    sell_wait_days: int = SELL_WAIT_DAYS,
    mode: str = "paper",
) -> LiveStatus:
    """Put together what a run looks like.

    Args:
        ledger, orders, missed, last_day: where the session stands; no coin is missed without.
        sell_wait_days: calendar days for which buys wait for a sell.
        grace: wait after a day's end before it is decided.
        mode: of the run.
        exchange_time, heard_seconds, bars, notices: what was heard; see `LiveStatus`.
    """
    next_day = _next_day(last_day, exchange_time, grace)
    valued = valuation_of(ledger, past.prices)
    told = (*past.incidents, *(Notice(at=at, text=words) for at, words in notices))
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
        marked_on=past.marked_on,
        orders=tuple(orders),
        incidents=tuple(sorted(told, key=lambda incident: incident.at)[-MOST_INCIDENTS:]),
        mode=mode,
        killed=held_in_cash(past.kill_switch, mode=mode),
        bars_day=None if bars is None else bars[0],
        bars_at=None if bars is None else bars[1],
        out_of_position=coins_out_of_position(
            orders, missed or MissedPositions(), ledger=ledger, last=past.decision, wait_days=sell_wait_days
        ),
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
    older = "".join(f", {asset} at that of {on}" for asset, on in past.marked_on.items())
    closes = f"at the closes of {past.decision.day}{older}"
    return f"{closes}, what was traded since at its price" if past.filled_later else closes
