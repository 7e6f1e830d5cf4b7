"""From `data.*` of the configuration to the bars of a run."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import platformdirs

from engine.config import Config
from engine.core.errors import ConfigError, DataError
from engine.core.market import History
from engine.core.strategy import Universe
from engine.data.cache import BarFetcher, CachedBars
from engine.data.choose import Choice, ExtendedBars, StaleBars, load_all
from engine.data.csv_files import CsvBars
from engine.data.kinds import COINS, indices
from engine.data.sample import SampleBars
from engine.data.sessions import NewYorkSessions
from engine.ports import LoadedSeries, MarketData, Progress, ProgressBar, QuietTimes

BENCHMARK_COINS = ("BTC", "ETH")
APPLICATION = "altfuse"
AUTO_RETRIES = 1
"""`auto` has somewhere else to go: it does not insist on a network that is not there."""


@dataclass(frozen=True, kw_only=True)
class Market:
    """The history that a run uses, and where each series of it comes from."""

    history: History
    loaded: Mapping[str, LoadedSeries]
    notes: tuple[str, ...]

    @property
    def synthetic(self) -> bool:
        """Whether any bar of it is made up."""
        return any(series.synthetic for series in self.loaded.values())

    @property
    def gaps(self) -> tuple[str, ...]:
        """Missing bars of all series, in words."""
        return tuple(line for series in self.loaded.values() for line in series.gaps)


def load_market(config: Config, universe: Universe, *, now: Callable[[], datetime], progress: ProgressBar) -> Market:
    """Load every series that the universe needs, and the benchmarks' coins where they can be had.

    Args:
        now: the clock, which decides which bar is the last final one.
        progress: told of each step of a download.

    Raises:
        ConfigError: a provider that is not for backtests, or real and synthetic bars mixed.
        DataError: a series cannot be had.
    """
    if config.data.crypto == "venue":
        raise ConfigError("data.crypto: venue is not allowed here; a venue's own candles are for `paper` only")
    providers = Providers(config, now=now, progress=progress, stale_allowed=True)
    coins = Choice(
        key="data.crypto",
        name=config.data.crypto,
        provider=_counted(providers.coins(), progress),
        symbols=tuple(universe.assets),
    )
    index = Choice(
        key="data.index",
        name=config.data.index,
        provider=_counted(providers.index(), progress),
        symbols=tuple(universe.indices),
    )
    chosen = [coins, index] if universe.indices else [coins]
    progress.expect(sum(len(choice.symbols) for choice in chosen))
    loaded = dict(load_all(chosen, sample=providers.sample, progress=progress))
    synthetic = any(series.synthetic for series in loaded.values())
    notes = [note for series in loaded.values() for note in series.notes]
    extra = providers.sample if synthetic else coins.provider
    benchmarks, missing = _benchmark_coins(extra, [coin for coin in BENCHMARK_COINS if coin not in loaded])
    loaded |= benchmarks
    notes += missing
    empty = next((symbol for symbol in (*universe.assets, *universe.indices) if not len(loaded[symbol].bars)), None)
    if empty is not None:
        raise DataError(f"{empty}: has no bars from {loaded[empty].source}")
    return Market(
        history=History(series={symbol: series.bars for symbol, series in loaded.items()}),
        loaded=loaded,
        notes=tuple(dict.fromkeys(notes)),
    )


class Providers:
    """Makes the provider that each configuration value means; a library is imported when it is first asked.

    Args:
        stale_allowed: whether `auto` may end at an old cache: a backtest says so and goes on, a live run must not.
        sleep: waits between tries.
        quiet: keeps pauses that a server asks for from one start to the next; None for nowhere.
    """

    def __init__(
        self,
        config: Config,
        *,
        now: Callable[[], datetime],
        progress: Progress,
        stale_allowed: bool,
        sleep: Callable[[float], None] = time.sleep,
        quiet: QuietTimes | None = None,
    ) -> None:
        self._stale_allowed = stale_allowed
        self._config = config
        self._now = now
        self._progress = progress
        self._sleep = sleep
        self._quiet = quiet
        self._sessions = NewYorkSessions().between
        self.sample = SampleBars(self._sessions)

    def coins(self) -> MarketData | None:
        """Give the provider of `data.crypto`."""
        match self._config.data.crypto:
            case "auto":
                recent, older = self._binance(AUTO_RETRIES), self._yahoo("crypto", AUTO_RETRIES)
                extended = ExtendedBars(recent, older)
                return StaleBars(extended) if self._stale_allowed else extended
            case "binance":
                return self._binance(self._config.venue.max_retries)
            case "yahoo":
                return self._yahoo("crypto", self._config.venue.max_retries)
            case "csv":
                return CsvBars(self.csv_dir(), index=False, sessions=self._sessions)
            case "sample" | "venue":
                return None

    def index(self) -> MarketData | None:
        """Give the provider of `data.index`."""
        match self._config.data.index:
            case "auto":
                index = self._yahoo("index", AUTO_RETRIES)
                return StaleBars(index) if self._stale_allowed else index
            case "yahoo":
                return self._yahoo("index", self._config.venue.max_retries)
            case "csv":
                return CsvBars(self.csv_dir(), index=True, sessions=self._sessions)
            case "sample":
                return None

    def csv_dir(self) -> Path:
        """Give the folder of the CSV files.

        Raises:
            ConfigError: none is configured.
        """
        folder = self._config.data.csv_dir and self._config.data.csv_dir.expanduser()
        if folder is None:
            raise ConfigError("data.csv_dir: null is not allowed with a csv provider; name the folder of the CSV files")
        return folder

    def _binance(self, max_retries: int) -> CachedBars:
        venue = self._config.venue

        def connect() -> BarFetcher:
            from engine.data.binance import BinanceBars  # noqa: PLC0415 - ccxt is wanted only by a run that fetches
            from engine.wiring.live_exchange import refuse_synthetic  # noqa: PLC0415 - likewise

            refuse_synthetic(self._config, now=self._now)

            return BinanceBars(
                base_url=venue.base_url,
                quote=self._config.account.quote,
                max_retries=max_retries,
                timeout_seconds=venue.timeout_seconds,
                sleep=self._sleep,
                now=self._now,
                progress=self._progress,
                quiet=self._quiet,
            )

        # Another host is another provider: its bars must not meet the real ones in one cache entry.
        provider = "binance" if venue.base_url is None else f"binance at {venue.base_url}"
        return CachedBars(
            provider=provider,
            quote=self._config.account.quote,
            folder=self.cache_dir(),
            kind=COINS,
            connect=connect,
            now=self._now,
        )

    def _yahoo(self, market: Literal["index", "crypto"], max_retries: int) -> CachedBars:
        def connect() -> BarFetcher:
            from engine.data.yahoo import YahooBars  # noqa: PLC0415 - yfinance is wanted only by a run that fetches

            return YahooBars(
                market=market,
                base_url=None,
                max_retries=max_retries,
                timeout_seconds=self._config.venue.timeout_seconds,
                sleep=self._sleep,
                now=self._now,
                progress=self._progress,
                remark=cached.remark,
            )

        cached = CachedBars(
            provider="yahoo",
            quote="" if market == "index" else "USD",
            folder=self.cache_dir(),
            kind=indices(self._sessions) if market == "index" else COINS,
            connect=connect,
            now=self._now,
        )
        return cached

    def cache_dir(self) -> Path:
        """Give the folder of the data cache."""
        folder = self._config.data.cache_dir
        return platformdirs.user_cache_path(APPLICATION) if folder is None else folder.expanduser()


class _Counted:
    """A provider whose loads move the progress bar."""

    def __init__(self, provider: MarketData, progress: ProgressBar) -> None:
        self._provider = provider
        self._progress = progress

    def load(self, symbol: str) -> LoadedSeries:
        loaded = self._provider.load(symbol)
        self._progress.advance()
        return loaded


def _counted(provider: MarketData | None, progress: ProgressBar) -> MarketData | None:
    return None if provider is None else _Counted(provider, progress)


def _benchmark_coins(
    provider: MarketData | None, coins: Sequence[str]
) -> tuple[Mapping[str, LoadedSeries], Sequence[str]]:
    """Load what only a benchmark needs, and say why a coin cannot be had; then its benchmark is null."""
    loaded: dict[str, LoadedSeries] = {}
    missing: list[str] = []
    for coin in coins:
        try:
            series = provider.load(coin) if provider else None
        except DataError as error:
            missing.append(f"hold {coin}: no such benchmark, because its bars could not be had: {error}")
            continue
        if series is not None and len(series.bars):
            loaded[coin] = series
    return loaded, missing
