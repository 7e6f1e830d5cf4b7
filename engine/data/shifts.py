"""Dates of a series that are off by a day or a week, recognised by the exchange's calendar.

Of all ways to read the rows, in stretches whose dates are as written or off by one of `OFFSETS` days, the one that the
calendar contradicts least is taken. A contradiction is a bar on a day without a session, or a hole (sessions without a
bar, however many) or disorder between two rows. A stretch that is read otherwise than the one before it counts as
`CHANGE` contradictions: a lone bar, hole or wrong date is cheaper as what it is. A stretch is believed to be shifted if
the shift brings at most half as many contradictions as it takes away; nothing is said of stretches that explain less
than half of the bars of closed days: dates that are years off agree with a shift here and there.

A day's shift puts a bar on a weekend each week. A week's leaves the weekdays alone: holidays have bars, and the
sessions a week before or after them have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Ordinals

OFFSETS = (0, -1, 1, -7, 7)
"""Days by which the dates of a stretch may be late (early: negative); 0: as written."""

CHANGE = 2.5
"""So many contradictions a change of the reading costs: it must do away with three."""

START = 2.25
"""The same for the reading of the first row; less, so that where either may be, the whole series is shifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive rows whose dates are off by the same number of days.

    Attributes:
        first, last: its rows, both included.
        late: by how many days the dates are late; negative where they are early.
    """

    first: int
    last: int
    late: int


def shifted_stretches(ordinals: Ordinals, sessions: Ordinals) -> Sequence[Stretch]:
    """Find the stretches of a series that are shifted.

    Args:
        ordinals: the days as written, in the order of the source; they need not ascend.
        sessions: the exchange's, ascending, from a week before the first day to a week after the last.
    """
    if not len(ordinals):
        return ()
    true_days = ordinals[:, None] - np.array(OFFSETS)
    before = np.searchsorted(sessions, true_days, side="left")
    through = np.searchsorted(sessions, true_days, side="right")
    closed = before == through
    offsets = _cheapest(before, through, closed)
    explained = 0
    starts = np.concatenate(([0], np.flatnonzero(np.diff(offsets)) + 1, [len(offsets)])).tolist()
    found = []
    for first, stop in pairwise(starts):
        offset = int(offsets[first])
        if offset and _is_believed(before[first:stop], through[first:stop], closed[first:stop], offset):
            found.append(Stretch(first=first, last=stop - 1, late=OFFSETS[offset]))
            explained += int((closed[first:stop, 0] & ~closed[first:stop, offset]).sum())
    return tuple(found) if 2 * explained >= int(closed[:, 0].sum()) else ()


def _cheapest(before: NDArray[np.intp], through: NDArray[np.intp], closed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Give, for each row, the position in `OFFSETS` of the reading that costs least in all (Viterbi's algorithm)."""
    count = len(OFFSETS)
    change = np.where(np.eye(count, dtype=np.bool_), 0.0, CHANGE)
    cost = np.where(np.arange(count) == 0, 0.0, START) + closed[0]
    came_from = np.zeros(closed.shape, dtype=np.intp)
    for row in range(1, len(closed)):
        # From the reading of the row before (down) to that of this one (across).
        ways = cost[:, None] + change + (through[row - 1][:, None] != before[row][None, :])
        came_from[row] = ways.argmin(axis=0)
        cost = ways.min(axis=0) + closed[row]
    offsets = np.zeros(len(closed), dtype=np.intp)
    offsets[-1] = cost.argmin()
    for row in range(len(closed) - 1, 0, -1):
        offsets[row - 1] = came_from[row, offsets[row]]
    return offsets


def _is_believed(before: NDArray[np.intp], through: NDArray[np.intp], closed: NDArray[np.bool_], offset: int) -> bool:
    contradicted = np.concatenate([closed, through[:-1] != before[1:]])
    written, shifted = contradicted[:, 0], contradicted[:, offset]
    return 2 * int((shifted & ~written).sum()) <= int((written & ~shifted).sum())
