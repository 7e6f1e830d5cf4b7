"""Coins from Yahoo, priced in USD."""

from engine.data.cache import CachedBars
from engine.data.kinds import COINS
from engine.ports import MarketData
from engine.wiring.data.providers import Providers


def provider(given: Providers) -> MarketData:
    """Give what insists on the network."""
    return bars(given, given.config.venue.max_retries)


def bars(given: Providers, max_retries: int) -> CachedBars:
    """Give the bars with their cache."""
    cached = CachedBars(
        provider="yahoo",
        quote="USD",
        folder=given.cache_dir(),
        kind=COINS,
        connect=lambda: given.yahoo("crypto", max_retries, cached.remark),
        now=given.now,
    )
    return cached
