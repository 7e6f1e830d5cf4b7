"""Volume thrust: small caps rose lately on a volume far above the usual (row 004-4)."""

from dataclasses import replace

import numpy as np
from pydantic import Field, StrictFloat, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.market import BarSeries, Floats, closes_of
from engine.core.reading import Reading
from engine.core.row_statistics import over
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import NOTHING
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of

FUND = "IWM"


class VolumeThrustParams(RuleParams):
    """Parameters of a volume thrust."""

    within_sessions: StrictInt = Field(10, ge=1, le=5000, description="Last sessions that are looked at.")
    base_sessions: StrictInt = Field(50, ge=1, le=5000, description="Sessions before, of which the mean is taken.")
    ratio: StrictFloat = Field(1.5, gt=0, allow_inf_nan=False, description="Volume over that mean, at least.")


class VolumeThrust(SightedSystem[VolumeThrustParams]):
    """Holds while one of the last sessions closed higher on a high volume."""

    Params = VolumeThrustParams
    needs = (FUND,)
    rows = ("004-4",)
    group = Group.SMALL_CAPS

    def column(self, sight: Sight) -> Column:
        """Find the highest volume, against the mean before it, of the last sessions that closed higher."""
        within, base = self.params.within_sessions, self.params.base_sessions
        bars = sight.bars(FUND)
        if bars is None:
            return sight.column(np.zeros(len(sight.days), dtype=np.bool_))
        places = replace(closes_of(bars), values=np.arange(len(bars), dtype=np.float64))
        sessions = sight.last_n(places, base + within)
        rows = np.where(np.isnan(sessions), NOTHING, sessions).astype(np.int64)
        volumes = np.append(bars.volume, np.nan)[rows]
        sight.require_of(
            places, np.all(volumes > 0, axis=1), f"one of its last {base + within} volumes is missing or 0"
        )
        highest = np.max(np.append(_thrusts(bars, base), -np.inf)[rows[:, base:]], axis=1)
        highest = np.where(np.isinf(highest), np.nan, highest)
        return sight.column(compare_all(highest, ">=", self.params.ratio), highest, ">=", self.params.ratio)

    def says(self, reading: Reading) -> str:
        """Say how high the volume was."""
        sessions = f"of the last {self.params.within_sessions} sessions of {FUND}"
        if reading.value is None:
            return f"none {sessions} closed higher than the one before"
        return (
            f"the highest volume {sessions} that closed higher is {number_of(reading):.2f} times the mean of "
            f"{self.params.base_sessions} sessions before, where {self.params.ratio:g} is wanted"
        )


def _thrusts(bars: BarSeries, base: int) -> Floats:
    """Give each session's volume over the mean of those before; -inf where there are too few, or it did not rise."""
    thrusts = np.full(len(bars), -np.inf)
    if len(bars) > base:
        means = np.mean(np.lib.stride_tricks.sliding_window_view(bars.volume, base)[:-1], axis=1)
        rose = bars.close[base:] > bars.close[base - 1 : -1]
        thrusts[base:] = np.where(rose, over(bars.volume[base:], means), -np.inf)
    return thrusts
