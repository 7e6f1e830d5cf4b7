"""A record's money as it was booked: the opening balance, then fills and resets, for whoever adds them up again."""

from collections.abc import Iterator
from decimal import DecimalException
from typing import assert_never

from engine.core.errors import DataError
from engine.core.events import AccountReset, DayDecided, NotBooked, OrderFilled
from engine.core.ledger import Ledger
from engine.core.money import ZERO
from engine.core.order import Fill
from engine.record.run_record import RunRecord


def opening_of(record: RunRecord) -> Ledger:
    """Give what a run began with; nothing where it has not begun."""
    started = record.started
    return Ledger(quote="", cash=ZERO) if started is None else Ledger(quote=started.quote, cash=started.cash)


def final_ledger(record: RunRecord) -> Ledger:
    """Give what all bookings lead to.

    Raises:
        DataError: as `ledgers_of`.
    """
    *_, (_, ledger) = [(None, opening_of(record)), *ledgers_of(record)]
    return ledger


def ledgers_of(record: RunRecord) -> Iterator[tuple[Fill | AccountReset | DayDecided, Ledger]]:
    """Give each booking with the ledger after it, and each decision with the one that it found, as they happened.

    Raises:
        DataError: an amount has more digits than any exchange gives.
    """
    ledger = opening_of(record)
    for event in record.events:
        match event:
            case OrderFilled(fill=fill):
                try:
                    ledger = ledger.apply(fill)
                except DecimalException as error:
                    raise DataError(
                        f"{record.folder}: is damaged: a fill of order {fill.client_order_id} has amounts that cannot "
                        "be added up"
                    ) from error
                yield fill, ledger
            case AccountReset():
                ledger = ledger.after_reset(event.written_off)
                yield event, ledger
            case DayDecided():
                yield event, ledger
            case _:
                if not isinstance(event, NotBooked):
                    assert_never(event)
