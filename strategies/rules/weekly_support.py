"""Weekly support: since the breakout the index's weekly close is above the broken level (rows 001-24, 001-25)."""

import numpy as np

from engine.core.calendar import DAYS_A_WEEK
from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import weekly_values
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.sight import INDEX, Sight, SightedSystem
from strategies.signals.words import number_of, side_of


class WeeklySupport(SightedSystem[RuleParams]):
    """Holds while the breakout is in force, and the last weekly close since it is above the support."""

    rows = ("001-24", "001-25")
    group = Group.SMALL_CAPS

    def column(self, sight: Sight) -> Column:
        """Compare the last weekly close with the support, once a week has ended since the breakout."""
        breakout, index = sight.breakout(), sight.series(INDEX)
        session = last_known(breakout.columns.breakout_session.astype(np.float64), breakout.positions)
        support = last_known(breakout.columns.support, breakout.positions)
        asked = breakout.in_force & (sight.days - sight.days % DAYS_A_WEEK >= session)
        close = weekly_values(index, sight.days, 1)[:, 0]
        sight.require_of(index, ~asked | ~np.isnan(close), "the last week has no value")
        distance = np.where(asked, close / support - 1, np.nan)
        return sight.column(compare_all(distance, ">", 0.0), distance, ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how far the close is from the support."""
        if reading.value is None:
            return f"no week of {self.setting.index} has ended in a breakout in force"
        return f"{self.setting.index}'s weekly close is {side_of(number_of(reading))} the support"
