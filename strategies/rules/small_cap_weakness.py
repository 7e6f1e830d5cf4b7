"""Small cap weakness: the index lies far under its highest close, as before bear markets (rows 002-8, 002-9)."""

from pydantic import Field, StrictFloat

from engine.core.changes import percent_text
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.records import falls
from strategies.signals.sight import INDEX, Sight, SightedSystem
from strategies.signals.words import number_of


class SmallCapWeaknessParams(RuleParams):
    """Parameters of small cap weakness."""

    fall: StrictFloat = Field(0.10, ge=0, lt=1, description="Fraction under the highest close.")


class SmallCapWeakness(SightedSystem[SmallCapWeaknessParams]):
    """A caution: holds while the last close is further than that under the highest."""

    Params = SmallCapWeaknessParams
    rows = ("002-8", "002-9", "004-2")
    group = Group.CAUTIONS
    caution = True

    def column(self, sight: Sight) -> Column:
        """Compare the fall of the last close with what is allowed."""
        index = sight.series(INDEX)
        fall = last_known(falls(index.values), sight.last_positions(index))
        return sight.compared(fall, ">", self.params.fall)

    def says(self, reading: Reading) -> str:
        """Say how far the close is under the highest."""
        fall = percent_text(number_of(reading))
        return (
            f"{self.setting.index}'s last close is {fall} under its highest, where {self.params.fall:.0%} is weakness"
        )
