"""M2 grows: the stock of money is larger than a year before by more than some percent (rows 000-6, 002-1)."""

import numpy as np
from pydantic import Field, StrictFloat

from engine.core.calendar import days_of, ordinals_of, years_before
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.row_statistics import over
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import move_of, number_of

MONEY = "M2SL"


class M2GrowsParams(RuleParams):
    """Parameters of growing money."""

    growth: StrictFloat = Field(0.05, allow_inf_nan=False, description="Growth over a year, as a fraction.")


class M2Grows(SightedSystem[M2GrowsParams]):
    """Holds while the last month's money is more than that above the same month's a year before."""

    Params = M2GrowsParams
    needs = (MONEY,)
    rows = ("000-6", "002-1")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the last value with the one dated a year earlier."""
        money = sight.series(MONEY)
        wanted = ordinals_of(years_before(days_of(money.ordinals), 1))
        before = np.searchsorted(money.ordinals, wanted, side="right").astype(np.int64) - 1
        there = last_known(money.ordinals.astype(np.float64), before) == wanted
        growth = np.where(there, over(money.values, last_known(money.values, before)) - 1, np.nan)
        position = sight.last_positions(money)
        sight.require_of(money, ~np.isnan(last_known(growth, position)), "it has no value dated a year before the last")
        return sight.compared(last_known(growth, position), ">", self.params.growth)

    def says(self, reading: Reading) -> str:
        """Say how it grew."""
        return f"{MONEY} is {move_of(number_of(reading))} on a year, where more than {self.params.growth:.2%} is wanted"
