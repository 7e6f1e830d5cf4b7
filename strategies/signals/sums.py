"""Sums of parts of a column, each added up by itself: no difference of running totals, which would leave noise."""

import numpy as np
from numpy.typing import NDArray

from engine.core.market import Floats


def sums_between(values: Floats, begin: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
    """Give the sum of values[begin:stop] for each pair; NaN where that is empty."""
    sums = np.full(len(begin), np.nan)
    there = stop > begin
    bounds = np.stack([begin[there], stop[there]], axis=1).ravel()
    if bounds.size:
        # The 0 behind the last value lets a part end there.
        sums[there] = np.add.reduceat(np.append(values, 0.0), bounds)[::2]
    return sums
