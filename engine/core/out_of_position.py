"""Coins that could not be brought to their targets: since when, what share of equity, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.calendar import decision_instant
from engine.core.events import DayDecided
from engine.core.ledger import Ledger
from engine.core.missed import MissedPositions
from engine.core.order import Side
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

    @property
    def words(self) -> str:
        """Say all of it in a line."""
        share = "" if self.weight is None else f" ({self.weight:.2%} of equity)"
        return f"{self.asset}{share} since {self.since}: {self.reason}"


def coins_out_of_position(
    orders: OrdersInFlight,
    missed: MissedPositions,
    *,
    ledger: Ledger,
    last: DayDecided | None,
    wait_days: int,
) -> tuple[OutOfPosition, ...]:
    """Give the coins that are out of position at the end of the last decision day: stuck ones first, then missed ones.

    Args:
        last: the last decision, with the closes by which weights are taken; None before any.
        wait_days: calendar days for which buys wait for a sell.
    """
    if last is None:
        return ()
    found: dict[str, OutOfPosition] = {}
    for asset, since, reason in (*_stuck(orders, last.day, wait_days), *_missed(missed)):
        held, close = ledger.quantity(asset), last.closes.get(asset)
        weight = None if close is None or not last.equity else float(held * close / last.equity)
        # Of what is nowhere held the weight is known without a price.
        known = 0.0 if held == Decimal(0) else weight
        found.setdefault(asset, OutOfPosition(asset=asset, since=since, weight=known, reason=reason))
    return tuple(found.values())


def _stuck(orders: OrdersInFlight, day: date, wait_days: int) -> Iterator[tuple[str, date, str]]:
    stuck = orders.stuck(decision_instant(day), wait_days)
    flights = [each for each in orders if each.order.asset in stuck]
    reasons = {each.order.asset: each.message for each in flights if each.message}
    wiped = {each.order.asset for each in flights if each.order.restores}
    for asset, since in stuck.items():
        cannot = "cannot be bought back" if asset in wiped else "cannot be sold"
        yield asset, since.date(), f"{cannot}: {reasons.get(asset, 'it was not wholly executed')}"


def _missed(missed: MissedPositions) -> Iterator[tuple[str, date, str]]:
    for each in missed.coins.values():
        done = "bought" if each.side is Side.BUY else "sold"
        yield each.asset, each.since, f"not wholly {done}: {each.message}"
