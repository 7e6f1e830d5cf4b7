"""Files alone."""

from engine.data.series_table import FILE_ONLY
from engine.wiring.data.providers import Providers


def source_of(given: Providers, known: str) -> str:  # noqa: ARG001 - the form of each
    """Give the files."""
    return FILE_ONLY
