"""The next part of a change of targets is due: parts follow each other by a week."""

from datetime import date, timedelta

from engine.core.calendar import DAYS_A_WEEK
from engine.core.columns import distance_of
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import EveryDay, Position, Rule, RuleCase, RuleParams
from strategies.rotating.state import Tranche


class PartDue(Rule[RuleParams, date, EveryDay]):
    """Holds when so many weeks have passed since the first part as parts have been decided."""

    title = "next part due"

    def __init__(self, tranche: Tranche) -> None:
        self._tranche = tranche

    def observe(self, history: History) -> EveryDay:
        """Observe nothing but the day."""
        return EveryDay()

    def read(self, facts: date, position: Position) -> Reading:
        """Compare the days since the first part with those that have to pass."""
        days, wanted = float((facts - self._tranche.decided).days), float(DAYS_A_WEEK * self._tranche.done)
        return Reading(holds=days >= wanted, value=days, threshold=wanted, distance=distance_of(days, wanted))

    def details(self, case: RuleCase[EveryDay]) -> tuple[str, tuple[Condition, ...]]:
        """Say which part is next, and when."""
        tranche = self._tranche
        due = tranche.decided + timedelta(weeks=tranche.done)
        words = f"{tranche.done} of {tranche.count} parts of the {tranche.reason} of {tranche.decided} are decided"
        return f"{words}; part {tranche.done + 1} is due from {due} on", ()

    def unmoved(self, case: RuleCase[EveryDay]) -> str:
        """Say that parts follow whatever prices are."""
        tranche = self._tranche
        return f"the {tranche.reason} of {tranche.decided} goes on in parts, a week apart, whatever prices are"
