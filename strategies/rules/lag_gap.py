"""Lag gap: the index is near its highest while the core and the altcoins lie far under theirs (row 002-7)."""

import numpy as np
from pydantic import Field, StrictFloat

from engine.core.basket_index import BASKET
from engine.core.changes import percent_text
from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.known import last_known
from strategies.signals.records import falls
from strategies.signals.sight import CORE, INDEX, Sight, SightedSystem
from strategies.signals.words import number_of


class LagGapParams(RuleParams):
    """Parameters of the gap."""

    near: StrictFloat = Field(0.03, ge=0, lt=1, description="Fraction under its highest at which the index is near.")
    below: StrictFloat = Field(0.15, ge=0, lt=1, description="Fraction under theirs of core and basket, at least.")


class LagGap(SightedSystem[LagGapParams]):
    """Holds while the index has come to its highest, and core and basket have not followed."""

    Params = LagGapParams
    rows = ("002-7",)
    group = Group.ROTATION

    def column(self, sight: Sight) -> Column:
        """Compare how far each is under its highest close so far."""
        index = sight.series(INDEX)
        near = compare_all(last_known(falls(index.values), sight.last_positions(index)), "<=", self.params.near)
        followers = [sight.series(name) for name in (CORE, BASKET)]
        gaps = [last_known(falls(series.values), sight.positions_on(series)) for series in followers]
        return sight.compared(np.min(gaps, axis=0), ">=", self.params.below, also=near)

    def says(self, reading: Reading) -> str:
        """Say how large the smaller gap is, and where the index is if that decides."""
        params, gap = self.params, number_of(reading)
        words = f"{self.setting.core} and the basket's index are {percent_text(gap)} or more under their highest"
        if gap < params.below:
            return f"{words}, where {params.below:.0%} are wanted"
        return (
            f"{words}, and {self.setting.index} is {'' if reading.holds else 'not '}within {params.near:.0%} of its own"
        )
