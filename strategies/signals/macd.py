"""The weekly MACD of an asset and its golden crosses; every backtest holds it to that of `ta` (`macd_by_ta.py`).

Weeks are Monday to Sunday UTC, named by their Sunday and numbered from 1, the week of the first bar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from engine.core.calendar import DAYS_A_WEEK, Ordinals, sundays_of
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats

NEVER = 0
"""Stands for "no cross yet" in columns of ordinals."""


class MacdParams(BaseModel):
    """Parameters of the weekly MACD, as in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fast: StrictInt = Field(12, ge=1, description="Span of the fast EMA, weeks.")
    slow: StrictInt = Field(26, ge=2, description="Span of the slow EMA, weeks.")
    signal: StrictInt = Field(9, ge=1, description="Span of the signal line, weeks.")
    valid_weeks: StrictInt = Field(8, ge=0, le=5200, description="Weeks a golden cross stays in force.")
    warmup_weeks: StrictInt = Field(100, ge=1, le=5200, description="Weeks of history before the first decision.")

    @model_validator(mode="after")
    def _spans_ordered(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"strategy.macd.fast {self.fast} must be below strategy.macd.slow {self.slow}")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeeklyMacd:
    """The MACD after each week, arrays of shape (weeks,).

    A week is known from the end of its Sunday on; the last row may be of a week that has not ended.

    Attributes:
        sundays: ordinals of the weeks' Sundays.
        macd, signal: quote currency.
        above: the MACD is above its signal line.
        cross: ordinal of the latest golden cross's Sunday; 0 before the first.
    """

    sundays: Ordinals
    macd: Floats
    signal: Floats
    above: NDArray[np.bool_]
    cross: Ordinals

    def first_day(self, symbol: str, warmup_weeks: int) -> date:
        """Give the day after the end of week number `warmup_weeks`.

        Raises:
            DataError: the history is shorter.
        """
        if len(self.sundays) < warmup_weeks:
            last = date.fromordinal(int(self.sundays[-1]))
            raise DataError(
                f"{symbol}: has {len(self.sundays)} weeks up to {last}; the weekly MACD needs {warmup_weeks} before "
                "the first decision (strategy.macd.warmup_weeks)"
            )
        return date.fromordinal(int(self.sundays[warmup_weeks - 1]) + 1)


def weekly_closes(bars: BarSeries) -> tuple[Ordinals, Floats]:
    """Give the Sundays of all weeks and the close of the last daily bar in each.

    Args:
        bars: daily, final. The last week may be unfinished; it stands under its Sunday, which is not known yet.

    Raises:
        DataError: there is no bar at all, or a week between the first and the last has none.
    """
    if not len(bars):
        raise DataError(f"{bars.symbol}: has no bars; the weekly MACD needs daily bars")
    sundays = sundays_of(bars.ordinals)
    last_of_week = np.append(np.flatnonzero(np.diff(sundays)), len(bars) - 1)
    weeks = sundays[last_of_week]
    holes = np.flatnonzero(np.diff(weeks) > DAYS_A_WEEK)
    if holes.size:
        sunday = int(weeks[holes[0]]) + DAYS_A_WEEK
        raise DataError(
            f"{bars.symbol}: has no bar in the week {date.fromordinal(sunday - 6)} to {date.fromordinal(sunday)}; "
            "the weekly MACD needs at least one bar in every week"
        )
    return weeks, bars.close[last_of_week]


def weekly_macd(bars: BarSeries, params: MacdParams) -> WeeklyMacd:
    """Compute the weekly MACD and mark its golden crosses.

    A golden cross is a week numbered above `warmup_weeks` with MACD above its signal line after a week with it on or
    below.

    Args:
        bars: daily, final.

    Raises:
        DataError: a week has no bar.

    Source: Appel, Technical Analysis: Power Tools for Active Investors (2005).
    """
    sundays, closes = weekly_closes(bars)
    fast, slow = (exponential_average(closes.tolist(), span) for span in (params.fast, params.slow))
    macd = fast - slow
    signal = exponential_average(macd.tolist(), params.signal)
    above = macd - signal > 0
    crossed = np.zeros(len(above), dtype=np.bool_)
    crossed[1:] = above[1:] & ~above[:-1]
    crossed[: params.warmup_weeks] = False
    cross = np.maximum.accumulate(np.where(crossed, sundays, NEVER))
    return WeeklyMacd(sundays=sundays, macd=macd, signal=signal, above=above, cross=cross)


def exponential_average(values: Sequence[float], span: int) -> Floats:
    """Average with alpha = 2 / (span + 1), seeded with the first value.

    Step by step as pandas does it (`ewm(span=span, adjust=False)`), to the last bit: figures on record stay.
    """
    alpha = 1 / (1 + (span - 1) / 2)
    kept, total = 1 - alpha, (1 - alpha) + alpha
    average, averages = values[0], []
    for value in values:
        if average != value:
            average = (kept * average + alpha * value) / total
        averages.append(average)
    return np.array(averages)
