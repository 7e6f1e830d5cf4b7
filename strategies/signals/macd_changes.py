"""The weekly MACD after one week, and the weekly closes that would have made a golden cross or undone it.

MACD and signal line are linear in the last weekly close: the MACD is above its signal line just when it is above the
signal line of the week before, and the close at which the two are equal is solved for exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import ceil

from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import Change, Part, SetClose, SetParameter
from engine.core.market import BarSeries
from strategies.signals.macd import NEVER, MacdParams, WeeklyMacd, weekly_closes

MARGIN = 1e-9
"""How far past the exact close a changed one is put, relative: conditions are strict, and this is "above"."""
MOST_WEEKS_BACK = 8
MOST_CLOSES = 4
"""A change of more closes than this is none that a person would call small."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WeeklyLine:
    """The MACD of all weeks.

    Attributes:
        core: daily bars, whose last close in a week is the week's.
    """

    core: BarSeries
    weekly: WeeklyMacd
    params: MacdParams

    @cached_property
    def closes(self) -> tuple[float, ...]:
        """The weekly closes."""
        return tuple(weekly_closes(self.core)[1].tolist())

    @cached_property
    def balances(self) -> tuple[float | None, ...]:
        """The close of each week at which MACD and signal line would have been equal; None where none is."""
        balances: list[float | None] = []
        averages: _Averages | None = None
        for close in self.closes:
            balances.append(_balance(averages, self.params))
            averages = _next(averages, close, self.params)
        return tuple(balances)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeekAt:
    """The MACD as it stood after the week at position `at`."""

    line: WeeklyLine
    at: int

    @property
    def params(self) -> MacdParams:
        """The parameters of the MACD."""
        return self.line.params

    @property
    def is_above(self) -> bool:
        """The MACD is above its signal line."""
        return bool(self.line.weekly.above[self.at])

    @property
    def cross(self) -> date | None:
        """The latest golden cross."""
        ordinal = int(self.line.weekly.cross[self.at])
        return None if ordinal == NEVER else date.fromordinal(ordinal)

    def sunday(self, week: int) -> date:
        """The Sunday of a week."""
        return date.fromordinal(int(self.line.weekly.sundays[week]))

    def set_close(self, week: int, after: float) -> SetClose:
        """Put a week's close somewhere else."""
        core = self.line.core
        position = core.position_at(self.sunday(week))
        if position is None:
            raise ValueError(f"the week of {self.sunday(week)} has no bar")
        day = date.fromordinal(int(core.ordinals[position]))
        return SetClose(symbol=core.symbol, day=day, before=self.line.closes[week], after=after)


def crossing(week: WeekAt, day: date, exit_day: date | None) -> Iterator[Change]:
    """Propose weekly closes and parameters with which a golden cross would be in force on a day."""
    params, cross = week.params, week.cross
    restored = () if week.is_above else _with_week(week, week.at, above=True)
    if cross is not None and (exit_day is None or cross > exit_day) and restored is not None:
        needed = ceil((day - cross).days / DAYS_A_WEEK)
        parts: tuple[Part, ...] = restored
        if needed > params.valid_weeks:
            parts = (*restored, _valid_weeks(week, needed))
        yield Change(parts=parts, effect=f"the golden cross of {cross} is then in force")
    for at in range(week.at, max(week.at - MOST_WEEKS_BACK, 1), -1):
        sunday = week.sunday(at)
        if exit_day is not None and sunday <= exit_day:
            return
        age = ceil((day - sunday).days / DAYS_A_WEEK)
        further: tuple[Part, ...] = () if age <= params.valid_weeks else (_valid_weeks(week, age),)
        if at < params.warmup_weeks:
            further = (*further, _warmup_weeks(week, at))
        for lowered in range(1, MOST_CLOSES + 1):
            closes = _crossed_at(week, at, lowered)
            if closes and len(closes) <= MOST_CLOSES:
                yield Change(parts=(*closes, *further), effect=f"the week of {sunday} is then a golden cross")
    for at in range(week.at, max(week.at - MOST_WEEKS_BACK, 1), -1):
        # A cross that came too early to count.
        if at < params.warmup_weeks and week.line.weekly.above[at] and not week.line.weekly.above[at - 1]:
            yield _warmup_weeks(week, at).as_change(f"the week of {week.sunday(at)} is then a golden cross")


