"""Retest held: after the breakout the index came back to the broken level, and closed above it (row 003-6)."""

import numpy as np
from pydantic import Field, StrictFloat, StrictInt

from engine.core.calendar import DAYS_A_WEEK
from engine.core.columns import Column
from engine.core.market import BarSeries, Floats
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.breakout import BreakoutColumns
from strategies.signals.known import last_known
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of


class RetestHeldParams(RuleParams):
    """Parameters of a retest."""

    touch: StrictFloat = Field(0.02, ge=0, lt=1, description="Fraction above the support that counts as touching it.")
    retest_weeks: StrictInt = Field(26, ge=0, le=5200, description="Weeks after the breakout for a retest.")


class RetestHeld(SightedSystem[RetestHeldParams]):
    """Holds from the session on that touched the support and closed above it, while the breakout is in force."""

    Params = RetestHeldParams
    rows = ("003-6",)
    group = Group.SMALL_CAPS

    def column(self, sight: Sight) -> Column:
        """Count the days since the retest of the breakout in force."""
        breakout = sight.breakout()
        retests = last_known(self._retests(breakout.index, breakout.columns), breakout.positions)
        since = np.where(breakout.in_force, sight.days - retests, np.nan)
        return sight.column(~np.isnan(since), since)

    def says(self, reading: Reading) -> str:
        """Say how long ago the retest was."""
        index = self.setting.index
        if reading.value is None:
            return f"no breakout of {index} in force has come back to its support and held it"
        return f"{index} came back to its support and held it {number_of(reading):,.0f} days ago"

    def _retests(self, bars: BarSeries, columns: BreakoutColumns) -> Floats:
        """Give for each session the date of the retest of its breakout so far; NaN without one."""
        near = columns.support * (1 + self.params.touch)
        away = np.flatnonzero(bars.close > near)
        held = np.flatnonzero((bars.low <= near) & (bars.close > columns.support))
        retests = np.full(len(bars), np.nan)
        changed = np.flatnonzero(np.diff(columns.breakout_session)) + 1
        for begin, stop in zip((0, *changed.tolist()), (*changed.tolist(), len(bars)), strict=True):
            last = int(columns.breakout_session[begin]) + DAYS_A_WEEK * self.params.retest_weeks
            away_first = away[np.searchsorted(away, begin) :][:1]
            later = held[np.searchsorted(held, away_first, side="right")[0] :][:1] if away_first.size else away_first
            if later.size and later[0] < stop and bars.ordinals[later[0]] <= last:
                retests[later[0] : stop] = bars.ordinals[later[0]]
        return retests
