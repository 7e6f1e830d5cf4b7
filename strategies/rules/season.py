"""Season: it is none of the months in which markets doze (rows 001-20, 001-22)."""

import calendar
from typing import Annotated

import numpy as np
from pydantic import Field, StrictInt

from engine.core.calendar import days_of
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of


class SeasonParams(RuleParams):
    """Parameters of the season."""

    months: tuple[Annotated[StrictInt, Field(ge=1, le=12)], ...] = Field((6, 7, 8), description="Months to stay out.")


class Season(SightedSystem[SeasonParams]):
    """Holds in all other months."""

    Params = SeasonParams
    rows = ("001-20", "001-22")
    group = Group.TECHNICALS

    def column(self, sight: Sight) -> Column:
        """Look at the month of the day."""
        months = days_of(sight.days).astype("datetime64[M]").astype(np.int64) % 12 + 1
        return sight.column(~np.isin(months, self.params.months), months.astype(np.float64))

    def says(self, reading: Reading) -> str:
        """Say which month it is."""
        month = calendar.month_name[int(number_of(reading))]
        return f"{month} is {'none' if reading.holds else 'one'} of the months to stay out"
