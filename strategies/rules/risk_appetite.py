"""Risk appetite: volatility and spreads low, small caps and altcoins strong, taken together (rows 000-14, 003-2)."""

import numpy as np
from pydantic import Field, StrictFloat, StrictInt

from engine.core.basket_index import BASKET
from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.row_statistics import zscores
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import CORE, Sight, SightedSystem
from strategies.signals.words import number_of, signed


class RiskAppetiteParams(RuleParams):
    """Parameters of risk appetite."""

    weeks: StrictInt = Field(52, ge=2, le=5200, description="Weeks of which mean and deviation are taken.")
    above: StrictFloat = Field(0.0, allow_inf_nan=False, description="What the mean of the scores must exceed.")


class RiskAppetite(SightedSystem[RiskAppetiteParams]):
    """Holds while the mean of four scores is high."""

    Params = RiskAppetiteParams
    needs = ("VIX", "HY_OAS", "IWM", "SPY")
    rows = ("000-14", "003-2")
    group = Group.ROTATION

    def column(self, sight: Sight) -> Column:
        """Take the mean of the scores; volatility and spread count against it."""
        against = (sight.series("VIX"), sight.series("HY_OAS"))
        favourable = (sight.ratio("IWM", "SPY"), sight.ratio(BASKET, CORE))
        scores = [-zscores(sight.weekly(series, self.params.weeks)) for series in against]
        scores += [zscores(sight.weekly(series, self.params.weeks)) for series in favourable]
        return sight.compared(np.mean(scores, axis=0), ">", self.params.above)

    def says(self, reading: Reading) -> str:
        """Say how high it is."""
        return (
            f"-VIX, -HY_OAS, IWM/SPY and basket/{self.setting.core} are {signed(number_of(reading))} deviations from "
            f"their means of {self.params.weeks} weeks, where more than {self.params.above:g} is wanted"
        )
