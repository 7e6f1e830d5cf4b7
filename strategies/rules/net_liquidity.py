"""Net liquidity: the Federal Reserve's assets less what lies idle with it have grown (rows 001-15, 002-17, 003-7)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed

BALANCE_SHEET, TREASURY, REVERSE_REPO = "WALCL", "WTREGEN", "RRPONTSYD"
MILLIONS_A_BILLION = 1000
"""Reverse repo is published in USD billion, the others in million."""


class NetLiquidityParams(RuleParams):
    """Parameters of net liquidity."""

    weeks: StrictInt = Field(13, ge=1, le=5200, description="Weeks over which it changes.")


class NetLiquidity(SightedSystem[NetLiquidityParams]):
    """Holds while balance sheet less Treasury account less reverse repo is higher than some weeks before."""

    Params = NetLiquidityParams
    needs = (BALANCE_SHEET, TREASURY, REVERSE_REPO)
    rows = ("001-15", "002-17", "003-7")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Add up the changes of the three."""
        assets, treasury, repo = (sight.change(sight.series(name), self.params.weeks) for name in self.needs)
        return sight.compared(assets - treasury - MILLIONS_A_BILLION * repo, ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how it changed."""
        grown = "has grown" if reading.holds else "has not grown"
        return f"net liquidity {grown}: USD {signed(number_of(reading), 0)} million in {self.params.weeks} weeks"
