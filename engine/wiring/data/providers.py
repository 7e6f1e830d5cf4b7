"""What a provider of bars or values is given to make itself of; each is a file, found by its name in `data.*`.

A file in `crypto/` offers `provider(given)`, one in `index/` `provider(given, kind)`; where a live run reads it in
another way than as a series loaded whole, `live` as well. A file in `values/` offers `provider(given, rule_of, name)`.
Each imports what is heavy when it is asked.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engine.core.errors import ConfigError
from engine.core.strategy import Universe
from engine.data.choose import AUTO, Cached, StaleAllowed
from engine.data.kinds import MarketKind, indices, us_symbols
from engine.data.sessions import NewYorkSessions
from engine.ports import LoadedValues, MarketData, Progress, QuietTimes
from engine.settings.config import Config, module_of

if TYPE_CHECKING:
    from engine.data.dated_values import RuleOf
    from engine.data.sample import SampleBars
    from engine.data.yahoo import Market, YahooBars
    from engine.ports import SeriesData
    from engine.venues.exchange import LiveClient
    from engine.wiring.data.live_market import SeriesUpTo

APPLICATION = "altfuse"
AUTO_RETRIES = 1
"""`auto` has somewhere else to go: it does not insist on a network that is not there."""


@dataclass(frozen=True, kw_only=True)
class LiveSetting:
    """Where a provider stands in a live run.

    Attributes:
        client: of the venue.
    """

    client: "LiveClient"
    universe: Universe


class Providers:
    """Makes the provider that each configuration value means, and is what they are made of.

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
        self.config = config
        self.now = now
        self.progress = progress
        self.stale_allowed = stale_allowed
        self.sleep = sleep
        self.quiet = quiet
        self.sessions = NewYorkSessions().between

    @cached_property
    def sample(self) -> "SampleBars":
        """The made-up market."""
        from engine.data.sample import SampleBars  # noqa: PLC0415 - wanted only by a run on it

        return SampleBars(self.sessions)

    def coins(self) -> MarketData:
        """Give the provider of `data.crypto`."""
        return cast("MarketData", _file("crypto", self.config.data.crypto).provider(self))

    def index(self) -> MarketData:
        """Give the provider of `data.index`."""
        return self._new_york(indices(self.sessions))

    def us_symbols(self) -> MarketData:
        """Give what `data.index` means for shares, funds and volatility of New York."""
        return self._new_york(us_symbols(self.sessions))

    def values(self, source: str, rule_of: "RuleOf", name: str) -> "SeriesData":
        """Give a source of series that are no bars."""
        return cast("SeriesData", _file("values", source).provider(self, rule_of, name))

    def usual_source(self, known: str) -> str:
        """Give the source that `data.macro` means for a series.

        Args:
            known: where it is usually had.
        """
        return cast("str", _file("macro", self.config.data.macro).source_of(self, known))

    def live_coins(self, setting: LiveSetting) -> "SeriesUpTo":
        """Give the coins of a live run."""
        return self._live("crypto", self.config.data.crypto, self.coins, setting)

    def live_index(self) -> "SeriesUpTo":
        """Give the index of a live run."""
        return self._live("index", self.config.data.index, self.index, indices(self.sessions))

    def _new_york(self, kind: MarketKind) -> MarketData:
        return cast("MarketData", _file("index", self.config.data.index).provider(self, kind))

    def _live(self, key: str, name: str, whole: Callable[[], MarketData], setting: object) -> "SeriesUpTo":
        from engine.wiring.data.live_market import ProvidedBars  # noqa: PLC0415 - of live runs alone

        live = getattr(_file(key, name), "live", None)
        return cast("SeriesUpTo", ProvidedBars(whole()) if live is None else live(self, setting))

    @property
    def values_retries(self) -> int:
        """How often a source of values is tried again: `auto` may end without one."""
        return AUTO_RETRIES if self.config.data.macro == AUTO else self.config.venue.max_retries

    def perhaps_stale(self, cached: Cached["LoadedValues"]) -> "SeriesData":
        """Give values that may come from an old cache where `data.macro` and the run allow it."""
        is_allowed = self.config.data.macro == AUTO and self.stale_allowed
        return StaleAllowed(cached) if is_allowed else cached

    def yahoo(self, market: "Market", max_retries: int, remark: Progress) -> "YahooBars":
        """Make what fetches from Yahoo."""
        from engine.data.yahoo import YahooBars  # noqa: PLC0415 - yfinance is wanted only by a run that fetches

        return YahooBars(
            market=market,
            base_url=None,
            max_retries=max_retries,
            timeout_seconds=self.config.venue.timeout_seconds,
            sleep=self.sleep,
            now=self.now,
            progress=self.progress,
            remark=remark,
        )

    def csv_dir(self) -> Path:
        """Give the folder of the CSV files.

        Raises:
            ConfigError: none is configured.
        """
        folder = self.config.data.csv_dir and self.config.data.csv_dir.expanduser()
        if folder is None:
            raise ConfigError("data.csv_dir: null is not allowed with a csv provider; name the folder of the CSV files")
        return folder

    def cache_dir(self) -> Path:
        """Give the folder of the data cache."""
        folder = self.config.data.cache_dir
        import platformdirs  # noqa: PLC0415 - wanted only by a run that fetches

        return platformdirs.user_cache_path(APPLICATION) if folder is None else folder.expanduser()


def _file(key: str, name: str) -> Any:
    return importlib.import_module(module_of(key, name))
