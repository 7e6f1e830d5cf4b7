"""Coins from CSV files in `data.csv_dir`."""

from typing import TYPE_CHECKING

from engine.data.csv_files import CsvBars
from engine.ports import MarketData
from engine.wiring.data.providers import LiveSetting, Providers

if TYPE_CHECKING:
    from engine.wiring.data.live_market import SeriesUpTo


def provider(given: Providers) -> MarketData:
    """Give the files."""
    return CsvBars(given.csv_dir(), index=False, sessions=given.sessions)


def live(given: Providers, setting: LiveSetting) -> "SeriesUpTo":  # noqa: ARG001 - a file is one beside any exchange
    """Give the files, read again when they change."""
    from engine.wiring.data.live_market import CsvFilesUpTo  # noqa: PLC0415 - of live runs alone

    return CsvFilesUpTo(provider(given), given.csv_dir())
