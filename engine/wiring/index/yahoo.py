"""Sessions of New York from Yahoo."""

from engine.data.cache import CachedBars
from engine.data.kinds import MarketKind
from engine.ports import MarketData
from engine.wiring.data.providers import Providers


def provider(given: Providers, kind: MarketKind) -> MarketData:
    """Give what insists on the network."""
    return bars(given, kind, given.config.venue.max_retries)


def bars(given: Providers, kind: MarketKind, max_retries: int) -> CachedBars:
    """Give the bars with their cache."""
    cached = CachedBars(
        provider="yahoo",
        quote="",
        folder=given.cache_dir(),
        kind=kind,
        connect=lambda: given.yahoo("index", max_retries, cached.remark),
        now=given.now,
    )
    return cached
