"""Records: values above all before them, and how far the last one is below the highest."""

import numpy as np
from numpy.typing import NDArray

from engine.core.columns import Flags
from engine.core.market import Floats
from strategies.signals.known import NOTHING


def is_record(values: Floats) -> Flags:
    """Mark the values strictly above all before them; the first is none."""
    record = np.zeros(len(values), dtype=np.bool_)
    record[1:] = values[1:] > np.maximum.accumulate(values)[:-1]
    return record


def last_marked(marks: Flags) -> NDArray[np.int64]:
    """Give for each position the last one up to it that is marked; `NOTHING` before the first."""
    return np.maximum.accumulate(np.where(marks, np.arange(len(marks)), NOTHING))


def falls(values: Floats) -> Floats:
    """Give how far each value is below the highest so far, as a fraction of that."""
    return 1 - values / np.maximum.accumulate(values)
