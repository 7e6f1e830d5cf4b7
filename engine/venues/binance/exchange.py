"""Binance as an exchange among others."""

from collections.abc import Mapping
from pathlib import Path

from engine.venues.binance.credentials import Credentials, exposed, read_credentials, required
from engine.venues.binance.hosts import ADDRESSES, ALLOWED, MARKET_DATA
from engine.venues.binance.keys import NAMES
from engine.venues.binance.questions import patience_seconds
from engine.venues.binance.spot import BinanceSpot
from engine.venues.exchange import Exchange


def _keys(environment: Mapping[str, str], dotenv: Path) -> Credentials:
    return required(read_credentials(environment, dotenv=dotenv))


def _shared_secret(name: str, secret: str) -> Credentials:
    return Credentials(api_key=name, secret=secret, kind="HMAC")


BINANCE = Exchange(
    addresses=ADDRESSES,
    allowed=ALLOWED,
    market=MARKET_DATA,
    connect=BinanceSpot,
    key_names=NAMES,
    read_keys=_keys,
    shared_secret=_shared_secret,
    exposed=exposed,
    patience_seconds=patience_seconds,
)
