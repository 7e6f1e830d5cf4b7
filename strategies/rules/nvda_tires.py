"""Nvidia tires: the leader of the large caps falls behind them, and gains nothing on them (rows 000-8, 000-11)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.row_statistics import growths
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, side_of


class NvdaTiresParams(RuleParams):
    """Parameters of Nvidia tiring."""

    weeks: StrictInt = Field(20, ge=1, le=5200, description="Weeks of which the mean is taken, the last included.")
    momentum_weeks: StrictInt = Field(13, ge=1, le=5200, description="Weeks over which it gains nothing.")


class NvdaTires(SightedSystem[NvdaTiresParams]):
    """Holds while NVDA/SPY is below its mean and not above its value of some weeks before."""

    Params = NvdaTiresParams
    needs = ("NVDA", "SPY")
    rows = ("000-11", "000-8")
    group = Group.ROTATION

    def column(self, sight: Sight) -> Column:
        """Compare the last week's ratio with its mean, and with that of some weeks before."""
        over_market = sight.ratio("NVDA", "SPY")
        momentum = growths(sight.weekly(over_market, self.params.momentum_weeks + 1))
        distance = distances(sight.weekly(over_market, self.params.weeks))
        return sight.compared(distance, "<", 0.0, also=compare_all(momentum, "<=", 0.0))

    def says(self, reading: Reading) -> str:
        """Say how far the ratio is from its mean, and what its momentum does."""
        params, value = self.params, number_of(reading)
        words = f"NVDA/SPY is {side_of(value)} its mean of {params.weeks} weeks"
        if value < 0:
            gain = "no gain" if reading.holds else "a gain"
            words += f", with {gain} over {params.momentum_weeks} weeks"
        return words
