"""Tightening: the overnight rate rises while the Federal Reserve's balance sheet shrinks (rows 000-4, 000-7)."""

from pydantic import Field, StrictFloat, StrictInt

from engine.core.columns import Column, compare_all
from engine.core.reading import Reading
from engine.core.rule import RuleParams
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed

RATE, BALANCE_SHEET = "DFF", "WALCL"


class TighteningParams(RuleParams):
    """Parameters of tightening."""

    weeks: StrictInt = Field(13, ge=1, le=5200, description="Weeks over which both change.")
    step: StrictFloat = Field(0.15, ge=0, allow_inf_nan=False, description="Percentage points that make a rise.")


class Tightening(SightedSystem[TighteningParams]):
    """A caution: holds while the rate is higher by that much, and the balance sheet smaller."""

    Params = TighteningParams
    needs = (RATE, BALANCE_SHEET)
    rows = ("000-4", "000-7")
    group = Group.CAUTIONS
    caution = True

    def column(self, sight: Sight) -> Column:
        """Compare both with what they were some weeks before."""
        rate, assets = (sight.change(sight.series(name), self.params.weeks) for name in (RATE, BALANCE_SHEET))
        return sight.compared(rate, ">=", self.params.step, also=compare_all(assets, "<", 0.0))

    def says(self, reading: Reading) -> str:
        """Say how the rate changed, and the balance sheet where that decides."""
        change = number_of(reading)
        words = f"{RATE} changed by {signed(change)} points in {self.params.weeks} weeks"
        if change < self.params.step:
            return f"{words}, where {signed(self.params.step)} is tightening"
        return f"{words}, and {BALANCE_SHEET} {'fell' if reading.holds else 'did not fall'}"
