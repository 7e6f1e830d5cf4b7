"""Series: any series, or one over another, transformed and compared with a level."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, Self

import numpy as np
from pydantic import Field, StrictFloat, StrictInt, model_validator

from engine.core.basket_index import BASKET
from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import price_text
from engine.core.columns import Column
from engine.core.market import Floats
from engine.core.reading import Reading
from engine.core.row_statistics import growths, percentiles, zscores
from engine.core.rule import RuleParams, Setting
from engine.core.series import ValueSeries
from engine.core.series_columns import distances, last_positions
from engine.core.strategy import MarketName
from strategies.signals.sight import Sight, SightedSystem, market_of
from strategies.signals.sums import sums_between
from strategies.signals.words import number_of

TRANSFORMS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "value": lambda rows: rows[:, -1],
        "change": lambda rows: rows[:, -1] - rows[:, 0],
        "growth": growths,
        "rolling_sum": lambda rows: np.sum(rows, axis=1),
        "mean_distance": distances,
        "zscore": zscores,
        "percentile": percentiles,
    }
)
"""From rows of values, the last one last, to one value a row."""
FROM_BEFORE = ("change", "growth")
"""These look from the last value to the one `window` before: it takes one more."""


class SeriesParams(RuleParams):
    """Parameters of a series that is compared."""

    of: MarketName = Field(description="A series, symbol, coin or `basket`; BTC is the core and RUT the index.")
    over: MarketName | None = Field(None, description="Likewise, by which it is divided; null: by nothing.")
    transform: Literal["value", "change", "growth", "rolling_sum", "mean_distance", "zscore", "percentile"] = Field(
        "value", description="What is made of the last values."
    )
    window: StrictInt | None = Field(None, ge=1, le=5200, description="How many values; null with `value` only.")
    unit: Literal["observations", "weeks"] = Field("observations", description="Values of the series, or of its weeks.")
    above: StrictFloat | None = Field(None, allow_inf_nan=False, description="It must exceed this.")
    below: StrictFloat | None = Field(None, allow_inf_nan=False, description="It must be less than this.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.above is None) is (self.below is None):
            raise ValueError("one of above and below is wanted, and not both")
        if self.transform == "value" and self.window is not None:
            raise ValueError(
                f"window {self.window} is not allowed with transform value, which is of the last one alone"
            )
        if self.transform != "value" and self.window is None:
            raise ValueError(f"window is missing; transform {self.transform} wants a number of values")
        if self.transform == "zscore" and self.window == 1:
            raise ValueError("window 1 is not allowed with transform zscore; at least 2 values are wanted")
        return self


class Series(SightedSystem[SeriesParams]):
    """Holds while what is made of the series is above, or below, the level."""

    Params = SeriesParams

    def __init__(self, params: SeriesParams, setting: Setting) -> None:
        super().__init__(params, setting)
        names = (market_of(name, setting) for name in (params.of, params.over) if name is not None)
        self.needs = tuple(name for name in names if name != BASKET)

    def column(self, sight: Sight) -> Column:
        """Transform the last values of each day, and compare."""
        params = self.params
        of = sight.series(params.of) if params.over is None else sight.ratio(params.of, params.over)
        count = (params.window or 1) + (params.transform in FROM_BEFORE)
        rows = sight.weekly(of, count) if params.unit == "weeks" else sight.last_n(of, count)
        if params.transform == "rolling_sum" and params.unit == "weeks":
            value = _sums_of_weeks(of, sight, count)
        else:
            value = TRANSFORMS[params.transform](rows)
        if params.above is not None:
            return sight.compared(value, ">", params.above)
        return sight.compared(value, "<", float(params.below or 0.0))

    def says(self, reading: Reading) -> str:
        """Say what the value is."""
        params = self.params
        name = params.of if params.over is None else f"{params.of}/{params.over}"
        if params.transform != "value":
            unit = params.unit if params.window != 1 else params.unit.removesuffix("s")
            name = f"{params.transform} of {name} over {params.window} {unit}"
        wanted = f"more than {params.above:g}" if params.above is not None else f"less than {params.below:g}"
        return f"{name} is {price_text(number_of(reading))}, where {wanted} is wanted"


def _sums_of_weeks(series: ValueSeries, sight: Sight, weeks: int) -> Floats:
    """Add up all values that became known in the last complete weeks."""
    sundays = sight.days - sight.days % DAYS_A_WEEK
    begin, stop = (last_positions(series, each) + 1 for each in (sundays - DAYS_A_WEEK * weeks, sundays))
    return sums_between(series.values, begin, stop)
