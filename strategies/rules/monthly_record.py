"""Monthly record: the index's last month ended at its highest month-end close in history (row 002-2)."""

import numpy as np

from engine.core.calendar import Ordinals, days_of
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import monthly_values
from engine.core.thesis import Group
from strategies.signals.known import NOTHING, last_known
from strategies.signals.sight import INDEX, Sight, SightedSystem
from strategies.signals.words import number_of, side_of


class MonthlyRecord(SightedSystem[RuleParams]):
    """Holds while the close of the last complete month is above those of all complete months before."""

    rows = ("002-2",)
    group = Group.SMALL_CAPS

    def column(self, sight: Sight) -> Column:
        """Compare the last month-end close with the highest before; a month without a session is left out of these."""
        index = sight.series(INDEX)
        last = sight.monthly(index, 1)[:, 0]
        if not len(index):
            return sight.column(np.zeros(len(sight.days), dtype=np.bool_))
        ends = _ends_of_months(int(index.ordinals[0]), int(sight.days[-1]))
        closes = monthly_values(index, ends, 1)[:, 0]
        # Of the last complete month of a day, the one before.
        before = np.searchsorted(ends, sight.days, side="right").astype(np.int64) - 2
        highest = last_known(np.fmax.accumulate(closes), np.maximum(before, NOTHING))
        sight.require_of(index, ~np.isnan(highest), "a month before the last complete one is wanted")
        return sight.column(last > highest, last / highest - 1, ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how far the month's close is from the highest before."""
        side = side_of(number_of(reading))
        return f"the last close of {self.setting.index}'s last complete month is {side} the highest month's end before"


def _ends_of_months(first: int, last: int) -> Ordinals:
    """Give the last days of all months from that of `first` to the last complete one at the end of `last`."""
    days = np.arange(first, last + 1)
    months = days_of(np.append(days, last + 1)).astype("datetime64[M]")
    ends: Ordinals = days[months[1:] != months[:-1]]
    return ends
