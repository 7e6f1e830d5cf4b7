"""The exchange of a live run: its keys, its client, and the real market beside it."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from engine.core.errors import ConfigError, NoAnswerError, VenueError
from engine.settings.config import Config
from engine.venues.answers import Quote
from engine.venues.exchange import Exchange, Keys, LiveClient
from engine.venues.simulated import QuoteOf
from engine.wiring.live.live_data import may_be_synthetic
from engine.wiring.live.live_venue import venue_of
from engine.wiring.live.surroundings import Surroundings

RECORD_SECONDS = 5.0
"""How long a price that only goes on record is waited for."""
DOTENV = Path(".env")
BITCOIN = "BTC"
WITHOUT_NETWORK = (
    "without a network, `python -m engine rehearse` trades on a practice exchange of this machine, on the sample"
)


def credentials_of(config: Config) -> Keys | None:
    """Read the keys of the configured venue; None where it wants none.

    Raises:
        VenueError: there are none, or they cannot be read.
    """
    # Said before the exchange is looked for, which may take minutes.
    venue = venue_of(config)
    return venue.exchange.read_keys(os.environ, DOTENV) if venue.has_account else None


def warn_of_open_keys(config: Config, notice: Callable[[str], None]) -> None:
    """Tell where others may read the file of the keys, if the venue wants any."""
    venue = venue_of(config)
    warning = venue.exchange.exposed(DOTENV) if venue.has_account else None
    if warning is not None:
        notice(warning)


class LiveExchange:
    """The configured venue, or the public market data that a simulated one fills at; not asked anything yet.

    Attributes:
        client: talks to it.

    Raises:
        VenueError: `venue.base_url` is neither a sandbox nor this machine.
    """

    def __init__(self, config: Config, credentials: Keys | None, around: Surroundings) -> None:
        self._config = config
        self._venue = venue_of(config)
        self._notice = around.notice
        self._waiting = False
        self.client = self._venue.exchange.connect(
            network=self._venue.network,
            base_url=config.venue.base_url,
            credentials=credentials,
            timeout_seconds=config.venue.timeout_seconds,
            max_retries=config.venue.max_retries,
            sleep=around.wait,
            now=around.now,
            notice=self._told,
            longest_wait_seconds=around.longest_wait_seconds,
            quiet=around.quiet,
        )

    def reach(self) -> LiveClient:
        """Ask for its time and, where orders go there, whether it takes our keys; say what is waited for meanwhile.

        Raises:
            VenueError: the keys are refused, or the exchange cannot be reached.
        """
        self._waiting = True
        try:
            self.client.server_time()
        except NoAnswerError as error:
            raise NoAnswerError(f"{error}\n{WITHOUT_NETWORK}") from error
        self._waiting = False
        if self._venue.has_account:
            self.client.check_keys()
        return self.client

    def _told(self, words: str) -> None:
        if self._waiting:
            # Said before the first retry: an exchange that answers at once is not waited for.
            self._waiting = False
            venue = self._config.venue
            longest = self._venue.exchange.patience_seconds(
                max_retries=venue.max_retries, timeout_seconds=venue.timeout_seconds
            )
            place = venue.base_url or self._venue.exchange.addresses[self.client.network]
            self._notice(
                f"waiting for {self.client.network} ({place}) to answer; trying again for up to {longest:.0f} s"
            )
        self._notice(words)


def refuse_synthetic(exchange: Exchange, config: Config, *, now: Callable[[], datetime]) -> None:
    """Refuse to take candles for real ones whose exchange says that they are made up.

    Raises:
        ConfigError: it does.
    """
    # One that gives no exchange information says nothing of the kind; whoever wants its candles meets its faults.
    with suppress(VenueError):
        if may_be_synthetic(config) and _says_synthetic(exchange, config, now):
            raise ConfigError(
                f"venue.base_url {config.venue.base_url}: the exchange says that its prices are made up (synthetic); "
                "they are not taken for real ones: set data.crypto=sample and data.index=sample"
            )


def _says_synthetic(exchange: Exchange, config: Config, now: Callable[[], datetime]) -> bool:
    client = exchange.connect(
        network=exchange.market,
        base_url=config.venue.base_url,
        credentials=None,
        timeout_seconds=min(config.venue.timeout_seconds, RECORD_SECONDS),
        max_retries=0,
        sleep=time.sleep,
        now=now,
        notice=lambda _: None,
    )
    with closing(client):
        return client.is_synthetic(BITCOIN, config.account.quote)


def market_quotes(config: Config, client: LiveClient, around: Surroundings) -> QuoteOf:
    """Give the real market's quotes as far as they can be had: no order waits for what only goes on record.

    Args:
        client: of the venue; where `venue.base_url` replaces every exchange, it is also the real market's.
    """
    if config.venue.base_url is None:
        exchange = venue_of(config).exchange
        client = exchange.connect(
            network=exchange.market,
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
