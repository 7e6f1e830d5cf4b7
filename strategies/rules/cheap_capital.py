"""Cheap capital: the yield of two years has fallen over a quarter (rows 000-5, 003-7, 004-10)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed

YIELD = "DGS2"


class CheapCapitalParams(RuleParams):
    """Parameters of cheap capital."""

    weeks: StrictInt = Field(13, ge=1, le=5200, description="Weeks over which the yield changes.")


class CheapCapital(SightedSystem[CheapCapitalParams]):
    """Holds while the yield is lower than some weeks before."""

    Params = CheapCapitalParams
    needs = (YIELD,)
    rows = ("000-5", "004-10", "003-7")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the yield with that of some weeks before."""
        return sight.compared(sight.change(sight.series(YIELD), self.params.weeks), "<", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how the yield changed."""
        return f"{YIELD} changed by {signed(number_of(reading))} points in {self.params.weeks} weeks"
