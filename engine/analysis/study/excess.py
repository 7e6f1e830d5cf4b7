"""What a rotation is worth against holding the core, and what the same rotations are worth at other times.

Excess is the log return of the basket as it was bought, never rebalanced, less that of the core, from the open after
the entry day to the open after the exit day, less four trades' costs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study.nulls import counted
from engine.core.calendar import Ordinals
from engine.core.market import BarSeries, Floats

FIRST_SHIFT, SHIFT_STEP = 126, 7
TRADES = 4
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A rotation by the positions of its decision days; `open`: it had not ended on the last one."""

    entry: int
    exit: int
    open: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Basket:
    """What is bought at an entry, and what it is worth.

    Attributes:
        weights: by asset, adding up to 1; bars: of each that has some.
        core: the bars of Bitcoin; costs: of one trade, as a fraction.
        least_bars: after so many a coin is tradable.
        by_day: gives the weights of a decision day, by its position, where they are no fixed ones.
    """

    weights: Mapping[str, float]
    bars: Mapping[str, BarSeries]
    core: BarSeries
    costs: float
    least_bars: int
    days: Ordinals
    by_day: Callable[[int], Mapping[str, float]] | None = None

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
        if self.by_day is not None:
            return self.by_day(at)
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

    def line(self, span: Span) -> Floats:
        """Give what the excess of a rotation is if it ends after 0, 1 .. days; 0 of one that begins on the last day.

        That is its basket's log return less that of the core, from the open after the entry day, less the costs.
        """
        weights = self.weights_at(span.entry)
        days = slice(span.entry, span.exit + 1)
        value = np.zeros(span.exit + 1 - span.entry)
        if span.entry >= len(self.days) - 1 or not weights:
            return value
        for asset, weight in weights.items():
            opens = self._opens[asset][days]
            value += weight * opens / opens[0]
        core = self._opens[""][days]
        with np.errstate(divide="ignore"):
            found: Floats = np.log(value) - np.log(core / core[0]) + TRADES * math.log(1 - self.costs)
        return found

    def excess(self, span: Span) -> float:
        """Give the excess of a rotation."""
        return float(self.line(span)[-1])

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


def rank_words(total: float, others: Floats) -> str:
    """Say how many of the others have a lower total."""
    return f"{int(np.count_nonzero(others < total))} of {len(others)} below"


def against(total: float, others: Sequence[float]) -> dict[str, float | int | str]:
    """Compare a total with those of others."""
    points = np.array(others)
    up, low = counted(total, points) if len(points) else (1.0, 1.0)
    mean = float(np.mean(points)) if len(points) else 0.0
    return {"draws": len(points), "mean": mean, "p_up": up, "p_lo": low, "rank": rank_words(total, points)}
