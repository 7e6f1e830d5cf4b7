"""The coins of a run that are out of position: as its journal leaves them, or as its summary says."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.core.events import DayDecided
from engine.core.missed import MissedPositions
from engine.core.orders_in_flight import SELL_WAIT_DAYS, OrdersInFlight
from engine.core.out_of_position import OutOfPosition, coins_out_of_position
from engine.journal.bookings import ledgers_of, opening_of
from engine.journal.run_record import RunRecord


def out_of_position_of(record: RunRecord) -> tuple[OutOfPosition, ...]:
    """Give the coins that could not be brought to their targets, at the end of the record."""
    if record.events is None:
        listed = record.summary.get("out_of_position")
        return tuple(_as_said(each) for each in listed if _is_one(each)) if isinstance(listed, list) else ()
    ledger = opening_of(record)
    for _, ledger in ledgers_of(record):  # noqa: B007 - the last one
        pass
    return coins_out_of_position(
        OrdersInFlight().after_all(record.events),
        MissedPositions().after_all(record.events),
        ledger=ledger,
        last=next((event for event in reversed(record.events) if isinstance(event, DayDecided)), None),
        wait_days=sell_wait_days_of(record.config),
    )


def sell_wait_days_of(config: Mapping[str, Any] | None) -> int:
    """Give for how many days buys wait for a sell, by a folder's configuration; the default where it does not say."""
    account = (config or {}).get("account")
    days = account.get("sell_wait_days") if isinstance(account, Mapping) else None
    return days if isinstance(days, int) else SELL_WAIT_DAYS


def _is_one(each: object) -> bool:
    return isinstance(each, Mapping) and {"asset", "since", "weight", "reason"} <= each.keys()


def _as_said(each: Mapping[str, Any]) -> OutOfPosition:
    weight = each["weight"]
    return OutOfPosition(
        asset=str(each["asset"]),
        since=date.fromisoformat(str(each["since"])),
        weight=float(weight) if isinstance(weight, int | float) else None,
        reason=str(each["reason"]),
    )
