"""The exchange of a live run: its keys, its client, and the real market beside it."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from engine.config import Config
from engine.core.errors import VenueError
from engine.venues.answers import Quote
from engine.venues.credentials import Credentials, exposed, read_credentials, required
from engine.venues.exchange import BinanceSpot
from engine.venues.hosts import MARKET_DATA, Network
from engine.venues.simulated import QuoteOf
from engine.wiring.surroundings import Surroundings

SIMULATED = "simulated"
RECORD_SECONDS = 5.0
"""How long a price that only goes on record is waited for."""
DOTENV = Path(".env")


def credentials_of(config: Config, *, notice: Callable[[str], None]) -> Credentials | None:
    """Read the keys of the configured venue; None where it wants none.

    Args:
        notice: told where others may read the file of the keys.

    Raises:
        VenueError: there are none, or they cannot be read.
    """
    # Said before the exchange is looked for, which may take minutes.
    if config.venue.name == SIMULATED:
        return None
    warning = exposed(DOTENV)
    if warning is not None:
        notice(warning)
    return required(read_credentials(os.environ, dotenv=DOTENV))


def exchange_client(config: Config, credentials: Credentials | None, around: Surroundings) -> BinanceSpot:
    """Connect to the configured venue, or to the public market data that a simulated one fills at.

    Raises:
        VenueError: keys are missing or refused, or the exchange cannot be reached.
    """
    simulated = config.venue.name == SIMULATED
    client = BinanceSpot(
        network=MARKET_DATA if simulated else cast("Network", config.venue.name),
        base_url=config.venue.base_url,
        credentials=credentials,
        timeout_seconds=config.venue.timeout_seconds,
        max_retries=config.venue.max_retries,
        sleep=around.wait,
        now=around.now,
        notice=around.notice,
        longest_wait_seconds=around.longest_wait_seconds,
        quiet=around.quiet,
    )
    client.server_time()
    if not simulated:
        client.check_keys()
    return client


def market_quotes(config: Config, client: BinanceSpot, around: Surroundings) -> QuoteOf:
    """Give the real market's quotes as far as they can be had: no order waits for what only goes on record.

    Args:
        client: of the venue; where `venue.base_url` replaces every exchange, it is also the real market's.
    """
    if config.venue.base_url is None:
        client = BinanceSpot(
            network=MARKET_DATA,
            base_url=None,
            credentials=None,
            timeout_seconds=min(config.venue.timeout_seconds, RECORD_SECONDS),
            max_retries=0,
            sleep=around.wait,
            now=around.now,
            notice=around.notice,
            longest_wait_seconds=RECORD_SECONDS,
            quiet=around.quiet,
        )

    def quotes(symbols: Sequence[str]) -> Mapping[str, Quote]:
        try:
            return client.best_quotes(symbols)
        except VenueError as error:
            around.notice(f"the real market's price is not on record: {error}")
            return {}

    return quotes
