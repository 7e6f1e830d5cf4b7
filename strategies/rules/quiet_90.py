"""Quiet for 90 days: so long ago was the last shock of the core or the basket (row 001-7)."""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, StrictFloat, StrictInt

from engine.core.basket_index import BASKET
from engine.core.columns import Column, Flags, compare_all
from engine.core.market import Floats
from engine.core.reading import Reading
from engine.core.row_statistics import log_returns
from engine.core.rule import RuleParams
from engine.core.series_columns import sample_deviations
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.records import last_marked
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of


class Quiet90Params(RuleParams):
    """Parameters of quiet days."""

    of: Literal["BTC", "basket"] = Field("BTC", description="Whose shocks: BTC, the core, or the basket's index.")
    days: StrictInt = Field(90, ge=0, le=36500, description="Days since the last shock, at least.")
    volatility_days: StrictInt = Field(30, ge=2, le=3650, description="Daily returns and closes of a day's judgement.")
    quantile: StrictFloat = Field(0.9, ge=0, le=1, description="A volatility above this quantile is a shock.")
    lookback_days: StrictInt = Field(1461, ge=1, le=36500, description="Volatilities of which the quantile is taken.")
    drawdown: StrictFloat = Field(0.25, ge=0, lt=1, description="A fall of this fraction from the highest is a shock.")


class Quiet90(SightedSystem[Quiet90Params]):
    """Holds when no day for that long had a high volatility or a deep fall."""

    Params = Quiet90Params
    rows = ("001-7",)
    group = Group.TECHNICALS

    def column(self, sight: Sight) -> Column:
        """Count the days since the last shock; before one is seen, since the first day that was judged."""
        of, days = sight.series(self.params.of), self.params.days
        judged, shock = self._shocks(of.values)
        position = sight.positions_on(of)
        dates = of.ordinals.astype(np.float64)
        since = sight.days - last_known(last_known(dates, last_marked(shock)), position)
        first = dates[judged][:1] if judged.any() else [np.inf]
        quiet = sight.days - first >= days
        seen = ~np.isnan(since)
        sight.require_of(
            of, seen | quiet, f"no shock is seen, and no {days} days have passed since its first judged day"
        )
        return sight.column(np.where(seen, compare_all(since, ">=", days), quiet), since, ">=", float(days))

    def says(self, reading: Reading) -> str:
        """Say how long ago the last shock was."""
        of = self.setting.core if self.params.of != BASKET else "the basket"
        if reading.value is None:
            return f"{of} has had no shock yet, {self.params.days} days or more after its first judged day"
        return f"{of}'s last shock is {number_of(reading):,.0f} days ago, where {self.params.days} are wanted"

    def _shocks(self, values: Floats) -> tuple[Flags, Flags]:
        """Tell of each value whether it is judged, and whether it is a shock."""
        params, count = self.params, len(values)
        volatility, fall = np.full(count, np.nan), np.full(count, np.nan)
        if count > params.volatility_days:
            windows = np.lib.stride_tricks.sliding_window_view
            returns = log_returns(values)
            volatility[params.volatility_days :] = sample_deviations(windows(returns, params.volatility_days))
            highest = np.max(windows(values, params.volatility_days), axis=1)
            fall[params.volatility_days - 1 :] = 1 - values[params.volatility_days - 1 :] / highest
        # numpy's quantile of so many windows takes a hundred times as long.
        quantiles = pd.Series(volatility).rolling(params.lookback_days).quantile(params.quantile).to_numpy()
        judged: Flags = ~np.isnan(quantiles)
        return judged, judged & ((volatility > quantiles) | compare_all(fall, ">=", params.drawdown))
