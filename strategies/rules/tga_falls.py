"""Treasury account falls: cash is being spent (rows 001-13, 004-9)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed

ACCOUNT = "WTREGEN"


class TgaFallsParams(RuleParams):
    """Parameters of a falling account."""

    weeks: StrictInt = Field(4, ge=1, le=5200, description="Weeks over which the balance changes.")


class TgaFalls(SightedSystem[TgaFallsParams]):
    """Holds while the Treasury's account holds less than some weeks before."""

    Params = TgaFallsParams
    needs = (ACCOUNT,)
    rows = ("001-13", "004-9")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the balance with that of some weeks before."""
        return sight.compared(sight.change(sight.series(ACCOUNT), self.params.weeks), "<", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how the balance changed."""
        change = signed(number_of(reading), 0)
        return f"the Treasury's account changed by USD {change} million in {self.params.weeks} weeks"
