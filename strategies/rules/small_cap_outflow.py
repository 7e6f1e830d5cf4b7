"""Small cap outflow: the index rose in a year in which its fund lost money, unlike before (row 003-11)."""

import numpy as np

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import INDEX, Sight, SightedSystem
from strategies.signals.sums import sums_between
from strategies.signals.words import number_of, signed

FLOW = "IWM_FLOW"
WEEKS, DAYS = 53, 364
"""A year: 53 values are 52 weeks apart."""


class SmallCapOutflow(SightedSystem[RuleParams]):
    """A caution: holds while the index is above its week of a year before, and the flows add up to less than 0."""

    needs = (FLOW,)
    rows = ("003-11",)
    group = Group.CAUTIONS
    caution = True

    def column(self, sight: Sight) -> Column:
        """Add up the flows of a year, and compare the index with itself a year before."""
        weekly, flow = sight.weekly(sight.series(INDEX), WEEKS), sight.series(FLOW)
        position, begin = sight.last_positions(flow), sight.days - DAYS
        first = flow.ordinals[0] if len(flow) else np.iinfo(np.int64).max
        sight.require_of(flow, first <= begin, f"it has to begin {DAYS} days before")
        total = sums_between(flow.values, np.searchsorted(flow.ordinals, begin, side="right"), position + 1)
        return sight.compared(total, "<", 0.0, also=weekly[:, -1] > weekly[:, 0])

    def says(self, reading: Reading) -> str:
        """Say what flowed, and what the index did."""
        words = f"USD {signed(number_of(reading), 0)} million flowed into IWM in {DAYS} days"
        if number_of(reading) >= 0:
            return words
        return f"{words}, while {self.setting.index} {'rose' if reading.holds else 'did not rise'}"
