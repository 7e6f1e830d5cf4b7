"""A confirmation, or a group of them, has been unlit for some days since the entry: the rotation ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self, cast

from pydantic import Field, StrictInt, model_validator

from engine.core.changes import Change
from engine.core.columns import Column
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Exit, Position, RuleCase, RuleParams, rule_case, told
from strategies.rotating.rule_files import Choice, confirmation
from strategies.signals.days import row_on
from strategies.signals.exit_changes import with_parameter
from strategies.signals.setting import RotationSetting
from strategies.signals.words import number_of


class ConfirmationLostParams(RuleParams):
    """Parameters of the exit."""

    of: Choice = Field(description="The confirmation or group of them that is lost.")
    days: StrictInt = Field(7, ge=1, le=3650, description="Decision days in a row on which it is unlit.")

    @model_validator(mode="after")
    def _is_confirmation(self) -> Self:
        confirmation(self.of, "of")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnlitDays:
    """The unbroken row of days up to each decision day on which the confirmation was known and did not hold.

    Attributes:
        most: of a longer row, so many of its last days are given.
    """

    column: Column
    most: int

    @property
    def parts(self) -> tuple[Column, ...]:
        """What is observed of the confirmation."""
        return (self.column,)

    def at(self, day: date) -> tuple[date, ...]:
        """Give them, ascending."""
        column, row = self.column, row_on(self.column.days, day)
        first = row + 1
        while first > 0 and row - first + 1 < self.most and self._is_unlit(first - 1):
            first -= 1
        return tuple(date.fromordinal(ordinal) for ordinal in column.days.ordinals[first : row + 1].tolist())

    def _is_unlit(self, row: int) -> bool:
        # Something that is not known may hide in a group that does not hold.
        return not self.column.holds[row] and bool(self.column.complete[row])


class ConfirmationLost(Exit[ConfirmationLostParams, tuple[date, ...], UnlitDays]):
    """Holds when the confirmation was unlit on each of the last days, all after the entry day."""

    Params = ConfirmationLostParams
    may_repeat = True
    setting: RotationSetting

    def __init__(self, params: ConfirmationLostParams, setting: RotationSetting) -> None:
        super().__init__(params, setting)
        self.members = (confirmation(params.of, "of")(setting),)

    def observe(self, history: History) -> UnlitDays:
        """Observe the confirmation."""
        # Only what may confirm an entry is lost, and that observes columns.
        column = cast("Column", self.members[0].rule.observe(history))
        return UnlitDays(column=column, most=self.params.days)

    def read(self, facts: tuple[date, ...], position: Position) -> Reading:
        """Count the days since the entry."""
        entry_day, _ = position.entered
        count = sum(day > entry_day for day in facts)
        return self.compared(float(count), ">=", float(self.params.days), position)

    def details(self, case: RuleCase[UnlitDays]) -> tuple[str, tuple[Condition, ...]]:
        """Say for how long, with the confirmation itself."""
        (member,) = self.members
        lost = told(member, rule_case(member, case.observed.column, case.day, case.position))
        return self.sentence(case.reading), (lost,)

    def sentence(self, reading: Reading) -> str:
        """Say for how many days."""
        name, days = self.members[0].name, self.params.days
        return f"{name} unlit on {number_of(reading):.0f} decision days in a row since the entry; {days} end it"

    def changes(self, case: RuleCase[UnlitDays], *, holds: bool) -> Iterable[Change]:
        """Propose so many days that they are over, or are not; and what changes the confirmation."""
        count = int(number_of(case.reading))
        days = count if holds else count + 1
        if days >= 1:
            effect = f"it has been unlit on {'as many' if holds else 'fewer'}"
            yield with_parameter(self, self.setting.exits, "days", days, effect=effect)
        if not holds:
            (member,) = self.members
            of = rule_case(member, case.observed.column, case.day, case.position)
            yield from member.rule.changes(of, holds=True)

    def unmoved(self, case: RuleCase[UnlitDays]) -> str:
        """Say that days have to pass."""
        return f"after {self.params.days} days on which {self.members[0].name} is unlit"
