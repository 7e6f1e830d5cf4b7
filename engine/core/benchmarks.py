"""Buy and hold over the same days, at the same costs, by the same planner and fill rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum

import numpy as np

from engine.core.calendar import opening_instant
from engine.core.fills import execute_at, fill_of
from engine.core.ledger import Ledger
from engine.core.market import BarSeries, Floats, History
from engine.core.money import ZERO, decimal_of
from engine.core.order import Fill, Order
from engine.core.planner import Planner


@dataclass(frozen=True, slots=True, kw_only=True)
class _Purchase:
    asset: str
    day: date
    quantity: float
    paid: float


def tradable_weights(
    weights: Mapping[str, float], history: History, day: date, *, min_history_days: int
) -> dict[str, float]:
    """Give the weights of the assets that have a bar on `day` and history enough, renormalised to 1; may be empty."""
    tradable = {}
    for asset, weight in weights.items():
        position = history[asset].position_on(day) if asset in history.series else None
        if position is not None and position + 1 >= min_history_days:
            tradable[asset] = weight
    total = fsum(tradable.values())
    return {asset: weight / total for asset, weight in tradable.items()}


def hold_equity(
    targets: Mapping[str, float], *, history: History, planner: Planner, start: Ledger, days: Sequence[date]
) -> Floats:
    """Give the equity of buying `targets` after the first day and never trading again.

    Args:
        targets: weights of equity, cash reserve already taken off; each asset has a bar on the first day.
        start: the account on the first day.
        days: decision days, ascending.

    Returns:
        Shape (days,), quote currency, marked at each day's close (or the last one).
    """
    equity = np.full(len(days), float(start.cash))
    ordinals = np.array([day.toordinal() for day in days])
    for purchase in _purchases(targets, history, planner, start, days):
        since = int(np.searchsorted(ordinals, purchase.day.toordinal()))
        equity[since:] += purchase.quantity * _marks(history[purchase.asset], ordinals[since:]) - purchase.paid
    return equity


def _purchases(
    targets: Mapping[str, float], history: History, planner: Planner, start: Ledger, days: Sequence[date]
) -> list[_Purchase]:
    closes = {asset: decimal_of(history[asset].close_at(days[0]) or 0.0) for asset in targets}
    plan = planner.plan(targets, ledger=start, closes=closes, day=days[0], reason="benchmark")
    dated = [(day, order) for order in plan.buys if (day := _next_bar(history[order.asset], days[0])) is not None]
    ledger = start
    purchases = []
    for day, order in sorted(dated, key=lambda pair: pair[0]):
        if day > days[-1]:
            continue
        fill = _fill(order, day, history, planner, ledger)
        if fill.quantity > ZERO:
            ledger = ledger.apply(fill)
            purchases.append(
                _Purchase(
                    asset=order.asset, day=day, quantity=float(fill.quantity), paid=float(fill.notional + fill.fee)
                )
            )
    return purchases


def _fill(order: Order, day: date, history: History, planner: Planner, ledger: Ledger) -> Fill:
    execution = execute_at(
        order,
        reference_price=decimal_of(history[order.asset].open_on(day) or 0.0),
        cash=ledger.cash,
        costs=planner.costs,
        instrument=planner.instruments[order.asset],
    )
    return fill_of(order, execution, at=opening_instant(day), order_id="", fee_asset=ledger.quote)


def _next_bar(bars: BarSeries, after: date) -> date | None:
    position = bars.position_at(after)
    following = 0 if position is None else position + 1
    return date.fromordinal(int(bars.ordinals[following])) if following < len(bars) else None


def _marks(bars: BarSeries, ordinals: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Floats:
    positions = np.searchsorted(bars.ordinals, ordinals, side="right") - 1
    marks: Floats = bars.close[positions]
    return marks
