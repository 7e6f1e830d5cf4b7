"""What holding would have come to over a run's days, at its costs."""

from collections.abc import Sequence
from datetime import date

from engine.core.benchmarks import hold_equity, tradable_weights
from engine.core.market import Floats, History
from engine.core.planner import Planner
from engine.core.strategy import Universe
from engine.settings.config import Account
from engine.trading.terms import Terms
from engine.wiring.backtest.terms import instruments_of
from engine.wiring.data.market import BENCHMARK_COINS


def benchmark_curves(
    terms: Terms, account: Account, universe: Universe, history: History, days: Sequence[date]
) -> dict[str, Floats | None]:
    """Give the equity of the benchmarks on the decision days; None for one that is not tradable on the first.

    Args:
        account: has the rules of what the run itself does not trade.
    """
    curves: dict[str, Floats | None] = {}
    wanted = {coin: {coin: 1.0} for coin in BENCHMARK_COINS} | {"basket": dict(universe.basket)}
    if universe.basket_on is not None:
        wanted["basket"] = dict(universe.basket_on(history, days[0]))
    for name, weights in wanted.items():
        tradable = tradable_weights(weights, history, days[0], min_history_days=universe.min_history_days)
        if not tradable:
            curves[name] = None
            continue
        known = {asset: rules for asset, rules in terms.instruments.items() if asset in tradable}
        known |= instruments_of(account, [asset for asset in tradable if asset not in known])
        buyer = Planner(account="hold", instruments=known, costs=terms.costs, trading_order=tuple(tradable))
        targets = {asset: weight * (1 - universe.cash_reserve) for asset, weight in tradable.items()}
        curves[name] = hold_equity(targets, history=history, planner=buyer, start=terms.start, days=days)
    return curves