def uncrossing(week: WeekAt, day: date) -> Iterator[Change]:
    """Propose weekly closes and parameters with which no golden cross would be in force on a day."""
    parts = _with_week(week, week.at, above=False)
    if parts:
        yield Change(parts=parts, effect="the MACD is then not above its signal line")
    cross = week.cross
    if cross is not None:
        weeks = ceil((day - cross).days / DAYS_A_WEEK) - 1
        if 0 <= weeks < week.params.valid_weeks:
            yield _valid_weeks(week, weeks).as_change(f"the golden cross of {cross} has then run out")


def turning(week: WeekAt) -> Iterator[Change]:
    """Propose the close of this week that puts the MACD on the other side of its signal line."""
    parts = _with_week(week, week.at, above=not week.is_above)
    if parts:
        yield Change(
            parts=parts,
            effect=f"the MACD is then {'not ' if week.is_above else ''}above its signal line",
        )


def _valid_weeks(week: WeekAt, weeks: int) -> SetParameter:
    return SetParameter(key="strategy.macd.valid_weeks", before=week.params.valid_weeks, after=weeks)


def _warmup_weeks(week: WeekAt, weeks: int) -> SetParameter:
    return SetParameter(key="strategy.macd.warmup_weeks", before=week.params.warmup_weeks, after=weeks)


def _with_week(week: WeekAt, at: int, *, above: bool) -> tuple[Part, ...] | None:
    """Put one week's MACD above its signal line, or not above it; None where no close does."""
    balance = week.line.balances[at]
    if balance is None or balance <= 0:
        return None
    return (week.set_close(at, balance * (1 + MARGIN if above else 1 - MARGIN)),)


def _crossed_at(week: WeekAt, at: int, lowered: int) -> tuple[Part, ...] | None:
    """Make one week a golden cross that lasts: the week before not above, it and all later ones above.

    Args:
        lowered: how many weeks before it are lowered together, if the week before was above.
    """
    closes, params = list(week.line.closes[: week.at + 1]), week.params
    if week.line.weekly.above[at - 1]:
        share = _share_to_balance(closes, at - 1, lowered, params)
        if share is None:
            return None
        for position in range(at - lowered, at):
            closes[position] *= share
    elif lowered > 1:
        return None
    averages = _averages(closes[:at], params)
    for position in range(at, week.at + 1):
        balance = _balance(averages, params)
        if balance is None:
            return None
        if closes[position] <= balance:
            closes[position] = balance * (1 + MARGIN)
        averages = _next(averages, closes[position], params)
    before = week.line.closes
    return tuple(week.set_close(p, closes[p]) for p in range(at - lowered, week.at + 1) if closes[p] != before[p])


def _share_to_balance(closes: Sequence[float], at: int, count: int, params: MacdParams) -> float | None:
    """Solve for the factor on the last `count` closes up to a week that brings its MACD down to its signal line.

    Both are linear in the factor, so two values of it tell all; None where no factor between 0 and 1 does.
    """
    if at - count < 0:
        return None
    gaps = []
    for factor in (0.0, 1.0):
        scaled = [*closes[: at - count + 1], *(close * factor for close in closes[at - count + 1 : at])]
        balance = _balance(_averages(scaled, params), params)
        if balance is None:
            return None
        gaps.append(closes[at] * factor - balance)
    if gaps[1] <= 0 or gaps[0] >= 0:
        return None
    share = -gaps[0] / (gaps[1] - gaps[0]) - MARGIN
    return share if share > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Averages:
    """The three moving averages after a week."""

    fast: float
    slow: float
    signal: float


def _averages(closes: Sequence[float], params: MacdParams) -> _Averages | None:
    """Follow the averages through closes; None before the first."""
    averages: _Averages | None = None
    for close in closes:
        averages = _next(averages, close, params)
    return averages


def _next(before: _Averages | None, close: float, params: MacdParams) -> _Averages:
    if before is None:
        return _Averages(fast=close, slow=close, signal=0.0)
    fast = before.fast + _alpha(params.fast) * (close - before.fast)
    slow = before.slow + _alpha(params.slow) * (close - before.slow)
    signal = before.signal + _alpha(params.signal) * (fast - slow - before.signal)
    return _Averages(fast=fast, slow=slow, signal=signal)


def _balance(before: _Averages | None, params: MacdParams) -> float | None:
    """Solve for the next close at which MACD and signal line are equal; None where they always are."""
    if before is None or params.signal == 1:
        return None
    fast, slow = _alpha(params.fast), _alpha(params.slow)
    rest = (1 - fast) * before.fast - (1 - slow) * before.slow
    return (before.signal - rest) / (fast - slow)


def _alpha(span: int) -> float:
    return 2 / (span + 1)
