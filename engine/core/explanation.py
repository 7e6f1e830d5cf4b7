"""Why a day was decided as it was: conditions with their distances, and changes that would have flipped the decision.

Types only, with no knowledge of any strategy. Its rules make the conditions and propose changes (explaining.py).
Whether a change flips the decision is found out by applying it (trading/counterfactual.py), never taken on trust.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeVar

from engine.core.events import EvidenceValue
from engine.core.market import History
from engine.core.strategy import Decision, Holdings, Observations, StrategyState

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
        needs: whether all of `parts` must hold, any, or none; parts: empty for a condition that stands alone.
    """

    name: str
    holds: bool | None
    sentence: str
    value: EvidenceValue = None
    threshold: EvidenceValue = None
    distance: float | None = None
    unit: str = "fraction"
    needs: Literal["all", "any", "none"] = "all"
    parts: tuple["Condition", ...] = ()

    @property
    def cause(self) -> str:
        """The name of the first part that is not as it must be; its own without one."""
        wanted = self.needs != "none"
        return next((part.cause for part in self.parts if (part.holds is True) is not wanted), self.name)


def rule(name: str, parts: Iterable[Condition], *, needs: Literal["all", "any", "none"]) -> Condition:
    """Put conditions together under one name."""
    given = tuple(parts)
    held = sum(part.holds is True for part in given)
    wanted = {"all": len(given), "any": 1, "none": 0}[needs]
    more = {"all": "", "any": "; one is enough", "none": "; none is wanted"}[needs]
    return Condition(
        name=name,
        holds=held == 0 if needs == "none" else held >= wanted,
        sentence=f"{held} of {len(given)} hold{more}",
        value=held,
        threshold=wanted,
        distance=float(held - wanted),
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
