"""Blue sky: the index's last close is its highest ever, so no earlier buyer waits above (thesis row 001-2)."""

from datetime import date

import numpy as np

from engine.core.calendar import decision_instant
from engine.core.market import History
from strategies.confirmations import Condition


def observe(history: History, *, core: str, index: str) -> Condition:  # noqa: ARG001 - the form of every confirmation
    """Make the condition "the last known close of the index is at or above every close before it"."""
    bars = history[index]
    at_high = bars.close >= np.maximum.accumulate(bars.close)

    def holds(day: date) -> bool:
        instant = np.datetime64(decision_instant(day).replace(tzinfo=None), "s")
        position = int(np.searchsorted(bars.known_at, instant, side="right")) - 1
        return position >= 0 and bool(at_high[position])

    return holds
