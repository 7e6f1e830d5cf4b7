"""The rotation has lasted its weeks: it ends."""

from collections.abc import Iterable
from datetime import date, timedelta

from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import Change, SetParameter
from engine.core.explanation import Condition
from engine.core.reading import Reading
from engine.core.rule import EveryDay, Exit, Position, RuleCase, RuleParams
from strategies.signals.setting import RotationSetting


class TimeExit(Exit[RuleParams, date, EveryDay]):
    """Holds from the day on that is `hold_weeks` after the entry day."""

    # It counts weeks.
    is_drawn = False
    setting: RotationSetting

    @property
    def title(self) -> str:
        """Say how many weeks."""
        return f"{self.setting.hold_weeks} weeks over"

    def read(self, facts: date, position: Position) -> Reading:
        """Count the weeks since the entry."""
        entry_day, _ = position.entered
        weeks = (facts - entry_day).days / DAYS_A_WEEK
        return self.compared(weeks, ">=", float(self.setting.hold_weeks), position)

    def details(self, case: RuleCase[EveryDay]) -> tuple[str, tuple[Condition, ...]]:
        """Say when it was entered, and when the time is over."""
        entry_day, _ = case.position.entered
        until = entry_day + timedelta(weeks=self.setting.hold_weeks)
        return f"entered on {entry_day}, {case.reading.value:.1f} weeks ago; the time is over on {until}", ()

    def changes(self, case: RuleCase[EveryDay], *, holds: bool) -> Iterable[Change]:
        """Propose the whole weeks with which the time is over, or is not."""
        before, (entry_day, _) = self.setting.hold_weeks, case.position.entered
        weeks = (case.day - entry_day).days // DAYS_A_WEEK + (not holds)
        if weeks >= 1 and (weeks < before if holds else weeks > before):
            part = SetParameter(key="strategy.hold_weeks", before=before, after=weeks)
            yield part.as_change(f"the rotation's time is then {'' if holds else 'not '}over")

    def unmoved(self, case: RuleCase[EveryDay]) -> str:
        """Say that weeks are whole."""
        return "after a whole week"
