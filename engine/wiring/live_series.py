"""Which series a live run looks at: those of `data.*`, each up to a day."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.config import Config
from engine.core.errors import ConfigError
from engine.core.strategy import Universe
from engine.data.choose import SAMPLE
from engine.ports import MarketData
from engine.venues.exchange import BinanceSpot
from engine.wiring.live_market import CsvFilesUpTo, ProvidedBars, SeriesUpTo, VenueBars, VenueCandles
from engine.wiring.providers import Providers
from engine.wiring.surroundings import Surroundings

if TYPE_CHECKING:
    from engine.wiring.live_further import LiveFurther


def live_series(
    config: Config, universe: Universe, client: BinanceSpot, around: Surroundings, *, now: Callable[[], datetime]
) -> tuple[SeriesUpTo, SeriesUpTo, "LiveFurther | None"]:
    """Give the series of the coins, of the index, and what is looked at beside them; None where nothing is.

    Args:
        client: of the venue; its candles are the bars with `data.crypto: venue`.
        now: the exchange's time as it was believed last; it decides which bars of a provider are final.

    Raises:
        ConfigError: a provider is named that a live run cannot use.
    """
    providers = Providers(
        config, now=now, progress=around.progress, stale_allowed=False, sleep=around.wait, quiet=around.quiet
    )
    coins: SeriesUpTo
    index: SeriesUpTo
    if config.data.crypto == SAMPLE:
        # Beside made-up prices alone; what is not known yet is cut off as of any provider.
        coins = ProvidedBars(providers.sample)
    elif config.data.crypto == "venue":
        coins = VenueBars(VenueCandles(client, config.account.quote), core=universe.core)
    elif config.data.crypto == "csv":
        coins = CsvFilesUpTo(_given(providers.coins(), "data.crypto"), providers.csv_dir())
    else:
        coins = ProvidedBars(_given(providers.coins(), "data.crypto"))
    if config.data.index == SAMPLE:
        index = ProvidedBars(providers.sample)
    elif config.data.index == "csv":
        index = CsvFilesUpTo(_given(providers.index(), "data.index"), providers.csv_dir())
    elif universe.indices:
        index = ProvidedBars(_given(providers.index(), "data.index"))
    else:
        index = coins
    if not universe.further_series:
        return coins, index, None
    from engine.wiring.live_further import LiveFurther  # noqa: PLC0415 - most runs look at none
    from engine.wiring.series import SeriesSources  # noqa: PLC0415

    synthetic = SAMPLE in (config.data.crypto, config.data.index)
    return coins, index, LiveFurther(SeriesSources(config, providers, synthetic=synthetic, now=now), coins)


def check_files(
    universe: Universe, coins: SeriesUpTo, index: SeriesUpTo, further: "LiveFurther | None", *, has_begun: bool
) -> None:
    """Read the CSV files that a run looks at: what is wrong with one is said before any exchange is asked.

    Args:
        has_begun: whether the run goes on; it does so whatever coins have left, but for the core.

    Raises:
        DataError: a file is missing, or a row of it is bad.
    """
    wanted = (universe.core,) if has_begun else universe.assets
    for series, symbols in ((coins, wanted), (index, universe.indices)):
        if isinstance(series, CsvFilesUpTo):
            for symbol in symbols:
                series.up_to(symbol, date.max)
    if further is not None and not has_begun:
        for name in universe.series:
            further.check_file(name)


def _given(provider: MarketData | None, key: str) -> MarketData:
    if provider is None:
        raise ConfigError(f"{key}: has no provider of bars for `paper`")
    return provider
