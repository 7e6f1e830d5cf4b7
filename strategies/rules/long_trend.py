"""Long trend: the core's weekly close is above its mean of nearly four years (row 002-10)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import CORE, Sight, SightedSystem
from strategies.signals.words import number_of, side_of


class LongTrendParams(RuleParams):
    """Parameters of the long trend."""

    weeks: StrictInt = Field(200, ge=1, le=5200, description="Weeks of which the mean is taken, the last included.")


class LongTrend(SightedSystem[LongTrendParams]):
    """Holds while the core's weekly close is above its mean."""

    Params = LongTrendParams
    rows = ("002-10",)
    group = Group.TECHNICALS

    def column(self, sight: Sight) -> Column:
        """Compare the last weekly close with the mean."""
        return sight.compared(distances(sight.weekly(sight.series(CORE), self.params.weeks)), ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how far the close is from its mean."""
        side = side_of(number_of(reading))
        return f"{self.setting.core}'s weekly close is {side} its mean of {self.params.weeks} weeks"
