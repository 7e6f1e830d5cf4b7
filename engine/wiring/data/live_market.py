"""Bars for a live run: every series up to a day, in one snapshot."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.core.calendar import ONE_DAY, decision_instant
from engine.core.errors import DataError
from engine.core.instrument import symbol_of
from engine.core.market import OHLCV, BarSeries, History, crypto_series
from engine.core.series import ValueSeries
from engine.core.strategy import Universe
from engine.data.checks import check_bars
from engine.data.failures import UnreachableError
from engine.ports import LoadedSeries, LoadedValues, MarketData
from engine.venues.answers import Candle

FIRST_CANDLE = date(2010, 1, 1)


class SeriesUpTo(Protocol):
    """Gives one series up to a day."""

    def up_to(self, symbol: str, day: date) -> BarSeries:
        """Give the bars dated up to `day`, at least those known at its end; it may give later ones as well."""
        ...


class VenueBars:
    """A venue's own candles, kept and added to: only what is new is asked for.

    A candle is kept once the exchange has opened the next one: until then it may be forming, whatever its clock says.

    Args:
        candles: gives the candles of assets, each from its day to a day, both included; none while it is not listed.
        core: its newest candle has to be of the day that is asked for. Where it is of an earlier day, and the exchange
            has opened no other since, that day is not known to be over.
        together: assets that are looked at one after another: what is lacking of any is asked for with the first.
    """

    def __init__(
        self,
        candles: Callable[[Mapping[str, date], date], Mapping[str, Sequence[Candle]]],
        *,
        core: str | None = None,
        together: Collection[str] = (),
    ) -> None:
        self._candles = candles
        self._core = core
        self._together = together
        self._kept: dict[str, BarSeries] = {}
        self._answered: tuple[date, dict[str, Sequence[Candle]]] = (FIRST_CANDLE, {})

    def up_to(self, symbol: str, day: date) -> BarSeries:
        """Give the candles up to `day`."""
        kept = self._kept.get(symbol)
        if kept is not None and self._lacking_from(symbol) > day:
            return kept
        candles = self._answer(symbol, day)
        over = [candle for candle in candles[:-1] if candle.day <= day]
        newest = [candle for candle in candles[-1:] if candle.day <= day]
        kept = self._kept[symbol] = _joined(symbol, kept, over)
        if newest and symbol == self._core and newest[0].day < day:
            return kept
        return _joined(symbol, kept, newest)

    def _lacking_from(self, symbol: str) -> date:
        kept = self._kept.get(symbol)
        return FIRST_CANDLE if kept is None or not len(kept) else kept.last_day + ONE_DAY

    def _answer(self, symbol: str, day: date) -> Sequence[Candle]:
        """Give what is answered for an asset, once: at another look it is asked for again."""
        asked_on, answers = self._answered
        if asked_on != day or symbol not in answers:
            symbols = self._together if symbol in self._together else (symbol,)
            lacking = {each: since for each in symbols if (since := self._lacking_from(each)) <= day}
            # The next one as well: that it is there says that the one before is over.
            answers = dict(self._candles(lacking, day + ONE_DAY))
            self._answered = day, answers
        return answers.pop(symbol)


class CandleClient(Protocol):
    """What is needed of an exchange's client for its candles."""

    def klines(self, since: Mapping[str, date], *, until: date) -> Mapping[str, Sequence[Candle]]:
        """Give the daily bars of symbols, each from its day to a day, both included; none of one that is not listed."""
        ...


class VenueCandles:
    """The candles of an exchange's markets; none of a coin while it is not listed."""

    def __init__(self, client: CandleClient, quote: str) -> None:
        self._client = client
        self._quote = quote

    def __call__(self, since: Mapping[str, date], until: date) -> Mapping[str, Sequence[Candle]]:
        """Give the candles of assets, each from its day to a day, both included."""
        assets = {symbol_of(asset, self._quote): asset for asset in since}
        found = self._client.klines({symbol: since[asset] for symbol, asset in assets.items()}, until=until)
        return {assets[symbol]: candles for symbol, candles in found.items()}


class ProvidedBars:
    """A provider of whole series, asked again when a new day is wanted."""

    def __init__(self, provider: MarketData) -> None:
        self._provider = provider
        self._kept: dict[str, tuple[object, LoadedSeries]] = {}

    def up_to(self, symbol: str, day: date) -> BarSeries:
        """Give the provider's series as of now; it may reach beyond `day`."""
        loaded = self.loaded(symbol)
        is_behind = loaded is not None and (not len(loaded.bars) or loaded.bars.last_day < day)
        return self._loaded_as_of(day, symbol, is_stale=is_behind)

    def loaded(self, symbol: str) -> LoadedSeries | None:
        """Give the series as it was last loaded, if it was."""
        return self._kept[symbol][1] if symbol in self._kept else None

    def _loaded_as_of(self, stamp: object, symbol: str, *, is_stale: bool = False) -> BarSeries:
        if is_stale or symbol not in self._kept or self._kept[symbol][0] != stamp:
            self._kept[symbol] = stamp, self._provider.load(symbol)
        return self._kept[symbol][1].bars


