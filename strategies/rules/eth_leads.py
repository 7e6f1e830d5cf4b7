"""ETH leads: the first of the altcoins closes at a high of half a year, or gains on the core (rows 000-15, 003-9)."""

import numpy as np
from pydantic import Field, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import CORE, Sight, SightedSystem
from strategies.signals.words import number_of, side_of

LEADER = "ETH"


class EthLeadsParams(RuleParams):
    """Parameters of ETH leading."""

    weeks: StrictInt = Field(26, ge=1, le=5200, description="Weeks of which the last close is the highest.")
    ratio_weeks: StrictInt = Field(20, ge=1, le=5200, description="Weeks of which the ratio's mean is taken.")


class EthLeads(SightedSystem[EthLeadsParams]):
    """Holds while ETH's weekly close is the highest of some weeks, or ETH over the core is above its mean."""

    Params = EthLeadsParams
    needs = (LEADER,)
    rows = ("000-15", "003-9")
    group = Group.ROTATION

    def column(self, sight: Sight) -> Column:
        """Compare the last week's close with those before, and the ratio with its mean; both have to be known."""
        weekly = sight.weekly(sight.series(LEADER), self.params.weeks)
        distance = distances(sight.weekly(sight.ratio(LEADER, CORE), self.params.ratio_weeks))
        highest = np.max(weekly, axis=1) == weekly[:, -1]
        return sight.column(highest | compare_all(distance, ">", 0.0), distance, ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say where the ratio is, and what the close is where that decides."""
        params, distance = self.params, number_of(reading)
        words = f"{LEADER}/{self.setting.core} is {side_of(distance)} its mean of {params.ratio_weeks} weeks"
        if distance > 0:
            return words
        return f"{words}, and {LEADER}'s weekly close is {'' if reading.holds else 'not '}the highest of {params.weeks}"
