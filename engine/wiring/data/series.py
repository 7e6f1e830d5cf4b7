"""From `data.*` of the configuration to what is looked at beside the traded: US symbols, coins, and no bars at all."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from engine.core.errors import DataError
from engine.core.instrument import LOT_STEPS
from engine.core.series import SeriesKind
from engine.data.kinds import US_SYMBOLS
from engine.data.sample_series import SampleShares, SampleValues
from engine.data.series_table import FILE_ONLY, SeriesRule, series_rule
from engine.data.sessions import NewYorkSessions
from engine.ports import LoadedSeries, LoadedValues, MarketData, ProgressBar, SeriesData
from engine.settings.config import Config
from engine.wiring.data.providers import Providers


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
        self._synthetic = synthetic
        self._sample = SampleValues(sessions, self.rule_of) if synthetic else None

    def load(self, name: str) -> LoadedSeries | LoadedValues:
        """Load a US symbol or a coin as bars, anything else as values.

        Raises:
            DataError: there is no such series, it is invalid, or it cannot be had.
        """
        if name in US_SYMBOLS and self._shares is not None:
            return self._shares.load(name)
        if name in LOT_STEPS:
            return self._coins.load(name)
        return (self._sample or self._provider_of(name)).load(name)

    @cached_property
    def _coins(self) -> MarketData:
        # Made when asked: a live run on the venue's own candles asks there, and has no other provider.
        return self._providers.sample if self._synthetic else self._providers.coins()

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
        settings = self._config.data.series.get(name)
        is_named = settings is not None and settings.source is not None
        known = self.rule_of(name).source
        return known if is_named else self._providers.usual_source(known)

    def _provider_of(self, name: str) -> SeriesData:
        source = self._source_of(name)
        if source not in self._made:
            self._made[source] = self._providers.values(source, self.rule_of, name)
        return self._made[source]
