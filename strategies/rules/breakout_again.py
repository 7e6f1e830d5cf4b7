"""The golden cross, also where support was lost and a breakout has been confirmed since: that spends no cross."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from engine.core.changes import Change
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Position, RuleCase
from strategies.rules.golden_cross import GoldenCross
from strategies.signals.breakout import NEVER
from strategies.signals.days import DailyBreakout, DailyMacd, WeekFacts, row_on

SUPPORT_LOST = "support_lost"


class CrossAndBreakouts(NamedTuple):
    """The weekly MACD, and the breakouts in force over the days that are as this one is of it.

    Attributes:
        confirmed: the session of the breakout in force, None without one, each with the first day of it, ascending.
    """

    week: WeekFacts
    confirmed: tuple[tuple[date, date | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyCross:
    """Both by decision day."""

    macd: DailyMacd
    breakout: DailyBreakout

    def at(self, day: date) -> CrossAndBreakouts:
        """Give what is known at the end of a decision day."""
        week = self.macd.at(day)
        return CrossAndBreakouts(week=week, confirmed=self._confirmed(week.since, day) if week.in_time else ())

    def _confirmed(self, first: date, last: date) -> tuple[tuple[date, date | None], ...]:
        core, breakout = self.macd.core, self.breakout
        rows = slice(row_on(core, first), row_on(core, last) + 1)
        confirmed = breakout.columns.breakout_session[breakout.positions[rows]]
        sessions = np.where(breakout.in_force[rows], confirmed, NEVER)
        begun = (0, *(np.flatnonzero(np.diff(sessions)) + 1).tolist())
        days = core.ordinals[rows]
        return tuple(
            (date.fromordinal(int(days[at])), date.fromordinal(int(sessions[at])) if sessions[at] != NEVER else None)
            for at in begun
        )


class BreakoutAgain(GoldenCross):
    """Holds like the golden cross; after a loss of support a breakout that was confirmed since makes a spent one do."""

    def observe(self, history: History) -> Any:
        """Compute the weekly MACD and follow the breakouts."""
        return DailyCross(macd=self.setting.daily_macd.of(history), breakout=self.setting.daily_breakout.of(history))

    def read(self, facts: Any, position: Position) -> Reading:
        """Compare MACD and signal line; where the cross is spent, ask for a breakout since."""
        reading = super().read(facts.week, position)
        exit_day = position.exit_day
        if reading.holds or not facts.week.in_time or exit_day is None or position.left_by != SUPPORT_LOST:
            return reading
        again = [(day, session is not None and session > exit_day) for day, session in facts.confirmed]
        holds, since = again[-1][1], again[-1][0]
        for day, was in reversed(again):
            if was is not holds:
                break
            since = day
        return reading._replace(holds=holds, since=max(since, exit_day + timedelta(days=1)))

    def looks_at(self, position: Position) -> object:
        """Give the day up to which crosses are spent, and how that rotation ended."""
        return position.exit_day, position.left_by

    def details(self, case: RuleCase[Any]) -> tuple[str, tuple[Condition, ...]]:
        """Say of which week it is, what became of it, and which breakout lets a spent one count."""
        words, parts = super().details(_of_macd(case))
        facts, exit_day = case.observed.at(case.day), case.position.exit_day
        if exit_day is None or case.position.left_by != SUPPORT_LOST or not facts.week.in_time:
            return words, parts
        session = facts.confirmed[-1][1]
        holds = session is not None and session > exit_day
        what = f"the breakout of {session} was confirmed" if holds else "no breakout in force was confirmed"
        again = Condition(
            name="breakout confirmed again", holds=holds, sentence=f"{what} after support was lost on {exit_day}"
        )
        timely, free, above = parts
        # One of the two is enough: a cross that is not spent, or a breakout since.
        kept = (free,) if free.holds else (again,)
        return words, (timely, *kept, above)

    def changes(self, case: RuleCase[Any], *, holds: bool) -> Iterable[Change]:
        """Propose what makes or undoes a cross, and what confirms or undoes the breakout."""
        from strategies.signals import breakout_changes  # noqa: PLC0415 - wanted where somebody explains

        yield from super().changes(_of_macd(case), holds=holds)
        breakout = case.observed.breakout.on(case.day)
        yield from breakout_changes.confirming(breakout) if holds else breakout_changes.unconfirming(breakout)

    def unmoved(self, case: RuleCase[Any]) -> str:
        """Say so where no week has ended since the last rotation."""
        return super().unmoved(_of_macd(case))


def _of_macd(case: RuleCase[Any]) -> RuleCase[DailyMacd]:
    return replace(case, observed=case.observed.macd)
