"""The events of a backtest that was written before backtests kept them: put together from its files.

Those folders do not change any more, and neither does the form of their `run.log`, which alone knows of orders that
waited, were replaced or were not sent. What it does not say is not there: the strategy's memory, and ids of old skips.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, DecimalException
from operator import itemgetter
from typing import Any

from engine.core.calendar import decision_instant
from engine.core.events import (
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
    RunStarted,
)
from engine.core.money import ZERO, decimal_of
from engine.core.order import Fill, Order, Side
from engine.record.configured import configured_core, configured_quote
from engine.record.record_rows import DecisionRow, FillRow

WARNING_LEVELS = ("WARNING", "ERROR", "CRITICAL")
SENT = "sent: "
ONE_DAY = timedelta(days=1)


def events_of(
    *,
    config: Mapping[str, Any] | None,
    synthetic: bool,
    decisions: Sequence[DecisionRow],
    fills: Sequence[FillRow],
    log: Sequence[str],
) -> tuple[Event, ...]:
    """Give the events in the order in which they happened.

    Args:
        log: the lines of `run.log`; one of another form says nothing.
    """
    if not decisions:
        return ()
    quote = fills[0].symbol.rpartition("/")[2] if fills else configured_quote(config)
    core = configured_core(config)
    first = decisions[0]
    # Before the first order all equity is cash.
    cash = decimal_of(first.equity if first.cash is None else first.cash)
    started = RunStarted(first_day=first.day, cash=cash, quote=quote, core=core, synthetic=synthetic)
    logged = list(_logged(log))
    planned = {event.order.client_order_id: event.order for _, event in logged if isinstance(event, OrderPlanned)}
    timed: list[tuple[datetime, int, Event]] = [
        (decision_instant(row.day), 0, _decided(row, core)) for row in decisions
    ]
    timed += [(at, 1, event) for at, event in logged]
    for fill in fills:
        at = max(fill.time, decision_instant(fill.decision_day))
        # Trimmed to the cash there was before it was sent, which the log does not say.
        if order := planned.get(fill.client_order_id):
            timed.append((at, 2, OrderSent(at=at, order=order.with_quantity(fill.quantity))))
        timed.append((at, 2, OrderFilled(fill=_fill(fill))))
    return (started, *(event for _, _, event in sorted(timed, key=itemgetter(0, 1))))


def _decided(row: DecisionRow, core: str) -> DayDecided:
    closes = {asset: decimal_of(close) for asset, close in row.closes.items()}
    return DayDecided(
        day=row.day,
        state=row.state,
        next_state=row.next_state,
        reason=row.reason,
        evidence=row.evidence,
        rules=row.rules,
        targets=row.targets,
        changed=row.state != row.next_state,
        equity=decimal_of(row.equity),
        cash=decimal_of(row.equity if row.cash is None else row.cash),
        core_close=closes.get(core, ZERO),
        memory=None,
        closes=closes,
        marked_on=row.marked_on,
    )


def _fill(row: FillRow) -> Fill:
    return Fill(
        at=row.time,
        order_id=row.order_id,
        client_order_id=row.client_order_id,
        asset=row.asset,
        symbol=row.symbol,
        side=row.side,
        quantity=row.quantity,
        price=row.price,
        notional=row.notional,
        fee=row.fee,
        fee_asset=row.fee_asset,
        decision_day=row.decision_day,
        reason=row.reason,
    )


def _logged(log: Sequence[str]) -> Iterator[tuple[datetime, Event]]:
    for line in log:
        stamp, _, rest = line.partition(" ")
        level, _, text = rest.partition(" ")
        try:
            at = datetime.fromisoformat(stamp)
            event = _event(at, level, text.lstrip(" "))
        except (ValueError, DecimalException):
            continue
        if at.tzinfo is not None and event is not None:
            yield at, event


def _event(at: datetime, level: str, text: str) -> Event | None:  # noqa: PLR0911 - one arm a word
    """Read a line.

    Raises:
        ValueError, DecimalException: it looks like one about an order, and is none.
    """
    word, _, rest = text.partition(" ")
    match word:
        case "planned":
            return OrderPlanned(order=_order(rest)[0])
        case "waits:":
            order, message = _order(rest)
            return OrderWaits(at=at, order=order, message=message)
        case "unresolved:":
            order, message = _order(rest)
            return OrderUnresolved(at=at, order=order, message=message)
        case "rejected:":
            order, message = _order(rest)
            return OrderRejected(at=at, order=order, message=message)
        case "cancelled:":
            return OrderCancelled(day=at.date() - ONE_DAY, order=_order(rest)[0])
        case "not" if rest.startswith(SENT):
            traded, _, message = rest.removeprefix(SENT).partition(": ")
            side, quantity, asset = traded.split(" ")
            return OrderSkipped(
                day=at.date() - ONE_DAY, asset=asset, side=Side(side), quantity=Decimal(quantity), message=message
            )
        case _:
            return DataDoubted(at=at, message=text) if level in WARNING_LEVELS else None


def _order(text: str) -> tuple[Order, str]:
    """Read `buy 1.5 ETH/USDT [rotation-20240131-ETH-b1-1] (entry of 2024-01-31): message`."""
    traded, _, rest = text.partition(" [")
    side, quantity, symbol = traded.split(" ")
    name, _, rest = rest.partition("] (")
    origin, _, message = rest.partition("): ")
    reason, _, day = origin.removesuffix(")").rpartition(" of ")
    order = Order(
        client_order_id=name,
        asset=symbol.partition("/")[0],
        symbol=symbol,
        side=Side(side),
        quantity=Decimal(quantity),
        decision_day=date.fromisoformat(day),
        reason=reason,
        attempt=int(name.rpartition("-")[2]),
    )
    return order, message
