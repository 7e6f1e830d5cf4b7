"""The index breaks above an old ceiling, holds it as support, and loses it: a causal fold over sessions.

All values are on session closes, in index points. Row s of every column uses rows up to s only.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, model_validator

from engine.core.calendar import DAYS_A_WEEK, Days, Ordinals, years_before
from engine.core.market import BarSeries, Floats

MIN_WINDOW_SESSIONS = 252
"""A ceiling wants a year of sessions to be the highest of."""
NEVER = 0
"""Stands for "no session yet" in columns of ordinals."""


class BreakoutParams(BaseModel):
    """Parameters of the breakout, as in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["auto", "fixed"] = Field("auto", description="auto: the highest old close; fixed: a constant level.")
    level: StrictFloat | None = Field(
        None, gt=0, allow_inf_nan=False, description="The ceiling of mode fixed, index points."
    )
    lookback_years: StrictInt = Field(5, ge=2, le=100, description="Where the ceiling's window begins, calendar years.")
    min_age_weeks: StrictInt = Field(
        26, ge=1, le=5200, description="How old a close must be to be part of the ceiling."
    )
    buffer: StrictFloat = Field(0.0, ge=0, lt=1, description="Fraction by which a close must exceed the level.")
    confirm_sessions: StrictInt = Field(3, ge=1, description="Closes above the level that confirm a breakout.")
    tolerance: StrictFloat = Field(0.0, ge=0, lt=1, description="Fraction by which a close may fall below the support.")
    loss_sessions: StrictInt = Field(3, ge=1, description="Closes below the support that lose it.")
    valid_weeks: StrictInt | None = Field(
        None, ge=0, le=5200, description="Weeks a breakout stays in force; null: no limit."
    )

    @model_validator(mode="after")
    def _level_given(self) -> Self:
        if self.mode == "fixed" and self.level is None:
            raise ValueError(
                "strategy.breakout.level null is not allowed with mode fixed; give the level in index points"
            )
        if self.mode == "auto" and self.level is not None:
            raise ValueError(
                f"strategy.breakout.level {self.level:g} is not used with mode auto; set mode fixed, or level null"
            )
        if self.min_age_weeks * DAYS_A_WEEK >= self.lookback_years * 365:
            raise ValueError(
                f"strategy.breakout.min_age_weeks {self.min_age_weeks} leaves no window within lookback_years "
                f"{self.lookback_years}; fewer weeks than {self.lookback_years * 365 // DAYS_A_WEEK} are allowed"
            )
        return self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BreakoutColumns:
    """The state of the breakout after each session, arrays of shape (sessions,).

    Attributes:
        ceiling: index points; NaN where undefined.
        in_breakout: confirmed and not lost.
        support: index points; NaN outside a breakout.
        breakout_session: ordinal of the session that confirmed the breakout in being; 0 outside one.
        loss_session: ordinal of the latest session at which support was lost; 0 before the first.
        run_length, run_level: closes in a row above a level that is not yet confirmed; 0 and NaN without a run.
    """

    ceiling: Floats
    in_breakout: NDArray[np.bool_]
    support: Floats
    breakout_session: Ordinals
    loss_session: Ordinals
    run_length: NDArray[np.int64]
    run_level: Floats


def ceilings(bars: BarSeries, params: BreakoutParams, *, first: int = 0) -> Floats:
    """Give the ceiling of each session from position `first` on.

    Args:
        bars: the index, shape (sessions,), final bars.

    Returns:
        The highest close among the sessions dated from `lookback_years` before s to `min_age_weeks` before s, both
        ends included; NaN while that window holds fewer than 252 sessions. Mode fixed: the constant level.
    """
    if params.mode == "fixed":
        return np.full(len(bars) - first, params.level, dtype=np.float64)
    begin = np.searchsorted(bars.days, years_before(bars.days[first:], params.lookback_years), side="left")
    stop = np.searchsorted(bars.days, _weeks_before(bars.days[first:], params.min_age_weeks), side="right")
    return _range_maximum(bars.close, begin, stop, minimum_count=MIN_WINDOW_SESSIONS)


class Session(NamedTuple):
    """One session of the index.

    Attributes:
        day: ordinal; close, ceiling: index points, the ceiling NaN where undefined.
        is_from_base: whether the closes of the last `min_age_weeks` weeks are a new base below the ceiling.
    """

    day: int
    close: float
    ceiling: float
    is_from_base: bool


