"""What a venue of live runs is; each is a file in `venue/`, found by its name in `venue.name`, and offers `venue`."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from engine.core.events import Event
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.planner import Planner
from engine.ports import Venue
from engine.settings.config import Config, module_of
from engine.trading.first_sends import FirstSends
from engine.trading.session import Session
from engine.venues.answers import MarketRules
from engine.venues.exchange import Exchange, LiveClient
from engine.venues.witnesses import BookedTrade
from engine.wiring.live.surroundings import Surroundings


@dataclass(frozen=True, kw_only=True)
class VenueSetting:
    """What a live run gives its venue to work with.

    Attributes:
        booked: the trades on record.
        settle_seconds: how long an order may be under way that nobody sees: accepted late, answered late.
    """

    config: Config
    around: Surroundings
    client: LiveClient
    costs: Costs
    booked: set[BookedTrade]
    first_sends: FirstSends
    settle_seconds: float


@dataclass(frozen=True, kw_only=True)
class LiveVenue:
    """Where the orders of live runs go.

    Attributes:
        exchange: whose prices and clock it goes by; network: which of its networks.
        opened: gives what takes the orders, told of the instruments of all assets and the rules of those listed now.
        account_check: gives what looks at the account before each day; None where there is none but our ledger.
    """

    exchange: Exchange
    network: str
    opened: Callable[[VenueSetting, Mapping[str, Instrument], Mapping[str, MarketRules]], Venue]
    account_check: (
        Callable[[VenueSetting, Session, Planner, Callable[[], Sequence[Event]]], Callable[[datetime], None]] | None
    ) = None

    @property
    def has_account(self) -> bool:
        """Whether there is an account that outlasts this process: it wants keys, and orders have names of their own."""
        return self.account_check is not None


def venue_of(config: Config) -> LiveVenue:
    """Find the configured venue."""
    return venue_named(config.venue.name)


def venue_named(name: str) -> LiveVenue:
    """Find a venue."""
    return cast("LiveVenue", importlib.import_module(module_of("venue", name)).venue)
