"""Coins of the synthetic sample; in a live run beside made-up prices alone."""

from engine.ports import MarketData
from engine.wiring.data.providers import Providers


def provider(given: Providers) -> MarketData:
    """Give the sample."""
    return given.sample
