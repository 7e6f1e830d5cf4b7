"""A record's money as it was booked: the opening balance, then fills and resets, for whoever adds them up again."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import TypeAlias, assert_never

from engine.core.errors import DataError
from engine.core.events import AccountReset, DayDecided, NotBooked, OrderFilled, RunStarted
from engine.core.ledger import Ledger
from engine.core.money import ZERO, decimal_of
from engine.core.order import Fill
from engine.journal.record_rows import FillRow
from engine.journal.run_record import RunRecord

USUAL_QUOTE = "USDT"
"""Of a record without a start, a fill and a configuration, which names its quote currency nowhere."""

Booking: TypeAlias = Fill | AccountReset


def quote_of(record: RunRecord) -> str:
    """Name the currency that a run counts in."""
    started = _started(record)
    if started is not None:
        return started.quote
    if record.fills:
        return record.fills[0].symbol.rpartition("/")[2]
    account = (record.config or {}).get("account")
    return str(account.get("quote", USUAL_QUOTE)) if isinstance(account, Mapping) else USUAL_QUOTE


def opening_of(record: RunRecord) -> Ledger:
    """Give what a run began with; a backtest's files say it to eight decimals."""
    started = _started(record)
    return Ledger(quote=quote_of(record), cash=started.cash if started is not None else _opening_cash(record))


def bookings_of(record: RunRecord) -> Iterator[Booking]:
    """Give fills and resets in the order in which they were booked."""
    if record.events is None:
        yield from map(_fill, record.fills)
        return
    for event in record.events:
        match event:
            case OrderFilled(fill=fill):
                yield fill
            case AccountReset():
                yield event
            case _:
                if not isinstance(event, DayDecided | NotBooked):
                    assert_never(event)


def ledgers_of(record: RunRecord) -> Iterator[tuple[Booking, Ledger]]:
    """Give each booking with the ledger after it.

    Raises:
        DataError: an amount has more digits than any exchange gives.
    """
    ledger = opening_of(record)
    for booking in bookings_of(record):
        if isinstance(booking, AccountReset):
            ledger = ledger.after_reset(booking.written_off)
        else:
            try:
                ledger = ledger.apply(booking)
            except DecimalException as error:
                raise DataError(
                    f"{record.folder}: is damaged: a fill of order {booking.client_order_id} has amounts that cannot "
                    "be added up"
                ) from error
        yield booking, ledger


def _started(record: RunRecord) -> RunStarted | None:
    return next((event for event in record.events or () if isinstance(event, RunStarted)), None)


def _opening_cash(record: RunRecord) -> Decimal:
    if not record.decisions:
        return ZERO
    first = record.decisions[0]
    # Before the first order all equity is cash.
    return decimal_of(first.equity if first.cash is None else first.cash)


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
