"""The equity has fallen by some share from that of the entry day: the rotation ends."""

from collections.abc import Iterable
from datetime import date

from pydantic import Field, StrictFloat

from engine.core.changes import Change, percent_text, price_text
from engine.core.columns import rounded_value
from engine.core.reading import Reading
from engine.core.rule import EveryDay, Exit, Position, RuleCase, RuleParams
from strategies.signals.exit_changes import with_limit
from strategies.signals.setting import RotationSetting
from strategies.signals.words import number_of


class BasketStopParams(RuleParams):
    """Parameters of the exit."""

    limit: StrictFloat = Field(0.2, gt=0, lt=1, description="The fall from the entry at which it ends, a fraction.")


class BasketStop(Exit[BasketStopParams, date, EveryDay]):
    """Holds once the equity is at that of the entry day less the limit, or below."""

    Params = BasketStopParams
    setting: RotationSetting

    def read(self, facts: date, position: Position) -> Reading:
        """Compare the equity with the least that is borne."""
        rotation = position.rotation
        # What is bought or sold for is exact; 1 - 0.9 is not.
        least = rounded_value((1 - self.params.limit) * float(rotation.entry))
        return self.compared(float(rotation.now), "<=", least, position)

    def sentence(self, reading: Reading) -> str:
        """Say where the equity is, and where the rotation ends."""
        limit, least = percent_text(self.params.limit), price_text(reading.threshold or 0.0)
        words = f"the equity is {price_text(number_of(reading))}"
        return f"{words}; the rotation ends at {least}, {limit} below that of the entry day"

    def changes(self, case: RuleCase[EveryDay], *, holds: bool) -> Iterable[Change]:
        """Propose the limit that the fall reaches, or does not."""
        yield from with_limit(self, self.setting.exits, -case.position.rotation.growth, holds=holds)

    def unmoved(self, case: RuleCase[EveryDay]) -> str:
        """Say what it looks at."""
        return "at another equity, which what was held decides"
