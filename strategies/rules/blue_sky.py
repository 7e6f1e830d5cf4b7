"""Blue sky: the index's last close is its highest ever, so no earlier buyer waits above (thesis row 001-2)."""

import numpy as np

from engine.core.changes import percent_text
from engine.core.columns import Column, column
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import RuleParams, System
from engine.core.series_columns import rounded
from strategies.signals.known import last_known, last_known_bars


class BlueSky(System[RuleParams]):
    """Holds while the last known close of the index is at or above every close before it."""

    def observe(self, history: History) -> Column:
        """Compare the last known close with the highest so far."""
        core, index = history[self.setting.core], history[self.setting.index]
        highest = np.maximum.accumulate(index.close)
        position = last_known_bars(index, core)
        return column(
            core,
            holds=last_known(index.close - highest, position) >= 0,
            known=position >= 0,
            value=rounded(last_known(index.close / highest - 1, position)) + 0.0,
            threshold=0.0,
            sign=">=",
            reason=f"no session of {index.symbol} is known yet",
        )

    def sentence(self, reading: Reading) -> str:
        """Say how far the close is from the highest."""
        if not isinstance(reading.value, float):
            return super().sentence(reading)
        index, since = self.setting.index, f"since {reading.since}"
        if reading.holds:
            return f"{index}'s last close is at or above every one before, {since}"
        return f"{index}'s last close is {percent_text(reading.value)} below its highest; below it {since}"
