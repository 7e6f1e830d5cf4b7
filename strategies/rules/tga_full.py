"""Treasury account full: cash that could be spent (row 001-13)."""

from pydantic import Field, StrictFloat

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of

ACCOUNT = "WTREGEN"


class TgaFullParams(RuleParams):
    """Parameters of a full account."""

    usd_million: StrictFloat = Field(800_000.0, allow_inf_nan=False, description="Balance, at least, USD million.")


class TgaFull(SightedSystem[TgaFullParams]):
    """Holds while the Treasury's account holds that much."""

    Params = TgaFullParams
    needs = (ACCOUNT,)
    rows = ("001-13",)
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the last balance."""
        return sight.compared(sight.last(sight.series(ACCOUNT)), ">=", self.params.usd_million)

    def says(self, reading: Reading) -> str:
        """Say how much it holds."""
        held, wanted = number_of(reading), self.params.usd_million
        return f"the Treasury's account holds USD {held:,.0f} million, where {wanted:,.0f} are a full one"
