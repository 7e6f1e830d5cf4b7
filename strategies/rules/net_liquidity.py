"""Net liquidity: what the Federal Reserve holds, less what the Treasury and money funds leave there, has grown.

Thesis rows 001-15, 002-17, 003-7.
"""

from typing import ClassVar

from pydantic import Field, StrictInt

from engine.core.columns import Column, compared
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import RuleParams, System
from engine.core.series_columns import changes_over_weeks, why_unknown

MILLIONS_A_BILLION = 1000
"""Reverse repos are counted in billions of USD, the others in millions."""


class NetLiquidityParams(RuleParams):
    """How far back is compared."""

    weeks: StrictInt = Field(13, ge=1, le=520, description="Weeks over which the change is taken.")


class NetLiquidity(System[NetLiquidityParams]):
    """Holds while the balance sheet less the Treasury's account and reverse repos is larger than some weeks before."""

    Params: ClassVar[type[RuleParams]] = NetLiquidityParams
    needs = ("WALCL", "WTREGEN", "RRPONTSYD")

    def observe(self, history: History) -> Column:
        """Compare the change with nothing, in millions of USD."""
        core = history[self.setting.core]
        assets, treasury, repos = (
            changes_over_weeks(history.values_of(name), core.ordinals, self.params.weeks) for name in self.needs
        )
        change = assets - treasury - MILLIONS_A_BILLION * repos
        return compared(core, change, ">", 0.0, reason=why_unknown(history, self.needs))

    def sentence(self, reading: Reading) -> str:
        """Say by how much it grew or shrank."""
        if reading.value is None:
            return super().sentence(reading)
        change = f"{reading.value:+,.0f} million USD over {self.params.weeks} weeks"
        return f"net liquidity has {'' if reading.holds else 'not '}grown: {change}; so since {reading.since}"
