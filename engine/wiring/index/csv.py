"""Sessions of New York from CSV files in `data.csv_dir`."""

from typing import TYPE_CHECKING

from engine.data.csv_files import CsvBars
from engine.data.kinds import MarketKind
from engine.ports import MarketData
from engine.wiring.data.providers import Providers

if TYPE_CHECKING:
    from engine.wiring.data.live_market import SeriesUpTo


def provider(given: Providers, kind: MarketKind) -> MarketData:  # noqa: ARG001 - a file is read alike for all
    """Give the files."""
    return CsvBars(given.csv_dir(), index=True, sessions=given.sessions)


def live(given: Providers, kind: MarketKind) -> "SeriesUpTo":
    """Give the files, read again when they change."""
    from engine.wiring.data.live_market import CsvFilesUpTo  # noqa: PLC0415 - of live runs alone

    return CsvFilesUpTo(provider(given, kind), given.csv_dir())
