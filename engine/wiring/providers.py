"""Makes the provider that each value of `data.*` means."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from engine.config import Config
from engine.core.errors import ConfigError
from engine.data.cache import BarFetcher, CachedBars
from engine.data.choose import ExtendedBars, StaleAllowed
from engine.data.csv_files import CsvBars
from engine.data.kinds import COINS, MarketKind, indices, us_symbols
from engine.data.sample import SampleBars
from engine.data.sessions import NewYorkSessions
from engine.ports import MarketData, Progress, QuietTimes

if TYPE_CHECKING:
    from engine.data.cached_values import ValueFetcher
    from engine.data.yahoo import YahooBars

APPLICATION = "altfuse"
AUTO_RETRIES = 1
"""`auto` has somewhere else to go: it does not insist on a network that is not there."""


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
        self.stale_allowed = stale_allowed
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
                recent, older = self._binance(AUTO_RETRIES), self._yahoo_coins(AUTO_RETRIES)
                extended = ExtendedBars(recent, older)
                return StaleAllowed(extended) if self.stale_allowed else extended
            case "binance":
                return self._binance(self._config.venue.max_retries)
            case "yahoo":
                return self._yahoo_coins(self._config.venue.max_retries)
            case "csv":
                return CsvBars(self.csv_dir(), index=False, sessions=self._sessions)
            case "sample" | "venue":
                return None

    def index(self) -> MarketData | None:
        """Give the provider of `data.index`."""
        return self._new_york(indices(self._sessions))

    def us_symbols(self) -> MarketData | None:
        """Give what `data.index` means for shares, funds and volatility of New York."""
        return self._new_york(us_symbols(self._sessions))

    def _new_york(self, kind: MarketKind) -> MarketData | None:
        match self._config.data.index:
            case "auto":
                index = self._yahoo_sessions(kind, AUTO_RETRIES)
                return StaleAllowed(index) if self.stale_allowed else index
            case "yahoo":
                return self._yahoo_sessions(kind, self._config.venue.max_retries)
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

    def _yahoo_coins(self, max_retries: int) -> CachedBars:
        cached = CachedBars(
            provider="yahoo",
            quote="USD",
            folder=self.cache_dir(),
            kind=COINS,
            connect=lambda: self._yahoo("crypto", max_retries, cached.remark),
            now=self._now,
        )
        return cached

    def _yahoo_sessions(self, kind: MarketKind, max_retries: int) -> CachedBars:
        cached = CachedBars(
            provider="yahoo",
            quote="",
            folder=self.cache_dir(),
            kind=kind,
            connect=lambda: self._yahoo("index", max_retries, cached.remark),
            now=self._now,
        )
        return cached

    def fred(self, max_retries: int, remark: Progress) -> "ValueFetcher":
        """Make what fetches series of FRED."""
        from engine.data.fred import FredValues  # noqa: PLC0415 - requests is wanted only by a run that fetches

        return FredValues(
            base_url=None,
            max_retries=max_retries,
            timeout_seconds=self._config.venue.timeout_seconds,
            sleep=self._sleep,
            progress=self._progress,
            remark=remark,
        )

    def yahoo_closes(self, max_retries: int, remark: Progress) -> "ValueFetcher":
        """Make what fetches closes of Yahoo as values."""
        from engine.data.yahoo import YahooCloses  # noqa: PLC0415 - as for its bars

        return YahooCloses(self._yahoo("index", max_retries, remark))

    def _yahoo(self, market: str, max_retries: int, remark: Progress) -> "YahooBars":
        from engine.data.yahoo import YahooBars  # noqa: PLC0415 - yfinance is wanted only by a run that fetches

        return YahooBars(
            market="index" if market == "index" else "crypto",
            base_url=None,
            max_retries=max_retries,
            timeout_seconds=self._config.venue.timeout_seconds,
            sleep=self._sleep,
            now=self._now,
            progress=self._progress,
            remark=remark,
        )

    def cache_dir(self) -> Path:
        """Give the folder of the data cache."""
        folder = self._config.data.cache_dir
        return platformdirs.user_cache_path(APPLICATION) if folder is None else folder.expanduser()
