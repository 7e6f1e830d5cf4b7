"""Coins from Binance, before its first bar from Yahoo; from an old cache where neither answers and that is allowed."""

from engine.data.choose import ExtendedBars, StaleAllowed
from engine.ports import MarketData
from engine.wiring.crypto import binance, yahoo
from engine.wiring.data.providers import AUTO_RETRIES, Providers


def provider(given: Providers) -> MarketData:
    """Give the route."""
    extended = ExtendedBars(binance.bars(given, AUTO_RETRIES), yahoo.bars(given, AUTO_RETRIES))
    return StaleAllowed(extended) if given.stale_allowed else extended
