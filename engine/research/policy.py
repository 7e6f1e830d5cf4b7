"""What a policy is: how strict a comparison of two runs is, and what it knows of the live run's exchange."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from engine.core.planner import Plan, Planner
from engine.research.decisions import ComparedDecisions
from engine.research.differences import Cause, Difference
from engine.research.gaps import Amounts
from engine.research.steps import Evening, Execution, RunSteps, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What both runs made of one asset in one change of targets, as differences that add up; a sale is below 0.

    Attributes:
        ours, theirs: the step in the backtest and in the live run; None where a run has none.
        quantity, live_quantity: planned.
        planned, executed: backtest minus live, by difference; `executed` is filled in once fills are booked.
    """

    asset: str
    ours: Step | None
    theirs: Step | None
    quantity: float
    live_quantity: float
    planned: Amounts
    executed: Amounts = field(default_factory=dict)

    @property
    def executions(self) -> Sequence[Sequence[Execution]]:
        """The executions of the backtest and of the live run."""
        return [step.executions_of(self.asset) if step else [] for step in (self.ours, self.theirs)]


class Policy(Protocol):
    """How strict a comparison is."""

    @property
    def causes(self) -> Collection[Cause]:
        """Those that may explain; where another one would have to, it is unexplained."""
        ...

    def decisions(self, ours: Sequence[Evening], theirs: Sequence[Evening]) -> ComparedDecisions:
        """Compare the decisions."""
        ...

    def misfits(self, live: RunSteps) -> Iterable[Difference]:
        """Say where the live run's record of its account is not what its fills come to; the last one has a cost."""
        ...

    def sized(self, step: Step) -> Evening | None:
        """Give the evening by whose closes and account live orders were to be sized; None where that did not come."""
        ...

    def planner(self, step: Step) -> Planner:
        """Give a planner by the rules that the live run planned with."""
        ...

    def plan_fault(self, step: Step, plan: Plan) -> str:
        """Say how live orders are not those of the plan; empty where they are, or their quantities alone count."""
        ...

    def fill_faults(self, pair: Pair) -> Iterable[tuple[date, str]]:
        """Say what is wrong with what was executed of an asset live, by the day; nothing explains it."""
        ...

    def why_short(self, pair: Pair, step: Step, *, done: float) -> tuple[Cause | None, str]:
        """Say why the live run executed something else than it ordered: a cause, or none, and words."""
        ...

    def effects(self, pair: Pair) -> Iterable[Difference]:
        """Give the differences in orders and fills that are listed though they follow from others."""
        ...

    def equity_effects(self, ours: Evening, theirs: Evening, gap: Amounts) -> Iterable[Difference]:
        """Give the difference in equity on a day, where it is listed though it follows from others."""
        ...

    def listed(
        self, origins: Sequence[Difference], effects: Sequence[Difference], *, nothing: float
    ) -> Sequence[Difference]:
        """Give what is listed, in order.

        Args:
            nothing: a cost that is none, in quote currency.
        """
        ...
