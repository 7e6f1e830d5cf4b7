"""What a day's decision would have been, had something been different: a change is applied, and the day decided again.

The account and what the strategy remembers stay as they were on the evening before: a change speaks of this day's
decision alone. Where a changed close had been known on earlier days, the first day that it would have decided
otherwise is found as well.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from engine.core.calendar import decision_instant
from engine.core.changes import Change
from engine.core.errors import DataError
from engine.core.explained import Flip
from engine.core.market import History
from engine.core.strategy import AnyStrategy, Decision, Holdings, StrategyParams, StrategyState

MOST_TRIES = 80
"""Proposals that are tried for one day; they come smallest first, and the first few nearly always serve."""
MOST_HALVINGS = 12
BISECTIONS = 30
HALF = 0.5


class WhatIf:
    """Decides one day again under changes.

    A decision is flipped when its next state is another, or when it trades and did not, or did not and traded.

    Args:
        build: makes the strategy of its parameters.
        history: whole; it is cut off at the day's end.
        state: what the strategy remembers on the evening before.
        past: earlier days with the state before each, for `Flip.since`.
    """

    def __init__(
        self,
        build: Callable[[StrategyParams], AnyStrategy],
        params: StrategyParams,
        *,
        history: History,
        day: date,
        state: StrategyState,
        holdings: Holdings,
        past: Sequence[tuple[date, StrategyState]] = (),
    ) -> None:
        self.history = history.known_by(decision_instant(day))
        self.day = day
        self.state = state
        self.holdings = holdings
        self._build = build
        self._params = params
        self._past = past
        self.strategy = build(params)
        self.observations = self.strategy.observe(self.history)
        self.decision: Decision[StrategyState] = self.strategy.decide(state, self.observations.at(day), holdings)

    def decided(self, change: Change) -> Decision[StrategyState] | None:
        """Decide the day under a change; None where it leaves no history to decide on."""
        try:
            params = change.applied_to_params(self._params)
            # Most changes are of closes alone.
            strategy = self.strategy if params is self._params else self._build(params)
            observations = strategy.observe(change.applied_to(self.history))
        except (DataError, ValueError):
            return None
        decided: Decision[StrategyState] = strategy.decide(self.state, observations.at(self.day), self.holdings)
        return decided

    def is_flipped_by(self, change: Change) -> bool:
        """Tell whether the decision is another under a change."""
        decided = self.decided(change)
        return decided is not None and _outcome(decided) != _outcome(self.decision)

    def flips(self, proposals: Iterable[Change], *, most: int = 3) -> tuple[Flip, ...]:
        """Try proposals, and give those that hold what they promise, the smallest first.

        Args:
            most: how many are wanted; no two of them change the same series and parameters.
        """
        found: list[Change] = []
        for number, proposal in enumerate(proposals):
            if len(found) == most or number == MOST_TRIES:
                break
            if not proposal.parts or any(proposal.subjects == other.subjects for other in found):
                continue
            least = self._least(proposal)
            if least is not None and all(least.subjects != other.subjects for other in found):
                found.append(least)
        return tuple(self._flip(change) for change in sorted(found, key=lambda change: change.size))

    def _least(self, proposal: Change) -> Change | None:
        """Give the least of a proposal that flips the decision while half of it does not; None without one."""
        if not self.is_flipped_by(proposal):
            return None
        for part in proposal.parts:
            without = proposal.without(part)
            if self.is_flipped_by(without):
                proposal = without
        enough = 1.0
        for _ in range(MOST_HALVINGS):
            if not self.is_flipped_by(proposal.of(enough / 2)):
                break
            enough /= 2
        else:
            return None
        if enough == 1:
            return proposal
        low = enough / 2
        for _ in range(BISECTIONS):
            middle = (low + enough) / 2
            low, enough = (low, middle) if self.is_flipped_by(proposal.of(middle)) else (middle, enough)
        least = proposal.of(enough)
        is_sound = self.is_flipped_by(least) and not self.is_flipped_by(least.of(HALF))
        return least if is_sound else None

    def _flip(self, change: Change) -> Flip:
        decided = self.decided(change)
        if decided is None:
            raise ValueError(f"no flip: {change.sentence}")
        return Flip(
            change=change, reason=decided.reason, next_state=decided.state.name, since=self._first_told_by(change)
        )

    def _first_told_by(self, change: Change) -> date | None:
        """Find the first day that is decided otherwise, were its own closes changed so."""
        if len(change.closes) < len(change.parts):
            return None
        first = min(part.day for part in change.closes)
        changed = self.strategy.observe(change.applied_to(self.history))
        for day, state in self._past:
            if day < first or day >= self.day:
                continue
            as_it_was = self.strategy.decide(state, self.observations.at(day), self.holdings)
            as_it_would_be = self.strategy.decide(state, changed.at(day), self.holdings)
            if _outcome(as_it_was) != _outcome(as_it_would_be):
                return day
        return self.day


def _outcome(decision: Decision[StrategyState]) -> tuple[str, bool]:
    return decision.state.name, decision.trade
