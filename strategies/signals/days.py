"""Breakout and MACD as they stood on each decision day: what several rules share, observed once a history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.columns import Flags, row_starts
from engine.core.errors import DataError
from engine.core.events import EvidenceValue
from engine.core.market import BarSeries, Floats, History
from strategies.signals.breakout import NEVER, BreakoutColumns, BreakoutParams, Breakouts
from strategies.signals.known import NOTHING, last_complete_weeks, last_known_bars
from strategies.signals.macd import MacdParams, WeeklyMacd, weekly_macd

if TYPE_CHECKING:
    from strategies.signals.breakout_changes import BreakoutAt
    from strategies.signals.macd_changes import WeekAt, WeeklyLine

ObservedT = TypeVar("ObservedT")
Section: TypeAlias = Mapping[str, EvidenceValue]
"""What the record shows of one signal."""


class OncePerHistory(Generic[ObservedT]):
    """Observes a history once, however many rules ask for it."""

    def __init__(self, observe: Callable[[History], ObservedT]) -> None:
        self._observe = observe
        self._last: tuple[History, ObservedT] | None = None

    def of(self, history: History) -> ObservedT:
        """Give what is observed of it."""
        if self._last is None or self._last[0] is not history:
            self._last = history, self._observe(history)
        return self._last[1]


@dataclass(frozen=True, kw_only=True)
class BreakoutFacts:
    """What is known of the breakout at the end of one day.

    Attributes:
        session, close: the last session of the index; ceiling: None where undefined.
        support, breakout_session: None outside a breakout; loss_session: the latest loss of support, None before any;
            lost_support: the support that was lost then.
        run_length, run_level: closes in a row above a level that is not confirmed yet; 0 and None without any.
        in_force: confirmed, not lost, and not run out; since: the first day of the row that is as this one.
    """

    session: date
    close: float
    ceiling: float | None
    in_breakout: bool
    support: float | None
    breakout_session: date | None
    loss_session: date | None
    run_length: int
    run_level: float | None
    in_force: bool
    since: date
    lost_support: float | None

    @cached_property
    def evidence(self) -> Section:
        """What the record shows of it; the same object on every day that knows the same."""
        return {
            "session": self.session,
            "close": self.close,
            "in_breakout": self.in_breakout,
            "support": self.support,
            "ceiling": self.ceiling,
            "breakout_session": self.breakout_session,
            "loss_session": self.loss_session,
            "run_length": self.run_length,
            "run_level": self.run_level,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyBreakout:
    """The breakout by decision day."""

    core: BarSeries
    index: BarSeries
    columns: BreakoutColumns
    params: BreakoutParams
    positions: NDArray[np.int64]
    in_force: Flags
    since: Ordinals
    lost_support: Floats
    seen: dict[tuple[int, int], BreakoutFacts]

    @property
    def first_day(self) -> date:
        """The first day on which a session is known, and a ceiling defined.

        Raises:
            DataError: there is none.
        """
        return max(_first_ceiling(self.index, self.columns), _first_known(self.core, self.positions, self.index))

    def at(self, day: date) -> BreakoutFacts:
        """Give what is known at the end of a decision day."""
        return self.of_row(row_on(self.core, day))

    def of_row(self, row: int) -> BreakoutFacts:
        """Give what is known at the end of the day of a row."""
        s, since = self.positions.item(row), self.since.item(row)
        # A weekend knows what Friday knew.
        found = self.seen.get((s, since))
        if found is None:
            found = self.seen[s, since] = self._facts(row, s)
        return found

    def _facts(self, row: int, s: int) -> BreakoutFacts:
        columns = self.columns
        in_breakout, run_length = columns.in_breakout.item(s), columns.run_length.item(s)
        loss_session, ceiling = columns.loss_session.item(s), columns.ceiling.item(s)
        return BreakoutFacts(
            session=date.fromordinal(self.index.ordinals.item(s)),
            close=self.index.close.item(s),
            ceiling=ceiling if ceiling == ceiling else None,  # noqa: PLR0124 - NaN is not itself
            in_breakout=in_breakout,
            support=columns.support.item(s) if in_breakout else None,
            breakout_session=_date_or_none(columns.breakout_session.item(s)),
            loss_session=_date_or_none(loss_session),
            run_length=run_length,
            run_level=columns.run_level.item(s) if run_length else None,
            in_force=self.in_force.item(row),
            since=date.fromordinal(self.since.item(row)),
            lost_support=None if loss_session == NEVER else self.lost_support.item(row),
        )

    def on(self, day: date) -> "BreakoutAt":
        """Give the breakout after the last session known at the end of a decision day."""
        from strategies.signals.breakout_changes import BreakoutAt  # noqa: PLC0415 - wanted where somebody explains

        at = int(self.positions[row_on(self.core, day)])
        return BreakoutAt(bars=self.index, columns=self.columns, params=self.params, at=at)


class DailyBreakouts:
    """Observes the breakout of an index by decision day."""

    def __init__(self, params: BreakoutParams, *, core: str, index: str) -> None:
        self.params = params
        self._breakouts = Breakouts(params)
        self._names = core, index

    def __call__(self, history: History) -> DailyBreakout:
        """Observe a history.

        Raises:
            DataError: the index has no bars.
        """
        core, index = (history[name] for name in self._names)
        if not len(index):
            raise DataError(f"{index.symbol}: has no bars; the breakout needs daily bars of the index")
        columns, positions = self._breakouts.of(index), last_known_bars(index, core)
        # Before the first session is known nothing is, whatever stands at position -1.
        known, confirmed = positions > NOTHING, columns.breakout_session[positions]
        in_force = columns.in_breakout[positions] & known
        if self.params.valid_weeks is not None:
            in_force &= core.ordinals <= confirmed + DAYS_A_WEEK * self.params.valid_weeks
        # What was lost at a session was the support after the one before it.
        lost_at = np.searchsorted(index.ordinals, columns.loss_session[positions])
        return DailyBreakout(
            core=core,
            index=index,
            columns=columns,
            params=self.params,
            positions=positions,
            in_force=in_force,
            since=core.ordinals[row_starts(in_force)],
            lost_support=columns.support[lost_at - 1],
            seen={},
        )


@dataclass(frozen=True, kw_only=True)
class WeekFacts:
    """What is known of the weekly MACD at the end of one day.

    Attributes:
        week: the Sunday of the last complete week, with its macd and signal; cross_week: the latest golden cross.
        above_since: the first day of the row of days on the same side of the signal line.
        in_time: above its signal line since a golden cross that has not run out; since: the first day of the row that
            is as this one.
    """

    week: date
    macd: float
    signal: float
    above_signal: bool
    cross_week: date | None
    above_since: date
    in_time: bool
    since: date

    @cached_property
    def evidence(self) -> tuple[Section, Section]:
        """What the record shows of it: while the golden cross is not in force, and while it is."""
        seen: Section = {
            "week": self.week,
            "macd": self.macd,
            "signal": self.signal,
            "above_signal": self.above_signal,
            "cross_week": self.cross_week,
        }
        return {**seen, "in_force": False}, {**seen, "in_force": True}


@dataclass(frozen=True, kw_only=True, eq=False)
class DailyMacd:
    """The weekly MACD by decision day."""

    core: BarSeries
    weekly: WeeklyMacd
    params: MacdParams
    positions: NDArray[np.int64]
    above_since: Ordinals
    in_time: Flags
    since: Ordinals
    seen: dict[tuple[int, int], WeekFacts]

    @property
    def first_day(self) -> date:
        """The day after the end of the warm-up.

        Raises:
            DataError: the history is shorter.
        """
        return self.weekly.first_day(self.core.symbol, self.params.warmup_weeks)

    def at(self, day: date) -> WeekFacts:
        """Give what is known at the end of a decision day."""
        return self.of_row(row_on(self.core, day))

    def of_row(self, row: int) -> WeekFacts:
        """Give what is known at the end of the day of a row."""
        w, since = self.positions.item(row), self.since.item(row)
        found = self.seen.get((w, since))
        if found is None:
            found = self.seen[w, since] = self._facts(row, w)
        return found

    def _facts(self, row: int, w: int) -> WeekFacts:
        weekly = self.weekly
        return WeekFacts(
            week=date.fromordinal(weekly.sundays.item(w)),
            macd=weekly.macd.item(w),
            signal=weekly.signal.item(w),
            above_signal=weekly.above.item(w),
            cross_week=_date_or_none(weekly.cross.item(w)),
            above_since=date.fromordinal(self.above_since.item(row)),
            in_time=self.in_time.item(row),
            since=date.fromordinal(self.since.item(row)),
        )

    @cached_property
    def _line(self) -> "WeeklyLine":
        from strategies.signals.macd_changes import WeeklyLine  # noqa: PLC0415 - wanted where somebody explains

        return WeeklyLine(core=self.core, weekly=self.weekly, params=self.params)

    def on(self, day: date) -> "WeekAt":
        """Give the MACD after the last week that is complete at the end of a decision day."""
        from strategies.signals.macd_changes import WeekAt  # noqa: PLC0415 - wanted where somebody explains

        return WeekAt(line=self._line, at=int(self.positions[row_on(self.core, day)]))


class DailyMacds:
    """Observes the weekly MACD of the core by decision day."""

    def __init__(self, params: MacdParams, *, core: str) -> None:
        self.params = params
        self._core = core

    def __call__(self, history: History) -> DailyMacd:
        """Observe a history.

        Raises:
            DataError: a week has no bar.
        """
        core = history[self._core]
        weekly: WeeklyMacd = weekly_macd(core, self.params)
        positions = last_complete_weeks(weekly.sundays, core)
        above, cross = weekly.above[positions] & (positions > NOTHING), weekly.cross[positions]
        in_time = above & (cross > NEVER) & (core.ordinals <= cross + DAYS_A_WEEK * self.params.valid_weeks)
        return DailyMacd(
            core=core,
            weekly=weekly,
            params=self.params,
            positions=positions,
            above_since=core.ordinals[row_starts(above)],
            in_time=in_time,
            since=core.ordinals[row_starts(in_time)],
            seen={},
        )


def row_on(core: BarSeries, day: date) -> int:
    """Give the row of a decision day.

    Raises:
        KeyError: the day has no bar of the core.
    """
    row = core.position_on(day)
    if row is None:
        raise KeyError(f"{day} has no bar of {core.symbol}")
    return row


def _first_ceiling(index: BarSeries, breakout: BreakoutColumns) -> date:
    defined = np.flatnonzero(~np.isnan(breakout.ceiling))
    if not defined.size:
        raise DataError(
            f"{index.symbol}: its {len(index)} sessions from {index.first_day} to {index.last_day} give no ceiling; "
            "252 of them must be older than strategy.breakout.min_age_weeks"
        )
    return date.fromordinal(int(index.ordinals[defined[0]]))


def _first_known(core: BarSeries, session_positions: NDArray[np.int64], index: BarSeries) -> date:
    known = np.flatnonzero(session_positions > NOTHING)
    if not known.size:
        raise DataError(
            f"{index.symbol}: begins on {index.first_day}, after the last bar of {core.symbol} on {core.last_day}"
        )
    return date.fromordinal(int(core.ordinals[known[0]]))


def _date_or_none(ordinal: int) -> date | None:
    return None if ordinal == NEVER else date.fromordinal(ordinal)