class BreakoutState(NamedTuple):
    """What is remembered from one session to the next.

    Attributes:
        support: index points, NaN outside a breakout; breakout_session: ordinal of the one that confirmed it.
        loss_session: ordinal of the latest loss of support; loss_count: closes in a row below the support.
        run_length, run_level: closes in a row above a level that is not confirmed yet; 0 and NaN without a run.
    """

    support: float = math.nan
    breakout_session: int = NEVER
    loss_session: int = NEVER
    loss_count: int = 0
    run_length: int = 0
    run_level: float = math.nan

    @property
    def in_breakout(self) -> bool:
        """Whether a breakout is confirmed and not lost."""
        return self.breakout_session != NEVER

    def after(self, session: Session, params: BreakoutParams) -> "BreakoutState":
        """Give the state after one more session: itself where that changes nothing."""
        # Outside a breakout and a run support and level are NaN, and no close compares with that.
        losses = self.loss_count + 1 if session.close < self.support * (1 - params.tolerance) else 0
        if losses >= params.loss_sessions:
            # A loss ends the session's evaluation: the next one is the first that may start a run.
            return BreakoutState(loss_session=session.day)
        above = 1 + params.buffer
        if session.close > self.run_level * above:
            length, level = self.run_length + 1, self.run_level
        elif session.close > session.ceiling * above and self._starts_run(session, params):
            length, level = 1, session.ceiling
        elif self.run_length or losses != self.loss_count:
            length, level = 0, math.nan
        else:
            return self
        if length >= params.confirm_sessions:
            return BreakoutState(support=level, breakout_session=session.day, loss_session=self.loss_session)
        return self._replace(loss_count=losses, run_length=length, run_level=level)

    def _starts_run(self, session: Session, params: BreakoutParams) -> bool:
        if not self.in_breakout:
            return True
        return params.mode == "auto" and session.ceiling > self.support and session.is_from_base


class Breakouts:
    """Follows runs, confirmed breakouts, renewals and losses of support through all sessions.

    A live run asks every day, with a session more each time: those that it has seen before are not gone through again.
    """

    def __init__(self, params: BreakoutParams) -> None:
        self._params = params
        self._seen: tuple[BarSeries, BreakoutColumns, BreakoutState] | None = None

    def of(self, bars: BarSeries) -> BreakoutColumns:
        """Give the state after each session.

        Args:
            bars: the index, shape (sessions,), final bars.
        """
        before = self._seen
        if before is None or not _begins_with(bars, before[0]):
            columns, last = _columns(bars, self._params, 0, BreakoutState())
        else:
            seen, earlier, last = before
            columns, last = _columns(bars, self._params, len(seen), last)
            columns = _joined(earlier, columns)
        self._seen = bars, columns, last
        return columns


def _begins_with(bars: BarSeries, seen: BarSeries) -> bool:
    """Tell whether the sessions seen are the first of these, close for close; a vendor may have corrected one."""
    count = len(seen)
    return np.array_equal(bars.ordinals[:count], seen.ordinals) and np.array_equal(bars.close[:count], seen.close)


def _columns(
    bars: BarSeries, params: BreakoutParams, first: int, before: BreakoutState
) -> tuple[BreakoutColumns, BreakoutState]:
    """Give the columns from position `first` on, and the state after the last session."""
    ceiling = ceilings(bars, params, first=first)
    # One row a change: most sessions change nothing. A state stands from its session to the next one's.
    rows, states = [0], [before]
    for row, state in _Sessions(bars, ceiling, params).changes(before):
        rows.append(row)
        states.append(state)
    lengths = np.diff((*rows, len(ceiling)))

    def column(name: str, kind: type) -> np.ndarray[tuple[int], np.dtype[Any]]:
        return np.repeat(np.array([getattr(state, name) for state in states], dtype=kind), lengths)

    columns = BreakoutColumns(
        ceiling=ceiling,
        in_breakout=column("in_breakout", np.bool_),
        support=column("support", np.float64),
        breakout_session=column("breakout_session", np.int64),
        loss_session=column("loss_session", np.int64),
        run_length=column("run_length", np.int64),
        run_level=column("run_level", np.float64),
    )
    return columns, states[-1]


