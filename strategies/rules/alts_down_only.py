"""Alts down only: the basket's index has lost half of its highest, and lies under its mean (row 001-23)."""

import numpy as np
from pydantic import Field, StrictFloat, StrictInt

from engine.core.basket_index import BASKET
from engine.core.changes import percent_text
from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.weeks import complete_sundays, in_last_week, values_by_week
from strategies.signals.words import number_of


class AltsDownOnlyParams(RuleParams):
    """Parameters of alts going down only."""

    fall: StrictFloat = Field(0.5, ge=0, lt=1, description="Fraction under the highest weekly value.")
    weeks: StrictInt = Field(40, ge=1, le=5200, description="Weeks of which the mean is taken, the last included.")


class AltsDownOnly(SightedSystem[AltsDownOnlyParams]):
    """A caution: holds while the index is further than that under its highest weekly value, and below its mean."""

    Params = AltsDownOnlyParams
    rows = ("001-23",)
    group = Group.CAUTIONS
    caution = True

    def column(self, sight: Sight) -> Column:
        """Compare the last week's value with the highest so far, and with the mean."""
        index = sight.series(BASKET)
        weekly, sundays = sight.weekly(index, self.params.weeks), complete_sundays(index, days=sight.days)
        highest = np.fmax.accumulate(values_by_week(index, sundays))
        fall = 1 - weekly[:, -1] / in_last_week(highest, sundays, sight.days)
        below = compare_all(distances(weekly), "<", 0.0)
        return sight.compared(fall, ">", self.params.fall, also=below)

    def says(self, reading: Reading) -> str:
        """Say how far the index is under its highest."""
        words = f"the basket's index is {percent_text(number_of(reading))} under its highest weekly value"
        if number_of(reading) <= self.params.fall:
            return f"{words}, where more than {self.params.fall:.0%} is down only"
        return f"{words}, and {'below' if reading.holds else 'not below'} its mean of {self.params.weeks} weeks"
