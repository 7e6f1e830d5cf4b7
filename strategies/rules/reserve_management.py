"""Reserve management: the Federal Reserve's balance sheet grows by as much as it was said to buy (row 001-14)."""

from pydantic import Field, StrictFloat, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed

BALANCE_SHEET = "WALCL"


class ReserveManagementParams(RuleParams):
    """Parameters of reserve management."""

    weeks: StrictInt = Field(4, ge=1, le=5200, description="Weeks over which the balance sheet grows.")
    usd_million: StrictFloat = Field(40_000.0, allow_inf_nan=False, description="Growth, at least, USD million.")


class ReserveManagement(SightedSystem[ReserveManagementParams]):
    """Holds while the balance sheet grows by that much."""

    Params = ReserveManagementParams
    needs = (BALANCE_SHEET,)
    rows = ("001-14", "004-8", "002-15")
    group = Group.LIQUIDITY
    remark = (
        "a proxy for the bill holdings WSHOBL; "
        "it hides them behind what the Federal Reserve lets run off and lends at quarter ends"
    )

    def column(self, sight: Sight) -> Column:
        """Compare the growth."""
        change = sight.change(sight.series(BALANCE_SHEET), self.params.weeks)
        return sight.compared(change, ">=", self.params.usd_million)

    def says(self, reading: Reading) -> str:
        """Say how the balance sheet changed."""
        change, wanted = signed(number_of(reading), 0), self.params.usd_million
        words = f"{BALANCE_SHEET} changed by USD {change} million in {self.params.weeks} weeks"
        return f"{words}, where {wanted:,.0f} are wanted"
