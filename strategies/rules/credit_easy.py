"""Credit easy: spreads are not above their mean, and financial conditions looser than usual (rows 002-3, 004-14)."""

from pydantic import Field, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, side_of

SPREAD, CONDITIONS = "HY_OAS", "NFCI"


class CreditEasyParams(RuleParams):
    """Parameters of easy credit."""

    sessions: StrictInt = Field(252, ge=1, le=5000, description="Values of which the spread's mean is taken.")


class CreditEasy(SightedSystem[CreditEasyParams]):
    """Holds while the high-yield spread is at or below its mean, and the index of conditions below 0."""

    Params = CreditEasyParams
    needs = (SPREAD, CONDITIONS)
    rows = ("004-14", "002-3")
    group = Group.LIQUIDITY

    def column(self, sight: Sight) -> Column:
        """Compare the spread with its mean, and the conditions with 0."""
        spread = distances(sight.last_n(sight.series(SPREAD), self.params.sessions))
        conditions = sight.last(sight.series(CONDITIONS))
        return sight.compared(spread, "<=", 0.0, also=compare_all(conditions, "<", 0.0))

    def says(self, reading: Reading) -> str:
        """Say how far the spread is from its mean, and what the conditions are where that decides."""
        distance = number_of(reading)
        words = f"{SPREAD} is {side_of(distance)} its mean of {self.params.sessions} values"
        if distance > 0:
            return words
        return f"{words}, and {CONDITIONS} is {'' if reading.holds else 'not '}below 0"
