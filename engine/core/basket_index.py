"""The basket as one series: an index that grows, day by day, by the mean return of the coins that were tradable."""

from collections.abc import Sequence

import numpy as np

from engine.core.calendar import days_between, instants_after, ordinals_of
from engine.core.market import BarSeries, Floats
from engine.core.series import SeriesKind, ValueSeries, no_values

BASKET = "basket"
LEAST_ASSETS = 3


def least_assets(count: int) -> int:
    """Give how many coins it takes for a statement about a basket of `count`: three, or all where they are fewer."""
    return min(LEAST_ASSETS, count)


def basket_index(assets: Sequence[BarSeries], *, min_history_days: int) -> ValueSeries:
    """Build the index of a basket, equal weights; it begins at 1 before its first day.

    A day's return is the mean of close / close before - 1 over the assets that were tradable on the calendar day before
    (a bar on it, and at least `min_history_days` bars up to it) and have a bar on the day. A day with fewer than
    `least_assets` of them has no value, and its return is left out.
    """
    held = [bars for bars in assets if len(bars)]
    if not held:
        return no_values(BASKET)
    days = days_between(min(bars.first_day for bars in held), max(bars.last_day for bars in held))
    first = int(ordinals_of(days[:1])[0])
    returns, counts = np.zeros(len(days)), np.zeros(len(days), dtype=np.int64)
    for bars in held:
        # From the second bar on, and only after a day that had one, ripe by then.
        later = np.flatnonzero(np.diff(bars.ordinals) == 1) + 1
        ripe = later[later >= min_history_days]
        at = bars.ordinals[ripe] - first
        returns[at] += bars.close[ripe] / bars.close[ripe - 1] - 1
        counts[at] += 1
    there = counts >= least_assets(len(assets))
    values: Floats = np.cumprod(1 + returns[there] / counts[there], dtype=np.float64)
    return ValueSeries(
        name=BASKET,
        kind=SeriesKind.DAILY,
        ordinals=ordinals_of(days[there]),
        values=values,
        known_at=instants_after(days[there]),
    )
