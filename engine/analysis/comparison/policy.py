"""What a policy is: how strict a comparison of two runs is, and what is known of the live run's exchange."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from engine.analysis.comparison.decisions import ComparedDecisions
from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.gaps import Amounts
from engine.analysis.comparison.steps import BookedFill, Evening, RunSteps, Step
from engine.core.money import plain
from engine.core.planner import Planner


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPair:
    """What both runs made of one asset in one change of targets; a sale is below 0.

    Attributes:
        ours, theirs: the step in the backtest and in the live run; None where a run has none.
        quantity, live_quantity: planned.
        planned, executed: backtest minus live, in amounts that add up to it; the latter once fills are booked.
    """

    asset: str
    day: date
    ours: Step | None
    theirs: Step | None
    quantity: float
    live_quantity: float
    planned: Amounts
    executed: Amounts = field(default_factory=dict)

    @property
    def executions(self) -> Sequence[Sequence[BookedFill]]:
        """The executions of the backtest and of the live run."""
        return [step.executions_of(self.asset) if step else [] for step in (self.ours, self.theirs)]


Worth: TypeAlias = tuple[Evening, Evening, Mapping[Cause | None, float]]
"""An evening of the backtest and of the live run, and the gap in equity by cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How strict a comparison is.

    Attributes:
        causes: those that may explain; where another one would have to, it is unexplained.
        decisions: the decisions compared.
        misfits: where the live run's record of its account is not what its fills come to; the last one has a cost.
        faults: what is wrong by itself, by decision day and asset; of a plan as a whole, by "". Fills of an asset that
            is there were worked out anew.
        sized: gives the evening by which live orders were to be sized; None where that did not come.
        planner: plans by the rules that the live run planned with.
        why_short: says why the live run executed another quantity than it ordered: a cause or none, and words.
        listed: gives what is listed of all differences, pairs and evenings, in order.
    """

    causes: Collection[Cause]
    decisions: ComparedDecisions
    misfits: Sequence[Difference]
    faults: Mapping[tuple[date, str], Sequence[Difference]]
    sized: Callable[[Step], Evening | None]
    planner: Callable[[Step], Planner]
    why_short: Callable[[OrderPair, Step, float], tuple[Cause | None, str]]
    listed: Callable[[Sequence[Difference], Sequence[OrderPair], Sequence[Worth]], Sequence[Difference]]


def account_misfits(live: RunSteps, worth: Sequence[Decimal], *, kind: str, what: str) -> Iterator[Difference]:
    """Say where cash or equity of the live run's record are not what its fills come to; the last equity has a cost.

    Args:
        worth: equity by the ledger, an evening each.
        what: names either in a sentence, in place of {}.
    """
    for evening, equity in zip(live.evenings, worth, strict=True):
        decided, ledger, is_last = evening.decided, evening.ledger, evening is live.evenings[-1]
        for name, has, due in (("cash", decided.cash, ledger.cash), ("equity", decided.equity, equity)):
            if has != due:
                words = f"{what.format(name)} is {plain(has)}, and its fills come to {plain(due)}"
                cost = float(has - due) if is_last and name == "equity" else 0.0
                yield Difference(day=decided.day, kind=kind, what=words, cause=None, cost=cost)
