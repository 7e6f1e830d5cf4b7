"""Files where a folder of them is given, else where each series is usually had."""

from engine.data.series_table import FILE_ONLY
from engine.wiring.data.providers import Providers


def source_of(given: Providers, known: str) -> str:
    """Give the source."""
    return known if given.config.data.macro_dir is None else FILE_ONLY
