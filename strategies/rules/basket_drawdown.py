"""The equity has fallen by some share from its highest since the entry: the rotation ends."""

from collections.abc import Iterable
from datetime import date

from pydantic import Field, StrictFloat

from engine.core.changes import Change, percent_text
from engine.core.reading import Reading
from engine.core.rule import EveryDay, Exit, Position, RuleCase, RuleParams
from strategies.signals.exit_changes import with_limit
from strategies.signals.setting import RotationSetting
from strategies.signals.words import number_of


class BasketDrawdownParams(RuleParams):
    """Parameters of the exit."""

    limit: StrictFloat = Field(0.3, gt=0, lt=1, description="The fall from the highest at which it ends, a fraction.")


class BasketDrawdown(Exit[BasketDrawdownParams, date, EveryDay]):
    """Holds once the equity is so far below the highest of the closes from the entry day on."""

    Params = BasketDrawdownParams
    setting: RotationSetting

    def read(self, facts: date, position: Position) -> Reading:
        """Compare the fall with the limit."""
        return self.compared(position.rotation.drawdown, ">=", self.params.limit, position)

    def sentence(self, reading: Reading) -> str:
        """Say how far the equity has fallen."""
        fall, limit = percent_text(number_of(reading)), percent_text(self.params.limit)
        return f"the equity is {fall} below its highest close since the entry; {limit} end the rotation"

    def changes(self, case: RuleCase[EveryDay], *, holds: bool) -> Iterable[Change]:
        """Propose the limit that the fall reaches, or does not."""
        yield from with_limit(self, self.setting.exits, number_of(case.reading), holds=holds)

    def unmoved(self, case: RuleCase[EveryDay]) -> str:
        """Say what it looks at."""
        return "at another equity, which what was held decides"
