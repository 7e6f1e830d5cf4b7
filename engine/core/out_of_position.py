"""Coins that could not be brought to their targets: since when, what share of equity, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.core.calendar import decision_instant
from engine.core.events import DayDecided
from engine.core.ledger import Ledger
from engine.core.orders_in_flight import OrdersInFlight


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfPosition:
    """One of them.

    Attributes:
        since: the day on which it was first tried in vain.
        weight: fraction of the last decision's equity that is held of it; None without a close on record.
        reason: what kept it, in the venue's words.
    """

    asset: str
    since: date
    weight: float | None
    reason: str


def stuck_coins(
    orders: OrdersInFlight, ledger: Ledger, days: Sequence[DayDecided], wait_days: int
) -> tuple[OutOfPosition, ...]:
    """Give the coins whose sells are stuck at the end of the last decision day, in the order in which they are sold.

    Args:
        days: the decisions, the last one with the closes by which weights are taken.
        wait_days: calendar days for which buys wait for a sell.
    """
    if not days:
        return ()
    last = days[-1]
    stuck = orders.stuck(decision_instant(last.day), wait_days)
    reasons = {each.order.asset: each.message for each in orders if each.order.asset in stuck and each.message}
    return tuple(
        OutOfPosition(
            asset=asset,
            since=since.date(),
            weight=float(ledger.quantity(asset) * last.closes[asset] / last.equity) if asset in last.closes else None,
            reason=f"cannot be sold: {reasons.get(asset, 'it was not wholly executed')}",
        )
        for asset, since in stuck.items()
    )
