"""Participation: the smallest shares gain on the small ones, so many take part (rows 003-12, 004-4)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, side_of

MICRO, SMALL = "IWC_ADJCLOSE", "IWM_ADJCLOSE"


class ParticipationParams(RuleParams):
    """Parameters of participation."""

    sessions: StrictInt = Field(100, ge=1, le=5000, description="Sessions of which the mean is taken.")


class Participation(SightedSystem[ParticipationParams]):
    """Holds while micro caps over small caps are above their mean."""

    Params = ParticipationParams
    needs = (MICRO, SMALL)
    rows = ("004-4", "003-12")
    group = Group.SMALL_CAPS
    remark = "a proxy for breadth: micro caps against small caps"

    def column(self, sight: Sight) -> Column:
        """Compare the last ratio with the mean."""
        rows = sight.last_n(sight.ratio(MICRO, SMALL), self.params.sessions)
        return sight.compared(distances(rows), ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how far the ratio is from its mean."""
        return f"IWC/IWM is {side_of(number_of(reading))} its mean of {self.params.sessions} sessions"
