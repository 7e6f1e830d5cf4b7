"""Series of a New York equity index: a session's bar is known at the closing bell of its date.

Half days close at 13:00; they are given 16:00 as well, which is later than the truth and so never a leak.
"""

from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Days, Instants
from engine.core.market import BarSeries, Floats

EXCHANGE_TIME_ZONE = "America/New_York"
NEW_YORK = ZoneInfo(EXCHANGE_TIME_ZONE)
CLOSING_HOUR = np.timedelta64(16, "h")


def session_instants(days: Days) -> Instants:
    """Give the instant of 16:00 New York on each session date: 20:00 UTC in summer time, 21:00 UTC otherwise.

    Args:
        days: New York session dates; clocks change at night, so 16:00 exists exactly once on each.
    """
    if not len(days):
        return days.astype("datetime64[s]")
    closings, month = days.astype("datetime64[s]") + CLOSING_HOUR, days.astype("datetime64[M]")
    months = np.arange(month[0], month[-1] + 1)
    # Most months have one offset, at their first day and their last one.
    at_first, at_last = (_offsets(ends) for ends in (months.astype(days.dtype), (months + 1).astype(days.dtype) - 1))
    row = (month - months[0]).astype(np.int64)
    offsets, is_mixed = at_first[row], (at_first != at_last)[row]
    offsets[is_mixed] = _offsets(days[is_mixed])
    instants: Instants = closings - offsets
    return instants


def _offsets(days: Days) -> NDArray[np.timedelta64]:
    """Ask what 16:00 New York is less than UTC, day by day."""
    closings = (days.astype("datetime64[s]") + CLOSING_HOUR).tolist()
    return np.array([closing.replace(tzinfo=NEW_YORK).utcoffset() for closing in closings], dtype="timedelta64[s]")


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
