"""Why a day was decided as it was: conditions with their distances, and changes that would have flipped the decision.

Types only, with no knowledge of any strategy. A strategy's explainer makes the conditions and proposes changes; whether
a change flips the decision is found out by applying it (engine/counterfactual.py), never taken on trust.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, Protocol, TypeVar

from engine.core.changes import Change
from engine.core.events import EvidenceValue
from engine.core.market import History
from engine.core.strategy import Decision, Holdings, Observations, StrategyParams, StrategyState

StateT = TypeVar("StateT", bound=StrategyState)
FactsT = TypeVar("FactsT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a decision, or several under one name.

    Attributes:
        name: short and the same on every day; conditions are counted by it.
        sentence: value, threshold and distance in words.
        holds: None where it is not known.
        value, threshold: what is compared; None where there is nothing to compare.
        distance: value over threshold - 1 for prices, else value - threshold in `unit`; None where that says nothing.
        unit: of the distance: `fraction`, `weeks`, `sessions`, `bars`.
        needs: whether all of `parts` must hold or any; parts: empty for a condition that stands alone.
    """

    name: str
    holds: bool | None
    sentence: str
    value: EvidenceValue = None
    threshold: EvidenceValue = None
    distance: float | None = None
    unit: str = "fraction"
    needs: Literal["all", "any"] = "all"
    parts: tuple["Condition", ...] = ()

    @property
    def cause(self) -> str:
        """The name of the first part that does not hold; its own without one."""
        return next((part.cause for part in self.parts if not part.holds), self.name)


def rule(name: str, parts: Iterable[Condition], *, needs: Literal["all", "any"], sentence: str = "") -> Condition:
    """Put conditions together under one name."""
    given = tuple(parts)
    held = sum(part.holds is True for part in given)
    return Condition(
        name=name,
        holds=held == len(given) if needs == "all" else held > 0,
        sentence=sentence or f"{held} of {len(given)} {'hold' if needs == 'all' else 'hold; one is enough'}",
        value=held,
        threshold=len(given) if needs == "all" else 1,
        distance=float(held - (len(given) if needs == "all" else 1)),
        unit="conditions",
        needs=needs,
        parts=given,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[StateT, FactsT]):
    """One decision, with all that it was made of.

    Attributes:
        state: before the decision.
        history, observations: at least up to the end of the day; what comes later is not to be looked at.
    """

    day: date
    state: StateT
    history: History
    observations: Observations[FactsT]
    holdings: Holdings
    decision: Decision[StateT]


class Explainer(Protocol[StateT, FactsT]):
    """What a module in `strategies/explanations/` offers under the name `Explainer`, built of the parameters."""

    def tree(self, case: Case[StateT, FactsT]) -> Condition:
        """Give the rules that were looked at, true or false; the root holds on days that trade."""
        ...

    def awaited(self, case: Case[StateT, FactsT]) -> Condition | None:
        """Give the rule whose parts are what keeps the strategy from trading; None while it waits for no entry."""
        ...

    def proposals(self, case: Case[StateT, FactsT]) -> Iterable[Change]:
        """Give changes that may flip the decision, the smallest first; each is tried before it is offered."""
        ...

    def otherwise(self, case: Case[StateT, FactsT]) -> str:
        """Say why no change flips the decision, for the case that none does."""
        ...


class ExplainerFactory(Protocol):
    """Builds an explainer from the strategy's parameters."""

    def __call__(self, params: StrategyParams) -> Explainer[StrategyState, object]:
        """Build it."""
        ...
