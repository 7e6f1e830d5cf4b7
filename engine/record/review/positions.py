"""The coins of a run that are out of position: as its journal leaves them, or as its summary says."""

from engine.core.events import DayDecided
from engine.core.missed import MissedPositions
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.out_of_position import OutOfPosition, coins_out_of_position
from engine.record.bookings import final_ledger
from engine.record.configured import configured_sell_wait_days
from engine.record.run_record import RunRecord


def out_of_position_of(record: RunRecord) -> tuple[OutOfPosition, ...]:
    """Give the coins that could not be brought to their targets, at the end of the record."""
    return coins_out_of_position(
        OrdersInFlight().after_all(record.events),
        MissedPositions().after_all(record.events),
        ledger=final_ledger(record),
        last=next((event for event in reversed(record.events) if isinstance(event, DayDecided)), None),
        wait_days=configured_sell_wait_days(record.config),
    )
