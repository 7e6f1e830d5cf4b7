"""The digest that names the content of a series: equal bars, equal digests, whatever file or vendor they came from."""

import hashlib

import numpy as np

from engine.core.market import BarSeries


def bars_sha256(bars: BarSeries) -> str:
    """Digest days, prices and volumes as a hexadecimal SHA-256; symbol, file format and fetch time do not enter."""
    digest = hashlib.sha256(bars.days.astype("datetime64[D]").astype("<i8").tobytes())
    for column in (bars.open, bars.high, bars.low, bars.close):
        digest.update(column.astype("<f8").tobytes())
    # A missing volume has many bit patterns; one of them stands for all.
    digest.update(np.where(np.isnan(bars.volume), np.nan, bars.volume).astype("<f8").tobytes())
    return digest.hexdigest()
