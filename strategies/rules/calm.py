"""Calm: expected volatility is at or below its median of a year (rows 000-14, 003-3)."""

import numpy as np
import pandas as pd
from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.row_statistics import over
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, side_of

VOLATILITY = "VIX"


class CalmParams(RuleParams):
    """Parameters of calm."""

    sessions: StrictInt = Field(252, ge=1, le=5000, description="Sessions of which the median is taken.")


class Calm(SightedSystem[CalmParams]):
    """Holds while the VIX is not above its median."""

    Params = CalmParams
    needs = (VOLATILITY,)
    rows = ("000-14", "003-3")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the last close with the median."""
        series, sessions = sight.series(VOLATILITY), self.params.sessions
        last = sight.last_n(series, sessions)[:, -1]
        # Once a session and not once a day, and by what a window gains and loses: a look-ahead check makes it often.
        medians = pd.Series(series.values, dtype=np.float64).rolling(sessions).median().to_numpy()
        return sight.compared(over(last, last_known(medians, sight.last_positions(series))) - 1, "<=", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how far the close is from the median."""
        return f"{VOLATILITY} is {side_of(number_of(reading))} its median of {self.params.sessions} sessions"
