"""A record's money as it was booked: the opening balance, then fills and resets, for whoever adds them up again."""

from collections.abc import Iterator
from decimal import DecimalException
from typing import TypeAlias, assert_never

from engine.core.errors import DataError
from engine.core.events import AccountReset, DayDecided, NotBooked, OrderFilled
from engine.core.ledger import Ledger
from engine.core.money import ZERO
from engine.core.order import Fill
from engine.record.run_record import RunRecord

Booking: TypeAlias = Fill | AccountReset


def opening_of(record: RunRecord) -> Ledger:
    """Give what a run began with; nothing where it has not begun."""
    started = record.started
    return Ledger(quote="", cash=ZERO) if started is None else Ledger(quote=started.quote, cash=started.cash)


def bookings_of(record: RunRecord) -> Iterator[Booking]:
    """Give fills and resets in the order in which they were booked."""
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
