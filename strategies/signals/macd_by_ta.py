"""The weekly MACD a second time, by `ta`, whose one use this is: what a backtest holds its own to. It takes pandas."""

import numpy as np
import pandas as pd
from ta.trend import MACD

from engine.core.errors import CheckError
from engine.core.market import BarSeries
from strategies.signals.macd import MacdParams, weekly_closes, weekly_macd

TOLERANCE = 1e-9
"""Of the largest close: what averages of floats may be off by, in another order or with other instructions."""


def hold_to_ta(bars: BarSeries, params: MacdParams) -> None:
    """Compare every week's MACD and signal line with those of `ta`.

    Raises:
        CheckError: they differ; names the first week.
    """
    ours, (_, closes) = weekly_macd(bars, params), weekly_closes(bars)
    # Seeded with the first value with fillna=True only.
    theirs = MACD(
        pd.Series(closes), window_slow=params.slow, window_fast=params.fast, window_sign=params.signal, fillna=True
    )
    for name, own, other in (("MACD", ours.macd, theirs.macd()), ("signal line", ours.signal, theirs.macd_signal())):
        differs = np.flatnonzero(~(np.abs(own - other.to_numpy()) <= TOLERANCE * closes.max()))
        if differs.size:
            at = int(differs[0])
            raise CheckError(
                f"{bars.symbol}: the {name} of week {at + 1}, {own[at]!r}, is not that of ta, {other.iloc[at]!r}"
            )
