"""Rate cuts: the overnight rate of the Federal Reserve has fallen over a quarter (rows 000-9, 000-20, 002-14)."""

from pydantic import Field, StrictFloat, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed

RATE = "DFF"


class RateCutsParams(RuleParams):
    """Parameters of rate cuts."""

    weeks: StrictInt = Field(13, ge=1, le=5200, description="Weeks over which the rate changes.")
    step: StrictFloat = Field(0.15, ge=0, allow_inf_nan=False, description="Percentage points that make a change.")


class RateCuts(SightedSystem[RateCutsParams]):
    """Holds while the rate is lower by that much."""

    Params = RateCutsParams
    needs = (RATE,)
    rows = ("000-9", "002-14", "000-20")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the rate with that of some weeks before."""
        return sight.compared(sight.change(sight.series(RATE), self.params.weeks), "<=", -self.params.step)

    def says(self, reading: Reading) -> str:
        """Name the regime, and the change."""
        regime = "cutting" if reading.holds else "hiking" if number_of(reading) >= self.params.step else "holding"
        change = signed(number_of(reading))
        return f"the Federal Reserve is {regime}: {RATE} changed by {change} points in {self.params.weeks} weeks"
