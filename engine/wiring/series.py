"""From `data.*` of the configuration to what is looked at beside the traded: US symbols, coins, and no bars at all."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.config import Config
from engine.core.errors import DataError
from engine.core.instrument import LOT_STEPS
from engine.core.series import SeriesKind
from engine.data.cached_values import CachedValues, ValueFetcher
from engine.data.choose import AUTO, StaleAllowed
from engine.data.csv_values import CsvValues
from engine.data.kinds import US_SYMBOLS
from engine.data.sample_series import SampleShares, SampleValues
from engine.data.series_table import FILE_ONLY, SERIES, SeriesRule, series_rule
from engine.data.sessions import NewYorkSessions
from engine.ports import LoadedSeries, LoadedValues, ProgressBar, SeriesData
from engine.wiring.providers import AUTO_RETRIES, Providers

FRED, YAHOO = "fred", "yahoo"


@dataclass(frozen=True, kw_only=True)
class FurtherSeries:
    """What was had of them.

    Attributes:
        absent: by name, why one could not be had.
    """

    bars: Mapping[str, LoadedSeries] = field(default_factory=dict)
    values: Mapping[str, LoadedValues] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What a reader must be told."""
        noted = [note for bars in self.bars.values() for note in bars.notes]
        noted += [note for values in self.values.values() for note in values.notes]
        return noted + [f"{name}: is absent: {why}" for name, why in self.absent.items()]


def load_further(
    names: Iterable[str],
    load: Callable[[str], LoadedSeries | LoadedValues],
    *,
    needed: Collection[str],
    progress: ProgressBar,
) -> FurtherSeries:
    """Load series by their names.

    Args:
        needed: those without which nothing can be decided.
        progress: moved on by each.

    Raises:
        DataError: one of those cannot be had.
    """
    bars: dict[str, LoadedSeries] = {}
    values: dict[str, LoadedValues] = {}
    absent: dict[str, str] = {}
    for name in names:
        progress.advance()
        try:
            loaded = load(name)
        except DataError as error:
            if name in needed:
                raise
            absent[name] = str(error)
            continue
        if isinstance(loaded, LoadedSeries):
            bars[name] = loaded
        else:
            values[name] = loaded
    return FurtherSeries(bars=bars, values=values, absent=absent)


class SeriesSources:
    """Gives a series by its name from the provider that the configuration means for it.

    Args:
        synthetic: whether the run is on the sample; then every series is of it.
    """

    def __init__(self, config: Config, providers: Providers, *, synthetic: bool, now: Callable[[], datetime]) -> None:
        self._config = config
        self._providers = providers
        self._now = now
        self._made: dict[str, SeriesData] = {}
        sessions = NewYorkSessions().between
        self._shares = SampleShares(sessions) if synthetic else providers.us_symbols()
        self._coins = providers.sample if synthetic else providers.coins()
        self._sample = SampleValues(sessions, self.rule_of) if synthetic else None

    def load(self, name: str) -> LoadedSeries | LoadedValues:
        """Load a US symbol or a coin as bars, anything else as values.

        Raises:
            DataError: there is no such series, it is invalid, or it cannot be had.
        """
        if name in US_SYMBOLS and self._shares is not None:
            return self._shares.load(name)
        if name in LOT_STEPS and self._coins is not None:
            return self._coins.load(name)
        return (self._sample or self._provider_of(name)).load(name)

    def is_file(self, name: str) -> bool:
        """Tell whether a series that is no bars is read from a file."""
        return self._sample is None and name not in US_SYMBOLS and self._source_of(name) == FILE_ONLY

    def rule_of(self, name: str) -> SeriesRule:
        """Give what is known of a series, the configuration considered."""
        settings = self._config.data.series.get(name)
        if settings is None:
            return series_rule(name)
        return series_rule(
            name, source=settings.source, kind=settings.kind and SeriesKind(settings.kind), lag_days=settings.lag_days
        )

    def _source_of(self, name: str) -> str:
        data = self._config.data
        settings = data.series.get(name)
        is_named = settings is not None and settings.source is not None
        if not is_named and (data.macro == "csv" or (data.macro == AUTO and data.macro_dir is not None)):
            return FILE_ONLY
        return self.rule_of(name).source

    def _provider_of(self, name: str) -> SeriesData:
        source = self._source_of(name)
        if source not in self._made:
            self._made[source] = self._csv(name) if source == FILE_ONLY else self._network(source)
        return self._made[source]

    def _csv(self, name: str) -> SeriesData:
        folder = self._config.data.macro_dir
        if folder is not None:
            return CsvValues(folder.expanduser(), self.rule_of)
        if name in SERIES or name in self._config.data.series:
            raise DataError(f"{name}: has no source but a file; name the folder of {name}.csv in data.macro_dir")
        near = difflib.get_close_matches(name, (*SERIES, *US_SYMBOLS, *self._config.data.series), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise DataError(
            f"{name}: no such series is known; {hint}"
            "one of your own is a file in data.macro_dir, or stands in data.series"
        )

    def _network(self, source: str) -> SeriesData:
        may_fall_back = self._config.data.macro == AUTO
        retries = AUTO_RETRIES if may_fall_back else self._config.venue.max_retries

        def connect() -> ValueFetcher:
            return _CONNECT[source](self._providers, retries, cached.remark)

        cached = CachedValues(
            provider=_CACHED_AS[source],
            folder=self._providers.cache_dir(),
            rule_of=self.rule_of,
            connect=connect,
            now=self._now,
        )
        return StaleAllowed(cached) if may_fall_back and self._providers.stale_allowed else cached


def _fred(providers: Providers, max_retries: int, remark: Callable[[str], None]) -> ValueFetcher:
    return providers.fred(max_retries, remark)


def _yahoo(providers: Providers, max_retries: int, remark: Callable[[str], None]) -> ValueFetcher:
    return providers.yahoo_closes(max_retries, remark)


_CONNECT = {FRED: _fred, YAHOO: _yahoo}
_CACHED_AS = {FRED: "fred", YAHOO: "yahoo closes"}
"""Apart from the bars of Yahoo, whose entries have other columns."""
