"""Sessions of New York from Yahoo; from an old cache where it does not answer and that is allowed."""

from engine.data.choose import StaleAllowed
from engine.data.kinds import MarketKind
from engine.ports import MarketData
from engine.wiring.data.providers import AUTO_RETRIES, Providers
from engine.wiring.index import yahoo


def provider(given: Providers, kind: MarketKind) -> MarketData:
    """Give the route."""
    bars = yahoo.bars(given, kind, AUTO_RETRIES)
    return StaleAllowed(bars) if given.stale_allowed else bars
