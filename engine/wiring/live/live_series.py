"""Which series a live run looks at: those of `data.*`, each up to a day."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.core.strategy import Universe
from engine.data.choose import SAMPLE
from engine.settings.config import Config
from engine.trading.standing import Standing
from engine.venues.exchange import LiveClient
from engine.wiring.data.live_market import CsvFilesUpTo, SeriesUpTo, Snapshots
from engine.wiring.data.providers import LiveSetting, Providers
from engine.wiring.live.surroundings import Surroundings

if TYPE_CHECKING:
    from engine.wiring.live.live_context import LiveContext
    from engine.wiring.live.live_further import LiveFurther


def live_series(
    config: Config, universe: Universe, client: LiveClient, around: Surroundings, *, now: Callable[[], datetime]
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
    coins = providers.live_coins(LiveSetting(client=client, universe=universe))
    index = providers.live_index() if universe.indices else coins
    if not universe.further_series:
        return coins, index, None
    from engine.wiring.data.series import SeriesSources  # noqa: PLC0415
    from engine.wiring.live.live_further import LiveFurther  # noqa: PLC0415 - most runs look at none

    synthetic = SAMPLE in (config.data.crypto, config.data.index)
    return coins, index, LiveFurther(SeriesSources(config, providers, synthetic=synthetic, now=now), coins)


def live_snapshots(
    config: Config,
    universe: Universe,
    client: LiveClient,
    around: Surroundings,
    *,
    now: Callable[[], datetime],
    stands: Callable[[], Standing],
    context: "LiveContext | None",
) -> Snapshots:
    """Give what gathers the series of the decisions; a board looks at the same sources, and more of them.

    Args:
        stands: where the run stands now.
        context: what makes the boards; None where none is made.

    Raises:
        ConfigError: a provider is named that a live run cannot use.
    """
    shown = universe if context is None else context.universe
    coins, index, further = live_series(config, shown, client, around, now=now)
    if context is not None:
        context.look_at(coins, index, further)
    beside = further if universe.further_series else None
    return Snapshots(universe, coins, index, beside, has_begun=lambda: stands().last_day is not None)


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
