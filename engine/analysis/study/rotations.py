"""What the strategy's rotations are worth against others: by one signal, late, at random, by placebos.

Excess of a rotation is the log return of its basket, never rebalanced, less that of Bitcoin, from the open after its
entry day to the open after its exit day, less four trades' costs. Further confirmations and exits of a configuration
take no part: it is the two signals and the timer that are judged.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study.nulls import counted
from engine.core.calendar import DAYS_A_WEEK, Ordinals, days_of, instants_after
from engine.core.market import BarSeries, Floats, History
from strategies.signals.breakout import NEVER, BreakoutParams
from strategies.signals.days import DailyBreakouts, DailyMacd

FIRST_SHIFT, SHIFT_STEP = 126, 7
PLACEBO_SHIFTS = 199
MOST_WEEKS_LATE = 26
TRADES = 4
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A rotation by the positions of its decision days; `open`: it had not ended on the last one."""

    entry: int
    exit: int
    open: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Driver:
    """What is asked of an index, by decision day.

    Attributes:
        in_force: a breakout is; confirmed: ordinal of its session, 0 outside one.
        lost: support was lost, and this is the first day on which that is known.
    """

    in_force: Flags
    confirmed: Ordinals
    lost: Flags

    def moved(self, steps: int) -> "Driver":
        """Give it with its states moved round the days."""
        return Driver(
            in_force=np.roll(self.in_force, steps),
            confirmed=np.roll(self.confirmed, steps),
            lost=np.roll(self.lost, steps),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Signals:
    """What the strategy knows on each decision day.

    Attributes:
        days: ordinals.
        driver: of the index.
        crossed: a golden cross is in force as far as time and the lines go; cross: the ordinal of its Sunday.
        tradable: some coin of the basket can be traded.
        hold_days: after which a rotation ends.
    """

    days: Ordinals
    driver: Driver
    crossed: Flags
    cross: Ordinals
    tradable: Flags
    hold_days: int

    def with_driver(self, driver: Driver) -> "Signals":
        """Give them with another index."""
        return replace(self, driver=driver)


Enters = Callable[[Signals, int, int], bool]
"""Whether a day (by position) enters, given the ordinal of the last exit day; 0 before any."""


def _both(signals: Signals, at: int, last_exit: int) -> bool:
    return bool(signals.driver.in_force[at]) and _macd(signals, at, last_exit)


def _r2k(signals: Signals, at: int, last_exit: int) -> bool:
    return bool(signals.driver.in_force[at]) and int(signals.driver.confirmed[at]) > last_exit


def _macd(signals: Signals, at: int, last_exit: int) -> bool:
    return bool(signals.crossed[at]) and int(signals.cross[at]) > last_exit


def _either(signals: Signals, at: int, last_exit: int) -> bool:
    return _r2k(signals, at, last_exit) or _macd(signals, at, last_exit)


RULES: Mapping[str, Enters] = {"both": _both, "r2k": _r2k, "macd": _macd, "either": _either}


def rotations(signals: Signals, enters: Enters) -> tuple[Span, ...]:
    """Play the strategy's states through the days; the first day cannot enter."""
    found: list[Span] = []
    days, lost, last = signals.days, signals.driver.lost, len(signals.days) - 1
    entry: int | None = None
    last_exit = NEVER
    possible = signals.tradable & (signals.driver.in_force | signals.crossed)
    for at in range(1, last + 1):
        if entry is None:
            if possible[at] and enters(signals, at, last_exit):
                entry = at
        elif lost[at] or days[at] >= days[entry] + signals.hold_days:
            found.append(Span(entry=entry, exit=at))
            entry, last_exit = None, int(days[at])
    if entry is not None:
        found.append(Span(entry=entry, exit=last, open=True))
    return tuple(found)


def driver_of(history: History, days: Ordinals, *, core: str, index: str, params: BreakoutParams) -> Driver:
    """Observe an index as the strategy does, on the decision days."""
    daily = DailyBreakouts(params, core=core, index=index)(history)
    rows = np.isin(daily.core.ordinals, days)
    positions = daily.positions[rows]
    known = positions >= 0
    losses = np.where(known, daily.columns.loss_session[positions], NEVER)
    confirmed = np.where(daily.in_force[rows], daily.columns.breakout_session[positions], NEVER)
    lost = np.append(False, np.diff(losses) != 0)
    return Driver(in_force=daily.in_force[rows], confirmed=confirmed, lost=lost)


def macd_columns(daily: DailyMacd, days: Ordinals) -> tuple[Flags, Ordinals]:
    """Give whether the golden cross is in force but for rotations, and its Sunday, on the decision days."""
    rows = np.isin(daily.core.ordinals, days)
    return daily.in_time[rows], daily.weekly.cross[daily.positions[rows]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Basket:
    """What is bought at an entry, and what it is worth.

    Attributes:
        weights: by asset, adding up to 1; bars: of each that has some.
        core: the bars of Bitcoin; costs: of one trade, as a fraction.
        least_bars: after so many a coin is tradable.
    """

    weights: Mapping[str, float]
    bars: Mapping[str, BarSeries]
    core: BarSeries
    costs: float
    least_bars: int
    days: Ordinals

    @cached_property
    def _tradable(self) -> Mapping[str, Flags]:
        found = {}
        for asset in self.weights:
            ordinals = self.bars[asset].ordinals if asset in self.bars else self.days[:0]
            count = np.searchsorted(ordinals, self.days, side="right")
            found[asset] = (count >= self.least_bars) & np.isin(self.days, ordinals)
        return found

    def tradable(self) -> Flags:
        """Tell for each decision day whether some coin can be traded."""
        found: Flags = np.any([*self._tradable.values(), np.zeros(len(self.days), dtype=np.bool_)], axis=0)
        return found

    def weights_at(self, at: int) -> Mapping[str, float]:
        """Give the weights of the coins that can be traded on a decision day, adding up to 1."""
        here = {asset: weight for asset, weight in self.weights.items() if self._tradable[asset][at]}
        total = math.fsum(here.values())
        return {asset: weight / total for asset, weight in here.items()}

    @cached_property
    def _opens(self) -> Mapping[str, Floats]:
        """By asset, the open of the day after each decision day; where it has none the last close."""
        found = {}
        for asset, bars in (*self.bars.items(), ("", self.core)):
            at = np.searchsorted(bars.ordinals, self.days + 1, side="right") - 1
            there = np.maximum(at, 0)
            is_open = (at >= 0) & (bars.ordinals[there] == self.days + 1)
            prices = np.where(is_open, bars.open[there], bars.close[there])
            found[asset] = np.where(at >= 0, prices, np.nan)
        return found

    def growth(self, entry: int) -> Floats:
        """Give the basket's log return less Bitcoin's, from the open after the entry day to that after each day."""
        opens = self._opens
        value = np.zeros(len(self.days))
        for asset, weight in self.weights_at(entry).items():
            value += weight * opens[asset] / opens[asset][entry]
        with np.errstate(divide="ignore"):
            found: Floats = np.log(value) - np.log(opens[""] / opens[""][entry])
        return found

    def excess(self, span: Span) -> float:
        """Give the excess of a rotation; 0 of one that begins on the last day."""
        if span.entry >= len(self.days) - 1 or not self.weights_at(span.entry):
            return 0.0
        return float(self.growth(span.entry)[span.exit]) + TRADES * math.log(1 - self.costs)

    def total(self, spans: Sequence[Span]) -> float:
        """Give the sum of the excess of rotations."""
        return math.fsum(self.excess(span) for span in spans)


def moved(spans: Sequence[Span], steps: int, days: int) -> tuple[Span, ...]:
    """Give rotations of the same lengths, moved round the decision days and cut at their end."""
    found = []
    for span in spans:
        entry = (span.entry + steps) % days
        found.append(Span(entry=entry, exit=min(entry + span.exit - span.entry, days - 1)))
    return tuple(found)


def random_shifts(days: int) -> range:
    """Give by how many days the set of rotations is moved."""
    return range(FIRST_SHIFT, max(FIRST_SHIFT, days - FIRST_SHIFT), SHIFT_STEP)


def delayed(spans: Sequence[Span], weeks: int, days: int) -> tuple[Span, ...]:
    """Give rotations entered and left so many weeks late, but for those that would not begin before the last day."""
    late = (
        Span(entry=span.entry + DAYS_A_WEEK * weeks, exit=min(span.exit + DAYS_A_WEEK * weeks, days - 1))
        for span in spans
    )
    return tuple(span for span in late if span.entry < days - 1)


def placebo_steps(days: int) -> tuple[int, ...]:
    """Give by how many days the index's own state is moved."""
    return tuple(FIRST_SHIFT + round(j * (days - 2 * FIRST_SHIFT) / 200) for j in range(1, PLACEBO_SHIFTS + 1))


def rank_words(total: float, others: Floats) -> str:
    """Say how many of the others have a lower total."""
    return f"{int(np.count_nonzero(others < total))} of {len(others)} below"


def against(total: float, others: Sequence[float]) -> dict[str, float | int | str]:
    """Compare a total with those of others."""
    points = np.array(others)
    up, low = counted(total, points) if len(points) else (1.0, 1.0)
    mean = float(np.mean(points)) if len(points) else 0.0
    return {"draws": len(points), "mean": mean, "p_up": up, "p_lo": low, "rank": rank_words(total, points)}


def index_of(name: str, ordinals: Ordinals, closes: Floats) -> BarSeries:
    """Give closes as bars of an index, known on their dates."""
    days = days_of(ordinals)
    return BarSeries(
        symbol=name,
        days=days,
        open=closes,
        high=closes,
        low=closes,
        close=closes,
        volume=np.full(len(closes), np.nan),
        # A session of New York closes before its UTC day does.
        known_at=instants_after(days),
    )