class _Sessions:
    """The last sessions, as many as there are ceilings."""

    def __init__(self, bars: BarSeries, ceiling: Floats, params: BreakoutParams) -> None:
        self._params = params
        first = len(bars) - len(ceiling)
        self._days, self._close, self._ceiling = bars.ordinals[first:], bars.close[first:], ceiling
        self._from_base = _from_base(bars, ceiling, params)
        is_above = self._close > ceiling * (1 + params.buffer)
        self._above = np.flatnonzero(is_above).tolist()
        self._above_from_base = np.flatnonzero(is_above & self._from_base).tolist()

    def changes(self, state: BreakoutState) -> Iterator[tuple[int, BreakoutState]]:
        """Give each state that differs from the one before it, with its row."""
        row = self._next(state, 0)
        while row < len(self._close):
            later = state.after(self._at(row), self._params)
            if later is not state:
                yield row, later
            state = later
            row = self._next(state, row + 1)

    def _at(self, row: int) -> Session:
        return Session(
            day=int(self._days[row]),
            close=float(self._close[row]),
            ceiling=float(self._ceiling[row]),
            is_from_base=bool(self._from_base[row]),
        )

    def _next(self, state: BreakoutState, row: int) -> int:
        """Give the first row from `row` on that may change a state; where nothing is counted, few can."""
        if state.run_length or state.loss_count:
            return row
        starts = self._above_from_base if state.in_breakout else self._above
        at = bisect_left(starts, row)
        stop = starts[at] if at < len(starts) else len(self._close)
        if not state.in_breakout:
            return stop
        is_lost = self._close[row:stop] < state.support * (1 - self._params.tolerance)
        lost = int(is_lost.argmax()) if row < stop else 0
        return row + lost if row < stop and is_lost[lost] else stop


def _from_base(bars: BarSeries, ceiling: Floats, params: BreakoutParams) -> NDArray[np.bool_]:
    """Tell which of the last sessions, of those above their ceiling, have fewer than `confirm_sessions` before them."""
    first, confirm = len(bars) - len(ceiling), params.confirm_sessions
    stop = np.arange(first, len(bars))
    begin = np.searchsorted(bars.days, _weeks_before(bars.days[first:], params.min_age_weeks), side="left")
    # Most that have as many show it by the closes just before: they need no count.
    has_as_many = _closes_above_before(bars.close, ceiling, confirm) & (stop - begin >= confirm)
    rows = np.flatnonzero((bars.close[first:] > ceiling) & ~has_as_many)
    found = np.zeros(len(ceiling), dtype=np.bool_)
    found[rows] = [np.count_nonzero(bars.close[begin[row] : stop[row]] > ceiling[row]) < confirm for row in rows]
    return found


def _closes_above_before(close: Floats, ceiling: Floats, count: int) -> NDArray[np.bool_]:
    """Tell for each of the last sessions, as many as there are ceilings, whether `count` closes before it exceed it."""
    first = len(close) - len(ceiling)
    above = np.zeros(len(ceiling), dtype=np.bool_)
    begin = max(count - first, 0)
    if begin < len(ceiling):
        start, stop = first + begin, len(close)
        above[begin:] = np.all([close[start - k : stop - k] > ceiling[begin:] for k in range(1, count + 1)], axis=0)
    return above


def _joined(earlier: BreakoutColumns, later: BreakoutColumns) -> BreakoutColumns:
    return BreakoutColumns(
        **{
            field.name: np.concatenate([getattr(earlier, field.name), getattr(later, field.name)])
            for field in fields(BreakoutColumns)
        }
    )


def _weeks_before(days: Days, weeks: int) -> Days:
    earlier: Days = days - np.timedelta64(DAYS_A_WEEK * weeks, "D")
    return earlier


def _range_maximum(values: Floats, begin: NDArray[np.int64], stop: NDArray[np.int64], *, minimum_count: int) -> Floats:
    """Give the maximum of values[begin:stop] for each pair, NaN where the range is shorter than `minimum_count`.

    A sparse table of maxima over powers of two (Bender and Farach-Colton, The LCA Problem Revisited, 2000).
    """
    result = np.full(len(begin), np.nan)
    counts = stop - begin
    wanted = np.flatnonzero(counts >= minimum_count)
    if not wanted.size:
        return result
    # A few rows at the end want a part of the values only.
    origin = int(begin[wanted].min())
    begin, stop, values = begin - origin, stop - origin, values[origin:]
    table = [values]
    while 2 ** len(table) <= int(counts.max()):
        half = 2 ** (len(table) - 1)
        table.append(np.maximum(table[-1][:-half], table[-1][half:]))
    levels = np.floor(np.log2(counts[wanted])).astype(np.int64)
    for level in set(levels.tolist()):
        rows = wanted[levels == level]
        result[rows] = np.maximum(table[level][begin[rows]], table[level][stop[rows] - 2**level])
    return result
