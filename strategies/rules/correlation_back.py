"""Correlation is back: altcoins move with small caps again, week by week (rows 000-13, 001-6, 002-12)."""

from typing import Literal

from pydantic import Field, StrictFloat, StrictInt

from engine.core.basket_index import BASKET
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.row_statistics import correlations, log_returns
from engine.core.rule import RuleParams, Setting
from engine.core.series_pairs import on_common_dates
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem, market_of
from strategies.signals.words import number_of


class CorrelationBackParams(RuleParams):
    """Parameters of a correlation that is back."""

    of: Literal["basket", "ETH", "BTC"] = Field("basket", description="The basket's index, ETH, or BTC: the core.")
    to: Literal["RUT", "SPY"] = Field("RUT", description="What it moves with; RUT: the index.")
    weeks: StrictInt = Field(26, ge=2, le=5200, description="Weekly returns of which the correlation is taken.")
    level: StrictFloat = Field(0.3, ge=-1, le=1, description="Correlation, at least.")


class CorrelationBack(SightedSystem[CorrelationBackParams]):
    """Holds while the weekly returns of the two go together."""

    Params = CorrelationBackParams
    rows = ("000-13", "001-6", "002-12")
    group = Group.TECHNICALS

    def __init__(self, params: CorrelationBackParams, setting: Setting) -> None:
        super().__init__(params, setting)
        self._names = tuple(market_of(name, setting) for name in (params.of, params.to))
        self.needs = tuple(name for name in self._names if name != BASKET)

    def column(self, sight: Sight) -> Column:
        """Correlate the weekly returns of both on their common dates."""
        pair = on_common_dates(sight.series(self.params.of), sight.series(self.params.to))
        of, to = (sight.weekly(series, self.params.weeks + 1) for series in pair)
        return sight.compared(correlations(log_returns(of), log_returns(to)), ">=", self.params.level)

    def says(self, reading: Reading) -> str:
        """Say how high the correlation is."""
        of, to = self._names
        return (
            f"{self.params.weeks} weekly returns of {of} and {to} correlate by {number_of(reading):.2f}, where "
            f"{self.params.level:g} is wanted"
        )
