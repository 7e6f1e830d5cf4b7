"""Small over large: small caps gain on large caps, against the mean of some weeks (rows 000-12, 001-10)."""

from typing import ClassVar

from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams, Setting
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, side_of

SMALL = "IWM"


class SmallOverLargeParams(RuleParams):
    """Parameters of small over large."""

    weeks: StrictInt = Field(20, ge=1, le=5200, description="Weeks of which the mean is taken, the last included.")


class SmallOverLarge(SightedSystem[SmallOverLargeParams]):
    """Holds while the ratio of the two funds is above its mean of the last weeks."""

    Params = SmallOverLargeParams
    large: ClassVar[str] = "SPY"
    rows = ("000-12", "001-10")
    group = Group.ROTATION

    def __init__(self, params: SmallOverLargeParams, setting: Setting) -> None:
        super().__init__(params, setting)
        self.needs = (SMALL, self.large)

    def column(self, sight: Sight) -> Column:
        """Compare the last week's ratio with the mean."""
        weekly = sight.weekly(sight.ratio(SMALL, self.large), self.params.weeks)
        return sight.compared(distances(weekly), ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how far the ratio is from its mean."""
        return f"{SMALL}/{self.large} is {side_of(number_of(reading))} its mean of {self.params.weeks} weeks"
