"""The index breaks above an old ceiling, holds it as support, and loses it: a causal fold over sessions.

All values are on session closes, in index points. Row s of every column uses rows up to s only.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fold:
    """What is remembered from one session to the next: as in the columns, and the closes in a row below support."""

    in_breakout: bool = False
    support: float = math.nan
    breakout_session: int = NEVER
    loss_session: int = NEVER
    run_length: int = 0
    run_level: float = math.nan
    loss_count: int = 0


class Breakouts:
    """Follows runs, confirmed breakouts, renewals and losses of support through all sessions.

    A live run asks every day, with a session more each time: those that it has seen before are not gone through again.
    """

    def __init__(self, params: BreakoutParams) -> None:
        self._params = params
        self._seen: tuple[BarSeries, BreakoutColumns, _Fold] | None = None

    def of(self, bars: BarSeries) -> BreakoutColumns:
        """Give the state after each session.

        Args:
            bars: the index, shape (sessions,), final bars.
        """
        before = self._seen
        if before is None or not _begins_with(bars, before[0]):
            columns, fold = _columns(bars, self._params, 0, _Fold())
        else:
            seen, earlier, fold = before
            columns, fold = _columns(bars, self._params, len(seen), fold)
            columns = _joined(earlier, columns)
        self._seen = bars, columns, fold
        return columns


def _begins_with(bars: BarSeries, seen: BarSeries) -> bool:
    """Tell whether the sessions seen are the first of these, close for close; a vendor may have corrected one."""
    count = len(seen)
    return np.array_equal(bars.ordinals[:count], seen.ordinals) and np.array_equal(bars.close[:count], seen.close)


def _columns(bars: BarSeries, params: BreakoutParams, first: int, before: _Fold) -> tuple[BreakoutColumns, _Fold]:
    """Give the columns from position `first` on, and where the fold stands after the last session."""
    ceiling = ceilings(bars, params, first=first)
    # One row a change: most sessions change nothing.
    positions, folds = [first], [before]
    for position, fold in _changes(bars, ceiling, params, first, before):
        positions.append(position)
        folds.append(fold)
    # The last one stands behind the last session.
    lengths = np.diff((*positions, len(bars)))

    def column(name: str, kind: type) -> np.ndarray[tuple[int], np.dtype[Any]]:
        return np.repeat(np.array([getattr(fold, name) for fold in folds], dtype=kind), lengths)

    columns = BreakoutColumns(
        ceiling=ceiling,
        in_breakout=column("in_breakout", np.bool_),
        support=column("support", np.float64),
        breakout_session=column("breakout_session", np.int64),
        loss_session=column("loss_session", np.int64),
        run_length=column("run_length", np.int64),
        run_level=column("run_level", np.float64),
    )
    return columns, folds[-1]


def _changes(
    bars: BarSeries, ceiling: Floats, params: BreakoutParams, first: int, before: _Fold
) -> Iterator[tuple[int, _Fold]]:
    """Yield each session that changes the state, with the state after it; at the end the state after the last one.

    Args:
        ceiling: of the sessions from position `first` on.
        before: the state before them.
    """
    base_begin = np.searchsorted(bars.days, _weeks_before(bars.days[first:], params.min_age_weeks), side="left")
    closes = bars.close[first:].tolist()
    confirm, lifts = params.confirm_sessions, params.mode == "auto"
    above, below_support = 1 + params.buffer, 1 - params.tolerance
    in_breakout, support, breakout_session = before.in_breakout, before.support, before.breakout_session
    loss_session, loss_count = before.loss_session, before.loss_count
    run_length, run_level = before.run_length, before.run_level

    # Most sessions that are no new base show it by the closes just before: they need no count.
    no_base = (
        _closes_above_before(bars.close, ceiling, confirm) & (np.arange(first, len(bars)) - base_begin >= confirm)
    ).tolist()

    def in_new_base(row: int, level: float) -> bool:
        if no_base[row]:
            return False
        return int(np.count_nonzero(bars.close[int(base_begin[row]) : first + row] > level)) < confirm

    def fold() -> _Fold:
        return _Fold(
            in_breakout=in_breakout,
            support=support,
            breakout_session=breakout_session,
            loss_session=loss_session,
            run_length=run_length,
            run_level=run_level,
            loss_count=loss_count,
        )

    for row, (close, level) in enumerate(zip(closes, ceiling.tolist(), strict=True)):
        if in_breakout:
            loss_count = loss_count + 1 if close < support * below_support else 0
            if loss_count >= params.loss_sessions:
                # A loss ends the session's evaluation: the next one is the first that may start a run.
                in_breakout, support, breakout_session = False, math.nan, NEVER
                loss_session, loss_count = int(bars.ordinals[first + row]), 0
                run_length, run_level = 0, math.nan
                yield first + row, fold()
                continue
        had_run = run_length
        if run_length and close > run_level * above:
            run_length += 1
        elif close > level * above and (not in_breakout or (lifts and level > support and in_new_base(row, level))):
            run_length, run_level = 1, level
        elif run_length:
            run_length, run_level = 0, math.nan
        if run_length >= confirm:
            in_breakout, support, breakout_session, loss_count = True, run_level, int(bars.ordinals[first + row]), 0
            run_length, run_level = 0, math.nan
        elif not (run_length or had_run):
            continue
        yield first + row, fold()
    yield len(bars), fold()


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
    for level in np.unique(levels):
        rows = wanted[levels == level]
        result[rows] = np.maximum(table[level][begin[rows]], table[level][stop[rows] - 2**level])
    return result
