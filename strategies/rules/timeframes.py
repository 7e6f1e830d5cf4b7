"""Timeframes: the core is above its means of days, weeks and months, or of most of them (rows 002-11, 002-21)."""

import numpy as np
from pydantic import Field, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import CORE, Sight, SightedSystem
from strategies.signals.words import number_of


class TimeframesParams(RuleParams):
    """Parameters of the timeframes."""

    days: StrictInt = Field(50, ge=1, le=5000, description="Days of which the mean of closes is taken.")
    weeks: StrictInt = Field(20, ge=1, le=5200, description="Weeks of which the mean of closes is taken.")
    months: StrictInt = Field(10, ge=1, le=1200, description="Months of which the mean of closes is taken.")
    at_least: StrictInt = Field(2, ge=1, le=3, description="How many of the three must hold.")


class Timeframes(SightedSystem[TimeframesParams]):
    """Holds while the core's close is above enough of three means."""

    Params = TimeframesParams
    rows = ("002-11", "002-21")
    group = Group.TECHNICALS

    def column(self, sight: Sight) -> Column:
        """Count the timeframes whose last close is above the mean."""
        params, core = self.params, sight.series(CORE)
        frames = (
            sight.last_n(core, params.days),
            sight.weekly(core, params.weeks),
            sight.monthly(core, params.months),
        )
        held = np.sum([compare_all(distances(rows), ">", 0.0) for rows in frames], axis=0)
        return sight.compared(held.astype(np.float64), ">=", float(params.at_least))

    def says(self, reading: Reading) -> str:
        """Say how many hold."""
        params = self.params
        return (
            f"{self.setting.core} is above {number_of(reading):.0f} of its means of {params.days} days, {params.weeks} "
            f"weeks and {params.months} months, where {params.at_least} are wanted"
        )