class CsvFilesUpTo(ProvidedBars):
    """CSV files, read again only when they changed."""

    def __init__(self, provider: MarketData, folder: Path) -> None:
        super().__init__(provider)
        self._folder = folder

    def up_to(self, symbol: str, day: date) -> BarSeries:  # noqa: ARG002 - a file is taken whole; later rows are cut
        """Give the file's series."""
        try:
            changed = (self._folder / f"{symbol}.csv").stat().st_mtime_ns
        except OSError:
            changed = -1
        return self._loaded_as_of(changed, symbol)


class FurtherUpTo(Protocol):
    """Gives what is looked at beside coins and indices: bars, or values."""

    def up_to(self, name: str, day: date) -> BarSeries | ValueSeries:
        """Give a series with at least what was known at the end of `day`; it may give more.

        Raises:
            DataError: it cannot be had.
        """
        ...

    def loaded(self, name: str) -> LoadedSeries | LoadedValues | None:
        """Give a series as it was last loaded, if it was."""
        ...


class Snapshots:
    """Gathers all series of a universe and cuts them at a day's end.

    Args:
        further: wanted where the universe looks at more than coins and indices.
        has_begun: whether the run has decided a day. From then on only what the core and the indices lack is an
            error: a coin that its source does not know any more cannot be traded, a further series is absent, and
            everything else goes on.
    """

    def __init__(
        self,
        universe: Universe,
        coins: SeriesUpTo,
        index: SeriesUpTo,
        further: FurtherUpTo | None = None,
        *,
        has_begun: Callable[[], bool] = lambda: False,
    ) -> None:
        self._universe = universe
        self.further = further
        self._coins = coins
        self._index = index
        self._has_begun = has_begun
        self._last_known: dict[str, BarSeries] = {}
        self._last_day: dict[str, date] = {}

    def history_at(self, day: date) -> History:
        """Give everything known at the end of `day`.

        Raises:
            UnreachableError: a provider does not answer.
            DataError: a series cannot be had that has to be there.
        """
        at = decision_instant(day)
        lacking: dict[str, str] = {}
        series: Mapping[str, BarSeries] = {
            **{asset: self._coin_up_to(asset, day, lacking).known_by(at) for asset in self._universe.assets},
            **{symbol: self._index_up_to(symbol, day).known_by(at) for symbol in self._universe.indices},
        }
        history = History(series=series, lacking=lacking)
        return history if self.further is None else self._with_further(history, self.further, day)

    def _with_further(self, history: History, further: FurtherUpTo, day: date) -> History:
        at = decision_instant(day)
        bars: dict[str, BarSeries] = {}
        values: dict[str, ValueSeries] = {}
        absent: dict[str, str] = {}
        for name in self._universe.further_series:
            try:
                found = further.up_to(name, day)
            except DataError as error:
                if name in self._universe.series and not self._has_begun():
                    raise
                absent[name] = str(error)
                continue
            if isinstance(found, BarSeries):
                bars[name] = found.known_by(at)
            else:
                values[name] = found.known_by(at)
        return replace(history, series={**history.series, **bars}, values=values, absent=absent)

    def loaded(self, symbol: str) -> LoadedSeries | LoadedValues | None:
        """Give a series as its provider gave it, with where it is from; None for a venue's own candles."""
        if self.further is not None and symbol in self._universe.further_series:
            return self.further.loaded(symbol)
        bars = self._index if symbol in self._universe.indices else self._coins
        return bars.loaded(symbol) if isinstance(bars, ProvidedBars) else None

    def may_still_come(self, symbol: str, day: date) -> bool:
        """Tell whether an index of the last snapshot ended by `day`; a file that goes on has a hole there."""
        last_day = self._last_day.get(symbol)
        return last_day is None or last_day <= day

    def _coin_up_to(self, asset: str, day: date, lacking: dict[str, str]) -> BarSeries:
        try:
            bars = self._coins.up_to(asset, day)
        except UnreachableError:
            # It may know the coin all the same.
            raise
        except DataError as error:
            if asset == self._universe.core or not self._has_begun():
                raise
            lacking[asset] = str(error)
            return self._last_known[asset] if asset in self._last_known else _joined(asset, None, ())
        self._last_known[asset] = bars
        return bars

    def _index_up_to(self, symbol: str, day: date) -> BarSeries:
        bars = self._index.up_to(symbol, day)
        if len(bars):
            self._last_day[symbol] = bars.last_day
        return bars


def _joined(symbol: str, kept: BarSeries | None, candles: Sequence[Candle]) -> BarSeries:
    if not candles and kept is not None:
        return kept
    days = np.array([candle.day for candle in candles], dtype="datetime64[D]")
    columns = {name: np.array([float(getattr(candle, name)) for candle in candles]) for name in OHLCV}
    check_bars(days=days, **columns, place=lambda row: f"venue {symbol}, {days[row]}")
    if kept is None or not len(kept):
        return crypto_series(symbol, days=days, **columns)
    return crypto_series(
        symbol,
        days=np.concatenate([kept.days, days]),
        **{name: np.concatenate([getattr(kept, name), columns[name]]) for name in OHLCV},
    )
