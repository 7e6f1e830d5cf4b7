"""Each series from where it is usually had over the network, which mostly is FRED."""

from engine.wiring.data.providers import Providers


def source_of(given: Providers, known: str) -> str:  # noqa: ARG001 - the form of each
    """Give the usual source."""
    return known
