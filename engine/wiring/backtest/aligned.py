"""A finished backtest -> its rotations side by side, with the band of random entries; wanted for its report alone."""

from datetime import date
from typing import Any

import numpy as np

from engine.analysis.study.aligned import aligned_with_chance
from engine.analysis.study.excess import Basket, Span
from engine.core.market import History
from engine.record.record_rows import RotationRow
from engine.wiring.backtest.backtest import BacktestRun


def aligned_of(run: BacktestRun) -> dict[str, Any] | None:
    """Give them as plain values; None where nothing rotated.

    A basket is what would be bought on a day by what is known on it. Nothing after the last decision day enters: it is
    marked at its close, where other ends are at the next open.
    """
    universe, rotations = run.strategy.universe, run.rotations
    if not (universe.rotates and rotations):
        return None
    bars = {symbol: run.market.history[symbol].up_to(run.span.last_day) for symbol in universe.assets}
    days = np.array([day.day.toordinal() for day in run.days])
    weights_on, known = universe.basket_on, History(series=bars)
    basket = Basket(
        weights=universe.basket,
        bars={asset: bars[asset] for asset in universe.basket if len(bars[asset])},
        core=bars[universe.core],
        costs=float(run.config.costs.commission) + float(run.config.costs.slippage),
        least_bars=universe.min_history_days,
        days=days,
        by_day=None if weights_on is None else lambda at: weights_on(known, date.fromordinal(int(days[at]))),
    )
    spans = [_span(rotation, basket) for rotation in rotations]
    return {
        "core": universe.core,
        "n": len(spans),
        "breakouts": len(sessions) if None not in (sessions := {each.breakout_session for each in rotations}) else None,
        "total_excess": basket.total(spans),
        **aligned_with_chance(basket, spans, lambda at: date.fromordinal(int(days[at])).isoformat()),
    }


def _span(rotation: RotationRow, basket: Basket) -> Span:
    entry = int(np.searchsorted(basket.days, rotation.entry_day.toordinal()))
    if rotation.exit_day is None:
        return Span(entry=entry, exit=len(basket.days) - 1, open=True)
    return Span(entry=entry, exit=int(np.searchsorted(basket.days, rotation.exit_day.toordinal())))
