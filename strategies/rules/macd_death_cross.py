"""The core's weekly MACD fell to its signal line, or below, after the entry: the rotation ends."""

from collections.abc import Iterable

from engine.core.changes import Change
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Exit, Position, RuleCase, RuleParams
from strategies.rules.macd_above import above_words
from strategies.signals.days import DailyMacd, WeekFacts
from strategies.signals.setting import RotationSetting


class MacdDeathCross(Exit[RuleParams, WeekFacts, DailyMacd]):
    """Holds when a week that ended after the entry day has the MACD at its signal line, or below."""

    setting: RotationSetting

    def observe(self, history: History) -> DailyMacd:
        """Compute the weekly MACD."""
        return self.setting.daily_macd.of(history)

    def read(self, facts: WeekFacts, position: Position) -> Reading:
        """Compare MACD and signal line of the last complete week."""
        entry_day, _ = position.entered
        holds = facts.week > entry_day and not facts.above_signal
        return self.reading(holds=holds, value=facts.macd, threshold=facts.signal, sign="<=", position=position)

    def details(self, case: RuleCase[DailyMacd]) -> tuple[str, tuple[Condition, ...]]:
        """Say where the MACD is, and whether its week counts."""
        (entry_day, _), week = case.position.entered, case.observed.at(case.day).week
        words = above_words(case.observed.on(case.day))
        return words if week > entry_day else f"{words}; no week has ended after the entry day, {entry_day}", ()

    def changes(self, case: RuleCase[DailyMacd], *, holds: bool) -> Iterable[Change]:
        """Propose the weekly close on the other side of the signal line, where the week counts."""
        from strategies.signals.macd_changes import turning  # noqa: PLC0415 - wanted where somebody explains

        entry_day, _ = case.position.entered
        return turning(case.observed.on(case.day)) if case.observed.at(case.day).week > entry_day else ()

    def unmoved(self, case: RuleCase[DailyMacd]) -> str:
        """Say which weeks count."""
        entry_day, _ = case.position.entered
        if case.observed.at(case.day).week <= entry_day:
            return f"at the end of a week that is over after the entry day, {entry_day}"
        return "at a close that puts the MACD on the other side of its signal line, and no positive one does"
