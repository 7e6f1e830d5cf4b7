"""Sizing by volatility: targets are scaled down, once a change, where what they hold has moved more than is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt

import numpy as np

from engine.core.market import BarSeries, Floats, History

CALENDAR_DAYS = 60
"""Days up to the decision day whose returns are looked at."""
DAYS_A_YEAR = 365
LEAST_RETURNS = 2


@dataclass(frozen=True, slots=True)
class VolatilityTarget:
    """The yearly volatility that is wanted at most, as a fraction."""

    yearly: float

    def sized(self, targets: Mapping[str, float], history: History, day: date) -> Mapping[str, float]:
        """Give targets scaled down to the volatility, from bars dated up to `day`; the rest is cash."""
        scale = self.scale(targets, history, day)
        return targets if scale == 1 else {asset: weight * scale for asset, weight in targets.items()}

    def scale(self, targets: Mapping[str, float], history: History, day: date) -> float:
        """Give what targets are multiplied by, at most 1: the wanted over the sample volatility of their returns.

        A day's return is of the targets' weights, divided by their sum over the assets with a bar on it and on the day
        before; a day without any is left out. With fewer than two, or without a deviation, nothing is scaled.
        """
        weights = np.array([targets[asset] for asset in targets if asset in history.series])
        if not weights.size:
            return 1.0
        moves = np.array([_returns(history[asset], day) for asset in targets if asset in history.series])
        there = ~np.isnan(moves)
        shares = np.where(there, weights[:, np.newaxis], 0.0)
        totals = shares.sum(axis=0)
        returns = (shares * np.where(there, moves, 0.0)).sum(axis=0)[totals > 0] / totals[totals > 0]
        # Sums of equal numbers may be off by a bit, which would make a deviation of nothing.
        if len(returns) < LEAST_RETURNS or bool((returns == returns[0]).all()):
            return 1.0
        return min(1.0, self.yearly / (float(np.std(returns, ddof=1)) * sqrt(DAYS_A_YEAR)))


def _returns(bars: BarSeries, day: date) -> Floats:
    """Give close / close of the day before - 1 of each of the calendar days up to `day`; NaN without either bar."""
    last = day.toordinal()
    closes = np.full(CALENDAR_DAYS + 1, np.nan)
    begin, stop = np.searchsorted(bars.ordinals, (last - CALENDAR_DAYS, last + 1)).tolist()
    closes[bars.ordinals[begin:stop] - (last - CALENDAR_DAYS)] = bars.close[begin:stop]
    returns: Floats = closes[1:] / closes[:-1] - 1
    return returns
