"""Daily bars from CSV files, one a market: `DIR/BTC.csv` with date,open,high,low,close,volume."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.core.market import BarSeries
from engine.data.checks import check_bars
from engine.data.closures import refuse_closed, refuse_shifted
from engine.data.csv_table import TableForm, read_table
from engine.data.digest import bars_sha256
from engine.data.kinds import COINS, MarketKind, indices
from engine.data.sessions import NewYorkSessions, SessionsBetween
from engine.ports import LoadedSeries

PRICES = ("open", "high", "low", "close")
BARS = TableForm(row="bar", required=PRICES, optional=("volume",), may_be_empty=("volume",), folder_key="data.csv_dir")
"""Many vendors have no volume for an index; a bar without a price is no bar."""


@dataclass(frozen=True, slots=True)
class CsvBars:
    """The provider `csv`: coins, or a New York index, out of one folder.

    Attributes:
        folder: holds `<symbol>.csv`.
        index: whether the files are of an index (bars known at 16:00 New York) or of coins (at the end of the UTC day).
        sessions: the sessions an index should have: one without a bar is a gap, another day with one an error.
    """

    folder: Path
    index: bool = field(kw_only=True)
    sessions: SessionsBetween = field(kw_only=True, default_factory=lambda: NewYorkSessions().between)

    def load(self, symbol: str) -> LoadedSeries:
        """Load a file.

        Raises:
            DataError: the folder or file is missing or cannot be read, or a row is bad; names the file and line.
        """
        path = self.folder / f"{symbol}.csv"
        kind = indices(self.sessions) if self.index else COINS
        bars = _read(path, symbol, kind)
        gaps = kind.gaps(bars)
        return LoadedSeries(
            bars=bars, source=f"csv {path.name}", sha256=bars_sha256(bars), gaps=gaps.lines, missing=gaps.missing
        )


def read_csv_bars(path: Path, symbol: str, *, index: bool) -> BarSeries:
    """Read one file of daily bars.

    Args:
        path: the file; UTF-8, with or without byte order mark, any line ends.
        symbol: the name that the series gets.
        index: whether its days are New York sessions instead of UTC days.

    Raises:
        DataError: it is missing, unreadable, empty or a row is bad; one sentence naming the file, the line, the reason.
    """
    return _read(path, symbol, indices(NewYorkSessions().between) if index else COINS)


def _read(path: Path, symbol: str, kind: MarketKind) -> BarSeries:
    table = read_table(path, BARS)
    prices = {name: table.numbers[name] for name in PRICES}
    volume = table.numbers.get("volume", np.full(len(table.days), np.nan))
    # First: where dates go back in the middle of a file, a shift from there on says more than the first row that does.
    refuse_shifted(table.days, kind.sessions, table.place)
    check_bars(days=table.days, **prices, volume=volume, place=table.place)
    refuse_closed(table.days, kind.sessions, table.place)
    return kind.build(symbol, days=table.days, **prices, volume=volume)
