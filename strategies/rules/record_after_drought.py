"""Record after a drought: the index has lately closed at a record, the first one for a long time (row 001-1)."""

import numpy as np
from pydantic import Field, StrictInt

from engine.core.calendar import DAYS_A_WEEK
from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.records import is_record, last_marked
from strategies.signals.sight import INDEX, Sight, SightedSystem
from strategies.signals.words import number_of


class RecordAfterDroughtParams(RuleParams):
    """Parameters of a record after a drought."""

    drought_days: StrictInt = Field(365, ge=1, le=36500, description="Days since the record before, at least.")
    valid_weeks: StrictInt = Field(26, ge=0, le=5200, description="Weeks for which such a record counts.")


class RecordAfterDrought(SightedSystem[RecordAfterDroughtParams]):
    """Holds for some weeks from a record close whose preceding record close is long past."""

    Params = RecordAfterDroughtParams
    rows = ("001-1", "002-5")
    group = Group.SMALL_CAPS

    def column(self, sight: Sight) -> Column:
        """Find the latest such record, and count the days since."""
        index = sight.series(INDEX)
        records = np.flatnonzero(is_record(index.values))
        after_drought = np.zeros(len(index), dtype=np.bool_)
        after_drought[records[1:]] = np.diff(index.ordinals[records]) >= self.params.drought_days
        dates = last_known(index.ordinals.astype(np.float64), last_marked(after_drought))
        since = sight.days - last_known(dates, sight.last_positions(index))
        threshold = float(DAYS_A_WEEK * self.params.valid_weeks)
        return sight.column(compare_all(since, "<=", threshold), since, "<=", threshold)

    def says(self, reading: Reading) -> str:
        """Say how long ago it was."""
        index, drought = self.setting.index, self.params.drought_days
        if reading.value is None:
            return f"{index} has no record close {drought} days or more after the one before"
        return (
            f"{index}'s last record close {drought} days or more after the one before is {number_of(reading):,.0f} "
            f"days old, and counts for {self.params.valid_weeks} weeks"
        )
