"""The breakout of the index as a system sees it on each decision day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import DAYS_A_WEEK
from engine.core.columns import Flags
from engine.core.market import BarSeries, Floats
from strategies.signals.breakout import BreakoutColumns, Breakouts
from strategies.signals.known import NOTHING, last_known
from strategies.signals.sight import INDEX, Sight


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BreakoutSeen:
    """The breakout by session and by decision day.

    Attributes:
        bars, columns: the index and its breakout after each session; positions: the last session of each day.
        in_force: confirmed, not lost, and not run out, on each day.
        support, session: of the breakout in being, on each day; the session as an ordinal.
    """

    bars: BarSeries
    columns: BreakoutColumns
    positions: NDArray[np.int64]
    in_force: Flags
    support: Floats
    session: Floats


def breakout_seen(sight: Sight) -> BreakoutSeen:
    """Follow the breakout of the index."""
    index, params = sight.series(INDEX), sight.setting.breakout
    bars = sight.history[sight.setting.index]
    columns, positions = Breakouts(params).of(bars), sight.last_positions(index)
    session = last_known(columns.breakout_session.astype(np.float64), positions)
    in_force = np.append(columns.in_breakout, False)[positions] & (positions > NOTHING)
    if params.valid_weeks is not None:
        in_force &= sight.days <= session + DAYS_A_WEEK * params.valid_weeks
    return BreakoutSeen(
        bars=bars,
        columns=columns,
        positions=positions,
        in_force=in_force,
        support=last_known(columns.support, positions),
        session=session,
    )
