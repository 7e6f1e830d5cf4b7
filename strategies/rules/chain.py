"""Chain: capital goes from bonds to stocks, to small caps, to crypto; most stages hold (rows 001-8, 004-5, 004-11)."""

import numpy as np
from pydantic import Field, StrictInt

from engine.core.basket_index import BASKET
from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.series_columns import distances
from engine.core.thesis import Group
from strategies.signals.sight import CORE, Sight, SightedSystem
from strategies.signals.words import number_of

BOND_WEEKS, STOCK_WEEKS, RATIO_WEEKS = 13, 40, 20


class ChainParams(RuleParams):
    """Parameters of the chain."""

    stages: StrictInt = Field(3, ge=1, le=4, description="How many of the four stages must hold.")


class Chain(SightedSystem[ChainParams]):
    """Holds while enough of the four stages do."""

    Params = ChainParams
    needs = ("HY_OAS", "SPY", "IWM")
    rows = ("004-11", "001-8", "004-5")
    group = Group.ROTATION

    def column(self, sight: Sight) -> Column:
        """Count the stages: spreads that fall, and stocks, small caps and altcoins above their means."""
        stages = [compare_all(sight.change(sight.series("HY_OAS"), BOND_WEEKS), "<", 0.0)]
        for series, weeks in (
            (sight.series("SPY"), STOCK_WEEKS),
            (sight.ratio("IWM", "SPY"), RATIO_WEEKS),
            (sight.ratio(BASKET, CORE), RATIO_WEEKS),
        ):
            stages.append(compare_all(distances(sight.weekly(series, weeks)), ">", 0.0))
        held = np.sum(stages, axis=0).astype(np.float64)
        return sight.compared(held, ">=", float(self.params.stages))

    def says(self, reading: Reading) -> str:
        """Say how many hold."""
        held = f"{number_of(reading):.0f} of four stages hold"
        return f"{held} (bonds, stocks, small caps, crypto), where {self.params.stages} are wanted"
