"""The real prices and series as one history; they are not in the repository, and tests that want them are skipped."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from engine.core.calendar import ordinals_of
from engine.core.market import History
from engine.core.series import ValueSeries
from engine.data.csv_files import read_csv_bars
from engine.data.kinds import US_SYMBOLS
from engine.data.series_table import SERIES

PRICES = Path(os.environ.get("PRICES_DIR") or Path(__file__).resolve().parents[3] / "shared" / "data" / "prices")
MACRO = PRICES.parent / "macro"
AT_HAND = (PRICES / "RUT.csv").exists() and (MACRO / "DFF.csv").exists()
BASKET = ("ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
ABSENT = "IWM_FLOW"


@cache
def real_history() -> History:
    """Give the bars of the default's markets and of the US symbols, and all series that have a file."""
    coins, indices = ("BTC", *BASKET), ("RUT", *US_SYMBOLS)
    bars = {
        symbol: read_csv_bars(PRICES / f"{symbol}.csv", symbol, index=symbol in indices)
        for symbol in (*coins, *indices)
    }
    values = {name: _values(name) for name in SERIES if (MACRO / f"{name}.csv").exists()}
    return History(series=bars, values=values, absent={ABSENT: "no free source"})


def _values(name: str) -> ValueSeries:
    frame = pd.read_csv(MACRO / f"{name}.csv").dropna()
    days = frame["date"].to_numpy().astype("datetime64[D]")
    return ValueSeries(
        name=name,
        kind=SERIES[name].kind,
        ordinals=ordinals_of(days),
        values=frame["value"].to_numpy(dtype=np.float64),
        known_at=SERIES[name].publication.known_at(days),
    )
