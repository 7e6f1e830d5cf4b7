"""What a rotation in being is worth: equity at its entry, the highest since, and now, marked at closes."""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.events import DayDecided

ROTATED = "ROTATED"
"""The state's name, in any strategy, while a rotation lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationEquity:
    """Equity of a rotation, in the quote currency.

    Attributes:
        entry: at the entry day's close; highest: of the closes from then to now, both included; now: the last one.
    """

    entry: Decimal
    highest: Decimal
    now: Decimal

    @property
    def growth(self) -> float:
        """The return since the entry, as a fraction."""
        return float(self.now / self.entry) - 1

    @property
    def drawdown(self) -> float:
        """The fall from the highest, as a fraction, 0 or positive."""
        return 1 - float(self.now / self.highest)

    def marked(self, equity: Decimal) -> "RotationEquity":
        """Give it at one close more."""
        return RotationEquity(entry=self.entry, highest=max(self.highest, equity), now=equity)


def rotation_after(before: RotationEquity | None, decided: DayDecided) -> RotationEquity | None:
    """Give the rotation in being after a decision; None where there is none."""
    if decided.next_state != ROTATED:
        return None
    if before is None or decided.state != ROTATED:
        return RotationEquity(entry=decided.equity, highest=decided.equity, now=decided.equity)
    return before.marked(decided.equity)
