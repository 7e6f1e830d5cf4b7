"""The index is not too far behind for an entry; asked only where it is."""

from datetime import date

from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import EveryDay, Position, Rule, RuleCase, RuleParams


class IndexUpToDate(Rule[RuleParams, date, EveryDay]):
    """Holds while entries are allowed: a live run allows none on an index that lags."""

    @property
    def title(self) -> str:
        """Name the index."""
        return f"{self.setting.index} up to date"

    def observe(self, history: History) -> EveryDay:
        """Observe nothing: whether it lags is the calendar's business."""
        return EveryDay()

    def read(self, facts: date, position: Position) -> Reading:
        """Ask whether entries are allowed."""
        return Reading(holds=position.holdings.entries_allowed)

    def sentence(self, reading: Reading) -> str:
        """Say what is behind it."""
        lags = f"{self.setting.index} lags too far behind for an entry (data.max_stale_sessions)"
        return f"{self.setting.index} is recent enough" if reading.holds else lags

    def unmoved(self, case: RuleCase[EveryDay]) -> str:
        """Say that no price changes it."""
        return f"no entry was allowed: {self.setting.index} had lagged too far behind"
