"""The index closes below its lowest weekly close of some weeks, session after session: the rotation ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictInt

from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.changes import Change, SetClose, percent_text, price_text
from engine.core.market import BarSeries, Floats, History, closes_of
from engine.core.reading import Reading
from engine.core.rule import Exit, Position, RuleCase, RuleParams
from engine.core.series_columns import weekly_values
from strategies.signals.days import row_on
from strategies.signals.known import last_known_bars
from strategies.signals.words import number_of

MARGIN = 1e-9
"""How far past the support a changed close is put, relative."""


class TrailingSupportParams(RuleParams):
    """Parameters of the exit."""

    weeks: StrictInt = Field(10, ge=1, le=520, description="Complete weeks whose lowest close is the support.")
    sessions: StrictInt = Field(3, ge=1, le=260, description="Closes in a row below it that end the rotation.")


class Session(NamedTuple):
    """A session of the index; support: the lowest weekly close before its own week, None where a week has none."""

    day: date
    close: float
    support: float | None

    @property
    def is_below(self) -> bool:
        """Whether it closed below its support."""
        return self.support is not None and self.close < self.support


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LastSessions:
    """The last sessions known on each decision day, with their supports."""

    core: BarSeries
    index: BarSeries
    positions: NDArray[np.int64]
    supports: Floats
    count: int

    def at(self, day: date) -> tuple[Session, ...]:
        """Give those of a decision day, the last one last; fewer where there are not so many."""
        stop = int(self.positions[row_on(self.core, day)]) + 1
        return tuple(self._session(position) for position in range(max(stop - self.count, 0), stop))

    def _session(self, position: int) -> Session:
        support = float(self.supports[position])
        return Session(
            day=date.fromordinal(int(self.index.ordinals[position])),
            close=float(self.index.close[position]),
            support=None if np.isnan(support) else support,
        )


class TrailingSupport(Exit[TrailingSupportParams, tuple[Session, ...], LastSessions]):
    """Holds when each of the last sessions is dated after the entry day and closed below its support.

    The support of a session is the lowest weekly close of the weeks that were complete before its own week.
    """

    Params = TrailingSupportParams

    def observe(self, history: History) -> LastSessions:
        """Work out the support of every session."""
        core, index = history[self.setting.core], history[self.setting.index]
        weekly = weekly_values(closes_of(index), _sundays_before(index.ordinals), self.params.weeks)
        return LastSessions(
            core=core,
            index=index,
            positions=last_known_bars(index, core),
            supports=np.min(weekly, axis=1),
            count=self.params.sessions,
        )

    def read(self, facts: tuple[Session, ...], position: Position) -> Reading:
        """Compare the last closes with their supports."""
        entry_day, _ = position.entered
        last = facts[-1]
        enough = len(facts) == self.params.sessions and facts[0].day > entry_day
        if enough and any(each.support is None for each in facts):
            index, weeks = self.setting.index, self.params.weeks
            return Reading(
                holds=None,
                value=last.close,
                threshold=last.support,
                reason=f"one of the {weeks} weeks before has no close of {index}",
            )
        holds = enough and all(each.is_below for each in facts)
        return self.reading(holds=holds, value=last.close, threshold=last.support, sign="<", position=position)

    def sentence(self, reading: Reading) -> str:
        """Say how far the last close is from the support."""
        if reading.threshold is None:
            return super().sentence(reading)
        close, support = number_of(reading), reading.threshold
        side = "above" if close > support else "below"
        words = f"{percent_text(close / support - 1)} {side}" if close != support else "exactly at"
        return (
            f"{self.setting.index} close {price_text(close)} is {words} {price_text(support)}, the lowest weekly close "
            f"of {self.params.weeks} weeks; {self.params.sessions} closes in a row below end the rotation"
        )

    def changes(self, case: RuleCase[LastSessions], *, holds: bool) -> Iterable[Change]:
        """Propose closes below the support, or one that is not."""
        sessions = case.observed.at(case.day)
        if holds:
            above = [each for each in sessions if not each.is_below]
            parts = [part for each in above if (part := self._moved(each, 1 - MARGIN)) is not None]
            if parts and len(parts) == len(above):
                yield Change(parts=tuple(parts), effect="that is below the trailing support")
            return
        for each in sessions:
            part = self._moved(each, 1.0)
            if part is not None:
                yield Change(parts=(part,), effect="that is not below the trailing support")

    def unmoved(self, case: RuleCase[LastSessions]) -> str:
        """Say which sessions count."""
        entry_day, _ = case.position.entered
        return f"after {self.params.sessions} sessions of {self.setting.index} dated after {entry_day}"

    def _moved(self, session: Session, factor: float) -> SetClose | None:
        if session.support is None:
            return None
        after = session.support * factor
        return SetClose(symbol=self.setting.index, day=session.day, before=session.close, after=after)


def _sundays_before(days: Ordinals) -> Ordinals:
    """Give the Sunday before the week of each day."""
    # Ordinal 1 is a Monday.
    return days - (days - 1) % DAYS_A_WEEK - 1
