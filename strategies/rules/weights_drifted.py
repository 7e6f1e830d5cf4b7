"""What is held has drifted from the targets further than is allowed: trade back to them."""

from collections.abc import Iterable, Mapping
from datetime import date

from engine.core.changes import Change, SetParameter
from engine.core.columns import distance_of
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import EveryDay, Position, Rule, RuleCase, RuleParams

MARGIN = 1e-9


class WeightsDrifted(Rule[RuleParams, date, EveryDay]):
    """Holds when a weight is further from its target than allowed, and no orders wait."""

    title = "weights drifted"

    def __init__(self, allowed: float, targets: Mapping[str, float]) -> None:
        self._allowed, self._targets = allowed, targets

    def observe(self, history: History) -> EveryDay:
        """Observe nothing: it looks at what is held."""
        return EveryDay()

    def read(self, facts: date, position: Position) -> Reading:
        """Compare the furthest weight with what is allowed."""
        held, targets = position.holdings.weights(), self._targets
        assets = {*targets, *held}.difference(position.holdings.stuck)
        drift = max((abs(held.get(asset, 0.0) - targets.get(asset, 0.0)) for asset in assets), default=0.0)
        return Reading(
            holds=drift > self._allowed and not position.holdings.orders_waiting,
            value=drift,
            threshold=self._allowed,
            distance=distance_of(drift, self._allowed),
        )

    def details(self, case: RuleCase[EveryDay]) -> tuple[str, tuple[Condition, ...]]:
        """Say how far the furthest is."""
        waiting = "; orders still wait" if case.position.holdings.orders_waiting else ""
        return (
            f"the furthest weight is {case.reading.value:.4f} from its target, {self._allowed:g} is allowed{waiting}",
            (),
        )

    def changes(self, case: RuleCase[EveryDay], *, holds: bool) -> Iterable[Change]:
        """Propose the limit just above or below the drift."""
        drift = case.reading.value or 0.0
        after = drift * (1 - MARGIN if holds else 1 + MARGIN)
        if not case.position.holdings.orders_waiting and 0 < after < 1:
            part = SetParameter(key="strategy.rebalance_drift", before=self._allowed, after=after)
            yield part.as_change(f"the furthest weight is {drift:.4f} from its target")
