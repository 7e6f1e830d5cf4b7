"""Whose targets are scaled by the limits on the whole account: those of every strategy, once a change of targets."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol, TypeAlias, TypeVar

from engine.core.market import History
from engine.core.strategy import Decision, Holdings, StrategyState

Weights: TypeAlias = Mapping[str, float]
StateT = TypeVar("StateT", bound=StrategyState)


class Sizing(Protocol):
    """Scales the targets of a change, from what was known at a day's end."""

    def sized(self, targets: Weights, history: History, day: date) -> Weights:
        """Give the targets that are traded for."""
        ...

    def scale(self, targets: Weights, history: History, day: date) -> float:
        """Give what they are multiplied by."""
        ...


def sized_targets(
    decision: Decision[StateT], holdings: Holdings, *, standing: Weights | None, wanted: Weights | None
) -> tuple[Weights, Weights | None]:
    """Size the targets of a strategy that does not do it itself.

    Args:
        standing: the targets that stood before the decision, None before the first; wanted: what the strategy wanted
            then, where they were scaled.

    Returns:
        The targets that stand from now on, and what the strategy wants, where that is something else.
    """
    ours = decision.targets
    if decision.is_sized:
        return ours, None
    if standing is not None and dict(ours) == dict(standing if wanted is None else wanted):
        # No change of targets, or a trade back to them.
        return standing, wanted
    targets = holdings.sized(ours) if decision.trade else ours
    return targets, None if dict(targets) == dict(ours) else ours
