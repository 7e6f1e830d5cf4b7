"""What an exchange is to the rest of the program: the one form in which each is found and talked to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from engine.venues.answers import Candle
from engine.venues.exchange_venue import ExchangeClient


class LiveClient(ExchangeClient, Protocol):
    """Talks to an exchange, and to one account there. Every method raises VenueError where it cannot."""

    @property
    def network(self) -> str:
        """Which of the exchange's networks it talks to."""
        ...

    @property
    def late_seconds(self) -> float:
        """How long after it was sent a request may still be taken."""
        ...

    def server_time(self) -> datetime:
        """Give the exchange's time."""
        ...

    def is_synthetic(self, asset: str, quote: str) -> bool:
        """Tell whether the exchange says that its prices are made up."""
        ...

    def klines(self, since: Mapping[str, date], *, until: date) -> Mapping[str, Sequence[Candle]]:
        """Give the daily bars of symbols, each from its day to a day, both included; none of one that is not listed."""
        ...

    def hold_to(self, assets: Iterable[str]) -> None:
        """Take an account's answer from now on where the rows of these assets can be read."""
        ...

    def check_keys(self) -> None:
        """Make one signed read."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Keys(Protocol):
    """The keys of an account; their text forms show nothing of them."""

    def strike_out(self, text: str) -> str:
        """Give a text without them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One exchange, asked nothing yet.

    Attributes:
        addresses: of its networks, by name; requests go nowhere else, but for this machine.
        allowed: which addresses may take the place of one, as the tail of a sentence.
        market: the network of the real market's public prices, which has no account.
        connect: makes the client of a network.
        key_names: the variables that hold the keys: of what is public, and of what is secret.
        read_keys: gives the keys out of the environment or a file of NAME=value lines, or says what is missing.
        shared_secret: gives keys out of a name and a secret that both sides know.
        exposed: says that others may read the file of the keys; None where they may not.
        patience_seconds: how long one question is asked again at the most.
    """

    addresses: Mapping[str, str]
    allowed: str
    market: str
    connect: Callable[..., LiveClient]
    key_names: tuple[str, str]
    read_keys: Callable[[Mapping[str, str], Path], Keys]
    shared_secret: Callable[[str, str], Keys]
    exposed: Callable[[Path], str | None]
    patience_seconds: Callable[..., float]
