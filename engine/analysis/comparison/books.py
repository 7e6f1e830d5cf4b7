"""What a comparison works with: the bars of today, a policy, the gaps between the accounts so far, what was found."""

from collections.abc import Mapping
from datetime import date

from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.gaps import AccountGaps
from engine.analysis.comparison.policy import Policy
from engine.analysis.comparison.steps import RunSteps
from engine.core.market import History
from engine.core.money import decimal_of, plain
from engine.core.planner import Planner


class Books:
    """The books of a comparison.

    Attributes:
        history: today's bars, those of the backtest; planner: the backtest's.
        gaps: between the accounts; they grow.
        origins: the differences that go back to nothing else, in the order in which they were found.
        revised: by day, the closes that the live run saw otherwise.
    """

    def __init__(
        self, backtest: RunSteps, live: RunSteps, *, history: History, planner: Planner, policy: Policy
    ) -> None:
        self.history, self.planner, self.policy = history, planner, policy
        self.gaps = AccountGaps()
        self.origins: dict[Difference, None] = dict.fromkeys(policy.decisions.differences)
        self.origins.update(dict.fromkeys(each for faults in policy.faults.values() for each in faults))
        self._seen: dict[str, list[tuple[date, float]]] = {}
        for decided in (evening.decided for evening in live.evenings):
            for asset, close in decided.closes.items():
                self._seen.setdefault(asset, []).append((decided.day, float(close)))
        traded = (asset for run in (backtest, live) for step in run.steps for asset in step.assets)
        strays = (each.fill.asset for run in (backtest, live) for each in run.strays)
        self._assets = tuple(dict.fromkeys((*planner.trading_order, *self._seen, *traded, *strays)))
        self.revised = self._revisions(live)

    def found(self, day: date, kind: str, cause: Cause | None, what: str) -> Difference:
        """Give a difference, and put it on the list; a cause that may not explain is none."""
        origin = Difference(day=day, kind=kind, cause=cause if cause in self.policy.causes else None, what=what)
        self.origins[origin] = None
        return origin

    def closes(self, day: date) -> dict[str, float]:
        """Give today's closes of a day; of an asset that today's data lack, the last one that the live run saw."""
        return {asset: self._close(asset, day) for asset in self._assets}

    def _close(self, asset: str, day: date) -> float:
        bars = self.history.series.get(asset)
        close = bars.close_at(day) if bars is not None else None
        if close is None:
            close = next((seen for at, seen in reversed(self._seen.get(asset, ())) if at <= day), 0.0)
        return close

    def _revisions(self, live: RunSteps) -> Mapping[date, Mapping[str, Difference]]:
        revised: dict[date, dict[str, Difference]] = {}
        for decided in (evening.decided for evening in live.evenings):
            for asset, seen in decided.closes.items():
                today = self._close(asset, decided.day)
                if seen != decimal_of(today):
                    size = f" ({100 * (today / float(seen) - 1):+.2f} %)"
                    words = f"{asset} close {plain(seen)} live, today {plain(decimal_of(today))}{size}"
                    revised.setdefault(decided.day, {})[asset] = self.found(decided.day, "bar", Cause.REVISION, words)
        return revised
