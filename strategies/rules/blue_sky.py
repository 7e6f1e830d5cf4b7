"""Blue sky: the index's last close is its highest ever, so no earlier buyer waits above (thesis row 001-2)."""

import numpy as np

from engine.core.changes import percent_text
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.sight import INDEX, Sight, SightedSystem
from strategies.signals.words import number_of


class BlueSky(SightedSystem[RuleParams]):
    """Holds while the last known close of the index is at or above every close before it."""

    rows = ("000-2", "001-2")
    group = Group.SMALL_CAPS

    def column(self, sight: Sight) -> Column:
        """Compare the last known close with the highest so far."""
        index = sight.series(INDEX)
        highest, position = np.maximum.accumulate(index.values), sight.last_positions(index)
        return sight.column(
            last_known(index.values - highest, position) >= 0,
            last_known(index.values / highest - 1, position),
            ">=",
            0.0,
        )

    def says(self, reading: Reading) -> str:
        """Say how far the close is from the highest."""
        index = self.setting.index
        if reading.holds:
            return f"{index}'s last close is at or above every one before"
        return f"{index}'s last close is {percent_text(number_of(reading))} below its highest"
