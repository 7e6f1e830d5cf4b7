"""Series of a New York equity index: a session's bar is known at the closing bell of its date.

Half days close at 13:00; they are given 16:00 as well, which is later than the truth and so never a leak.
"""

import numpy as np

from engine.core.calendar import Days, Instants
from engine.core.market import BarSeries, Floats

EXCHANGE_TIME_ZONE = "America/New_York"
CLOSING_HOUR = np.timedelta64(16, "h")


def session_instants(days: Days) -> Instants:
    """Give the instant of 16:00 New York on each session date: 20:00 UTC in summer time, 21:00 UTC otherwise.

    Args:
        days: New York session dates; clocks change at night, so 16:00 exists exactly once on each.
    """
    import pandas as pd  # noqa: PLC0415 - a quarter of a second, and not every run has an index series to build

    closings = days.astype("datetime64[s]") + CLOSING_HOUR
    utc = pd.DatetimeIndex(closings).tz_localize(EXCHANGE_TIME_ZONE).tz_convert("UTC")
    instants: Instants = utc.tz_localize(None).to_numpy().astype("datetime64[s]")
    return instants


def index_series(
    symbol: str,
    *,
    days: Days,
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
) -> BarSeries:
    """Build the series of a New York index: a bar is known at 16:00 New York on its session date."""
    return BarSeries(
        symbol=symbol,
        days=days,
        open=open,
        high=high,
        low=low,
        close=close,
        volume=volume,
        known_at=session_instants(days),
    )
