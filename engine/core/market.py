"""Bars as columns, and the history of several markets, cut at what was known at an instant.

Prices here are floats, as signals want them; the planner is where they become exact decimals.
numpy is the one library of the core: a bar series is its columns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Days, Instants, Ordinals, instants_after, ordinals_of
from engine.core.errors import DataError
from engine.core.series import SeriesKind, ValueSeries, no_values

PRICES = ("open", "high", "low", "close")
OHLCV = (*PRICES, "volume")
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class BarSeries:
    """Daily bars of one market as columns of equal length, all final.

    Attributes:
        symbol: the asset or index, `BTC`, `RUT`.
        days: dates (UTC days of a coin, New York session dates of an index), ascending, unique.
        open, high, low, close: prices in quote currency or index points, positive and finite.
        volume: as the source counts it; NaN where the source has none.
        known_at: the instant at which each bar became known, ascending.
    """

    symbol: str
    days: Days
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    known_at: Instants

    def __len__(self) -> int:
        return len(self.days)

    @cached_property
    def ordinals(self) -> Ordinals:
        """The days as ordinals."""
        return ordinals_of(self.days)

    @cached_property
    def _first_ordinal(self) -> int:
        return int(self.ordinals[0]) if len(self) else 0

    @cached_property
    def _last_position_by_offset(self) -> NDArray[np.int64]:
        if not len(self.days):
            return np.zeros(0, dtype=np.int64)
        # One entry a calendar day from the first bar on: a look-up by day costs an index, not a search.
        offsets = self.ordinals - self._first_ordinal
        present = np.zeros(int(offsets[-1]) + 1, dtype=np.int64)
        present[offsets] = 1
        return np.cumsum(present) - 1

    @property
    def first_day(self) -> date:
        """The day of the first bar."""
        return date.fromordinal(int(self.ordinals[0]))

    @property
    def last_day(self) -> date:
        """The day of the last bar."""
        return date.fromordinal(int(self.ordinals[-1]))

    def position_at(self, day: date) -> int | None:
        """Give the position of the last bar dated on or before `day`; None before the first bar."""
        if not len(self):
            return None
        offset = day.toordinal() - self._first_ordinal
        if offset < 0:
            return None
        lookup = self._last_position_by_offset
        return lookup.item(offset if offset < len(lookup) else -1)

    def position_on(self, day: date) -> int | None:
        """Give the position of the bar dated exactly `day`; None where there is none."""
        ordinal, lookup = day.toordinal(), self._last_position_by_offset
        offset = ordinal - self._first_ordinal
        if not 0 <= offset < len(lookup):
            return None
        position = lookup.item(offset)
        return position if self.ordinals.item(position) == ordinal else None

    @cached_property
    def _close_by_offset(self) -> Floats:
        closes: Floats = self.close[self._last_position_by_offset]
        return closes

    def close_at(self, day: date) -> float | None:
        """Give the last close dated on or before `day`: the mark of a held asset."""
        if not len(self.days):
            return None
        offset = day.toordinal() - self._first_ordinal
        if offset < 0:
            return None
        closes = self._close_by_offset
        return closes.item(offset if offset < len(closes) else -1)

    def close_day_at(self, day: date) -> date | None:
        """Give the day of the close that `close_at` gives."""
        position = self.position_at(day)
        return None if position is None else date.fromordinal(self.ordinals.item(position))

    def open_on(self, day: date) -> float | None:
        """Give the open of `day`; None where that day has no bar."""
        position = self.position_on(day)
        return None if position is None else float(self.open[position])

    def take(self, stop: int) -> "BarSeries":
        """Give the first `stop` bars."""
        if stop == len(self):
            return self
        return BarSeries(
            symbol=self.symbol,
            days=self.days[:stop],
            open=self.open[:stop],
            high=self.high[:stop],
            low=self.low[:stop],
            close=self.close[:stop],
            volume=self.volume[:stop],
            known_at=self.known_at[:stop],
        )

    def up_to(self, day: date) -> "BarSeries":
        """Give the bars dated up to `day`."""
        position = self.position_at(day)
        return self.take(0 if position is None else position + 1)

    def known_by(self, instant: datetime) -> "BarSeries":
        """Give the bars that were known at `instant`."""
        at = np.datetime64(instant.replace(tzinfo=None), "s")
        return self.take(int(np.searchsorted(self.known_at, at, side="right")))


def crypto_series(
    symbol: str,
    *,
    days: Days,
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
) -> BarSeries:
    """Build the series of a market that trades round the clock: a bar is known at the end of its UTC day."""
    return BarSeries(
        symbol=symbol,
        days=days,
        open=open,
        high=high,
        low=low,
        close=close,
        volume=volume,
        known_at=instants_after(days),
    )


def closes_of(bars: BarSeries) -> ValueSeries:
    """Give the closes of daily bars as values: of a coin, an index, a US symbol."""
    return ValueSeries(
        name=bars.symbol, kind=SeriesKind.DAILY, ordinals=bars.ordinals, values=bars.close, known_at=bars.known_at
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Everything known of several markets, by asset or index name, and of the series that are looked at beside them.

    Attributes:
        series: the bars; a listed asset without bars is present with an empty series.
        lacking: why the bars of an asset could not be had, by asset; its series is as it was last known, or empty.
        values: series that are no bars, by name.
        absent: why a series that is looked at could not be had, by name; then it is neither among the bars nor here.
    """

    series: Mapping[str, BarSeries]
    lacking: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, ValueSeries] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, symbol: str) -> BarSeries:
        try:
            return self.series[symbol]
        except KeyError:
            if symbol in self.absent:
                raise DataError(f"{symbol} could not be had: {self.absent[symbol]}") from None
            raise DataError(f"{symbol}: no such series; there are {', '.join(self.series)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def values_of(self, name: str) -> ValueSeries:
        """Give a series by its name: the closes where it has bars; without any value where it could not be had.

        Raises:
            DataError: nobody named it before the run; a strategy does so in its universe.
        """
        if name in self.values:
            return self.values[name]
        if name in self.series:
            return closes_of(self.series[name])
        if name in self.absent:
            return no_values(name)
        raise DataError(f"{name}: no such series; there are {', '.join((*self.series, *self.values, *self.absent))}")

    def known_by(self, instant: datetime) -> "History":
        """Give the history as it was known at `instant`."""
        return replace(
            self,
            series={symbol: bars.known_by(instant) for symbol, bars in self.series.items()},
            values={name: values.known_by(instant) for name, values in self.values.items()},
        )
