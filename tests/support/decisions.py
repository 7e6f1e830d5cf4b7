"""The decisions of a strategy on a history, without an account: held are the targets, as they drift with prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.market import History
from engine.core.rotation_equity import ROTATED, RotationEquity
from engine.core.strategy import AnyStrategy, Decision, StrategyState
from tests.support.fakes import FakeHoldings


@dataclass(frozen=True, kw_only=True)
class DecidedCase:
    """One decision with what it was made of."""

    day: date
    state: StrategyState
    holdings: FakeHoldings
    decision: Decision[StrategyState]


def decisions_of(strategy: AnyStrategy, history: History) -> Iterator[DecidedCase]:
    """Decide every day from the end of the warm-up on."""
    observations, core = strategy.observe(history), history[strategy.universe.core]
    state: StrategyState = strategy.start()
    units: dict[str, float] = {}
    cash = 1.0
    rotation: RotationEquity | None = None
    for ordinal in core.ordinals[core.ordinals >= observations.first_day.toordinal()].tolist():
        day = date.fromordinal(ordinal)
        values = {asset: held * (history[asset].close_at(day) or 0.0) for asset, held in units.items()}
        equity = cash + sum(values.values())
        now = Decimal(repr(equity))
        rotation = None if rotation is None else rotation.marked(now)
        holdings = FakeHoldings(held={asset: value / equity for asset, value in values.items()}, rotation=rotation)
        decision: Decision[StrategyState] = strategy.decide(state, observations.at(day), holdings)
        yield DecidedCase(day=day, state=state, holdings=holdings, decision=decision)
        if decision.trade:
            closes = {asset: history[asset].close_at(day) or 1.0 for asset in decision.targets}
            units = {asset: weight * equity / closes[asset] for asset, weight in decision.targets.items()}
            cash = equity * (1 - sum(decision.targets.values()))
        if decision.state.name != ROTATED:
            rotation = None
        elif state.name != ROTATED:
            rotation = RotationEquity(entry=now, highest=now, now=now)
        state = decision.state
