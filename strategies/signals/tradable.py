"""Which assets can be traded on which day."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.market import BarSeries, History


def tradable_matrix(
    history: History, assets: Sequence[str], decision_days: BarSeries, *, min_history_days: int
) -> NDArray[np.bool_]:
    """Mark the days on which each asset has a bar and at least `min_history_days` bars up to it.

    Returns:
        Shape (days of `decision_days`, assets).
    """
    matrix = np.zeros((len(decision_days), len(assets)), dtype=np.bool_)
    for column, asset in enumerate(assets):
        ripe = history[asset].ordinals[min_history_days - 1 :]
        matrix[:, column] = np.isin(decision_days.ordinals, ripe, assume_unique=True)
    return matrix
