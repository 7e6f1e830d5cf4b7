"""Which phase capital is in: 1 gold and large technology, 2 small caps and silver, 3 crypto and copper.

A phase's score is the mean of its pairs' moves, each in units of its own deviation. The leader is the phase of the
highest score; the phase changes to one that has led for some weeks in a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.core.basket_index import BASKET
from engine.core.calendar import Ordinals
from engine.core.market import Floats
from engine.core.row_statistics import over

Pair: TypeAlias = tuple[str, str]
PAIRS: Mapping[int, tuple[Pair, ...]] = MappingProxyType(
    {
        1: (("GLD", "SPY"), ("QQQ", "SPY")),
        2: (("IWM", "SPY"), ("SLV", "GLD")),
        3: ((BASKET, "BTC"), ("BTC", "SPY"), ("CPER_CLOSE", "GLD")),
    }
)
"""The ratios whose moves make each phase's score."""
NO_PHASE = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phases:
    """The phases of complete weeks, arrays of shape (weeks,).

    Attributes:
        sundays: ordinals of the weeks' Sundays.
        scores: shape (weeks, phases); NaN where a pair of the phase has no score.
        leader: `NO_PHASE` in a week in which one of the scores is missing: such a week is not known.
        phase: `NO_PHASE` before the first week that is known; an unknown week leaves it as it was.
    """

    sundays: Ordinals
    scores: Floats
    leader: NDArray[np.int64]
    phase: NDArray[np.int64]

    def transitions(self, last: int) -> tuple[tuple[int, ...], ...]:
        """Count how often a known week of one phase (row) was followed by one of another (column), or the same.

        Args:
            last: ordinal; later weeks are left out.
        """
        counts = np.zeros((len(PAIRS), len(PAIRS)), dtype=np.int64)
        labels = self.phase[(self.leader != NO_PHASE) & (self.sundays <= last)] - 1
        np.add.at(counts, (labels[:-1], labels[1:]), 1)
        return tuple(tuple(row) for row in counts.tolist())


def scaled_changes(values: Floats, *, change_weeks: int, scale_weeks: int, scale_least: int) -> Floats:
    """Give each week's log change over some weeks, over the sample deviation of such changes; no mean is taken off.

    Args:
        values: shape (weeks,), one a week, NaN where there is none.
        scale_weeks: the deviation is of the changes that exist in so many weeks, this one included.
        scale_least: fewer of them than this, or none this week, give NaN.
    """
    logs = np.log(np.where(values > 0, values, np.nan))
    changes = np.full(len(logs), np.nan)
    changes[change_weeks:] = logs[change_weeks:] - logs[:-change_weeks]
    padded = np.concatenate([np.full(scale_weeks - 1, np.nan), changes])
    rows = np.lib.stride_tricks.sliding_window_view(padded, scale_weeks)
    there = ~np.isnan(rows)
    counts = np.sum(there, axis=1)
    enough = counts >= max(scale_least, 2)
    means = np.sum(np.where(there, rows, 0.0), axis=1) / np.maximum(counts, 1)
    squares = np.sum(np.where(there, rows - means[:, np.newaxis], 0.0) ** 2, axis=1)
    equal = np.fmax.reduce(rows, axis=1) == np.fmin.reduce(rows, axis=1)
    deviations = np.where(equal, 0.0, np.sqrt(squares / np.maximum(counts - 1, 1)))
    return np.where(enough, over(changes, deviations), np.nan)


def phases_of(sundays: Ordinals, moves: Mapping[int, Sequence[Floats]], *, hold_weeks: int) -> Phases:
    """Follow the phases through the weeks.

    Args:
        moves: by phase, the scaled changes of its pairs, each of shape (weeks,).
    """
    scores = np.stack([np.mean(pairs, axis=0) for pairs in moves.values()], axis=1)
    known = ~np.isnan(scores).any(axis=1)
    # Of equal scores the first is taken: the lower number.
    leader = np.where(known, np.argmax(scores, axis=1) + 1, NO_PHASE)
    phase, led, current = [], 0, NO_PHASE
    before = NO_PHASE
    for leads in leader.tolist():
        led = led + 1 if leads == before else 1
        before = leads
        if leads != NO_PHASE and (led >= hold_weeks or current == NO_PHASE):
            current = leads
        phase.append(current)
    return Phases(sundays=sundays, scores=scores, leader=leader, phase=np.array(phase, dtype=np.int64))
