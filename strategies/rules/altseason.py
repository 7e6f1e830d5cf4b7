"""Altseason: most of the basket's coins did better than the core over a quarter (rows 000-15, 000-19)."""

import numpy as np
from pydantic import Field, StrictFloat, StrictInt

from engine.core.basket_index import least_assets
from engine.core.calendar import Ordinals
from engine.core.columns import Column
from engine.core.market import BarSeries, Floats
from engine.core.reading import Reading
from engine.core.row_statistics import over
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of


class AltseasonParams(RuleParams):
    """Parameters of altseason."""

    days: StrictInt = Field(90, ge=1, le=36500, description="Days over which coins and core are compared.")
    share: StrictFloat = Field(0.75, ge=0, le=1, description="Share of the coins that did better, at least.")


class Altseason(SightedSystem[AltseasonParams]):
    """Holds while that share of the basket's coins beats the core."""

    Params = AltseasonParams
    rows = ("000-15", "000-19")
    group = Group.ROTATION

    def column(self, sight: Sight) -> Column:
        """Count, among the coins with bars on both days, those that did better."""
        days, core, coins = self.params.days, self.setting.core, sight.basket()
        own = _growths(sight.core, sight.days, days)
        sight.require(~np.isnan(own), f"{core} has no bar {days} days before")
        grown = np.array([_growths(bars, sight.days, days) for bars in coins]).reshape(len(coins), len(sight.days))
        compared = np.sum(~np.isnan(grown), axis=0)
        least = max(least_assets(len(coins)), 1)
        sight.require(
            compared >= least, f"fewer than {least} coins of the basket have bars on the day and {days} before"
        )
        share = over(np.sum(grown > own, axis=0).astype(np.float64), compared.astype(np.float64))
        return sight.compared(share, ">=", self.params.share)

    def says(self, reading: Reading) -> str:
        """Say which share did better."""
        share, params = f"{number_of(reading):.0%}", self.params
        words = f"{share} of the basket's coins did better than {self.setting.core} over {params.days} days"
        return f"{words}, where {params.share:.0%} is wanted"


def _growths(bars: BarSeries, ordinals: Ordinals, days: int) -> Floats:
    """Give close / close so many days before, where the bars have both days."""
    return _closes_on(bars, ordinals) / _closes_on(bars, ordinals - days)


def _closes_on(bars: BarSeries, ordinals: Ordinals) -> Floats:
    positions = np.searchsorted(bars.ordinals, ordinals, side="right").astype(np.int64) - 1
    there = last_known(bars.ordinals.astype(np.float64), positions) == ordinals
    return np.where(there, last_known(bars.close, positions), np.nan)
