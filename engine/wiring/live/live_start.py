"""How a paper run starts: settings, folder, files and keys are looked at before any exchange is asked."""

from dataclasses import dataclass
from pathlib import Path

from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.venues.exchange import Keys, LiveClient
from engine.wiring.live.live_data import check_live_data, config_beside
from engine.wiring.live.live_exchange import LiveExchange, credentials_of
from engine.wiring.live.live_series import check_files, live_series
from engine.wiring.live.paper_folder import check_paper_folder
from engine.wiring.live.rearming import check_killed
from engine.wiring.live.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True)
class LiveStart:
    """What a paper run starts with.

    Attributes:
        config: as it holds beside the exchange: on made-up prices every bar is of the sample.
        client: has been answered.
        synthetic: whether the exchange's prices are made up.
    """

    config: Config
    credentials: Keys | None
    client: LiveClient
    synthetic: bool


def start_live(
    config: Config, folder: Path, around: Surroundings, *, accept_config: bool, rearm: bool = False
) -> LiveStart:
    """Look at all that is here, then ask the exchange.

    Args:
        folder: the run's, there or not; nothing is written.
        rearm: whether the kill switch is to be re-armed, which has to hold.

    Raises:
        ConfigError, DataError: settings, files or folder cannot work; said before the exchange is asked where that can
            be known without it.
        VenueError: keys are missing or refused, or the exchange cannot be reached.
    """
    check_live_data(config)
    has_begun = check_paper_folder(config, folder, accept_config=accept_config)
    if rearm:
        check_killed(folder)
    credentials = credentials_of(config)
    exchange = LiveExchange(config, credentials, around)
    universe = strategy_of(config).universe
    series = live_series(config, universe, exchange.client, around, now=around.now)
    check_files(universe, *series, has_begun=has_begun)
    client = exchange.reach()
    synthetic = client.is_synthetic(universe.core, config.account.quote)
    return LiveStart(
        config=config_beside(config, synthetic=synthetic),
        credentials=credentials,
        client=client,
        synthetic=synthetic,
    )
