"""The index of the synthetic sample; in a live run beside made-up prices alone."""

from engine.data.kinds import MarketKind
from engine.ports import MarketData
from engine.wiring.data.providers import Providers


def provider(given: Providers, kind: MarketKind) -> MarketData:  # noqa: ARG001 - the sample knows what is which
    """Give the sample."""
    return given.sample
