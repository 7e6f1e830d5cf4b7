"""From `data.*` of the configuration to the bars of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from engine.core.calendar import Days
from engine.core.errors import DataError
from engine.core.market import History
from engine.core.strategy import Universe
from engine.data.choose import Choice, load_all
from engine.ports import LoadedSeries, LoadedValues, MarketData, ProgressBar
from engine.settings.config import Config
from engine.wiring.data.providers import Providers

BENCHMARK_COINS = ("BTC", "ETH")


@dataclass(frozen=True, kw_only=True)
class Market:
    """The history that a run uses, and where each series of it comes from."""

    history: History
    loaded: Mapping[str, LoadedSeries]
    notes: tuple[str, ...]
    values: Mapping[str, LoadedValues] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether any bar of it is made up; where one is, every value is."""
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
    providers = Providers(config, now=now, progress=progress, stale_allowed=True)
    coins = Choice(
        key="data.crypto",
        name=config.data.crypto,
        provider=_Counted(providers.coins(), progress),
        symbols=tuple(universe.assets),
    )
    index = Choice(
        key="data.index",
        name=config.data.index,
        provider=_Counted(providers.index(), progress),
        symbols=tuple(universe.indices),
    )
    further = universe.further_series
    chosen = [coins, index] if universe.indices or further else [coins]
    if further:
        chosen.append(Choice(key="data.macro", name=config.data.macro, provider=None, symbols=()))
    progress.expect(sum(len(choice.symbols) for choice in chosen) + len(further))
    loaded = dict(load_all(chosen, sample=lambda: providers.sample, progress=progress))
    synthetic = any(series.synthetic for series in loaded.values())
    notes = [note for series in loaded.values() for note in series.notes]
    extra = providers.sample if synthetic else coins.provider
    benchmarks, missing = _benchmark_coins(extra, [coin for coin in BENCHMARK_COINS if coin not in loaded])
    loaded |= benchmarks
    notes += missing
    values: Mapping[str, LoadedValues] = {}
    absent: Mapping[str, str] = {}
    if further:
        from engine.wiring.data.series import SeriesSources, load_further  # noqa: PLC0415 - most runs look at none

        sources = SeriesSources(config, providers, synthetic=synthetic, now=now)
        wanted = [name for name in further if name not in loaded]
        beside = load_further(wanted, sources.load, needed=universe.series, progress=progress)
        loaded |= beside.bars
        notes += beside.notes
        values, absent = beside.values, beside.absent
    empty = next((symbol for symbol in (*universe.assets, *universe.indices) if not len(loaded[symbol].bars)), None)
    if empty is not None:
        raise DataError(f"{empty}: has no bars from {loaded[empty].source}")
    return Market(
        history=History(
            series={symbol: series.bars for symbol, series in loaded.items()},
            values={name: loaded.series for name, loaded in values.items()},
            absent=absent,
        ),
        loaded=loaded,
        values=values,
        notes=tuple(dict.fromkeys(notes)),
    )


def index_sessions(history: History, universe: Universe) -> Days:
    """Give New York's sessions from the first bar of an index to the last one of the core; none without an index."""
    if not universe.indices:
        return np.array([], dtype="datetime64[D]")
    from engine.data.sessions import NewYorkSessions  # noqa: PLC0415

    first = min(history[symbol].first_day for symbol in universe.indices)
    return NewYorkSessions().between(first, history[universe.core].last_day)


class _Counted:
    """A provider whose loads move the progress bar."""

    def __init__(self, provider: MarketData, progress: ProgressBar) -> None:
        self._provider = provider
        self._progress = progress

    def load(self, symbol: str) -> LoadedSeries:
        loaded = self._provider.load(symbol)
        self._progress.advance()
        return loaded


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
