"""Why the core was held, or not, by its weekly MACD."""

from collections.abc import Iterable

from engine.core.changes import Change
from engine.core.explanation import Case, Condition
from strategies.explanations.signals.macd import WeekAt, WeeklyLine, above_condition, turning
from strategies.macd_timing import MacdByDay, MacdFacts, MacdTimingParams, TimingState

TimingCase = Case[TimingState, MacdFacts]


class Explainer:
    """Explains the timing by the weekly MACD."""

    def __init__(self, params: MacdTimingParams) -> None:
        self._params = params
        self._line: WeeklyLine | None = None

    def tree(self, case: TimingCase) -> Condition:
        """Give the one condition: the side of the signal line."""
        return above_condition(self._week(case))

    def awaited(self, case: TimingCase) -> Condition | None:
        """Give it while in cash."""
        return None if case.state.invested else self.tree(case)

    def proposals(self, case: TimingCase) -> Iterable[Change]:
        """Propose the weekly close on the other side."""
        return turning(self._week(case))

    def otherwise(self, case: TimingCase) -> str:  # noqa: ARG002 - the form of every explainer
        """Say that no positive close does."""
        return "no close of the last week puts the MACD on the other side of its signal line"

    def _week(self, case: TimingCase) -> WeekAt:
        observed = case.observations
        row = None if not isinstance(observed, MacdByDay) else observed.core.position_on(case.day)
        if not isinstance(observed, MacdByDay) or row is None:
            raise TypeError("observations of another strategy")
        if self._line is None or self._line.weekly is not observed.weekly:
            self._line = WeeklyLine(core=observed.core, weekly=observed.weekly, params=self._params.macd)
        return WeekAt(line=self._line, at=int(observed.week_positions[row]))
