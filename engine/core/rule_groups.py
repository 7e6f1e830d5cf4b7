"""Rules made of rules: `all`, `any`, `at_least` and `not`, wherever a confirmation may stand.

A group holds or does not: what is not known does not hold. `not` of something that is not known is not known itself.
"""

from collections.abc import Sequence
from datetime import date
from typing import cast

import numpy as np

from engine.core.columns import Column, column
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.rule import Named, RuleCase, RuleParams, Setting, System, rule_case, told


class AtLeast(System[RuleParams]):
    """Holds when at least so many of its members do; `all` and `any` are such groups too."""

    def __init__(self, least: int, members: Sequence[Named], setting: Setting) -> None:
        super().__init__(RuleParams(), setting)
        self.least, self.members = least, tuple(members)

    def observe(self, history: History) -> Column:
        """Count on each day the members that hold."""
        parts = _columns(self.members, history)
        held = np.sum([part.holds for part in parts], axis=0)
        return column(
            history[self.setting.core],
            holds=held >= self.least,
            complete=np.all([part.complete for part in parts], axis=0),
            value=held.astype(np.float64),
            threshold=float(self.least),
            sign=">=",
            reason=lambda day: _reason_in(parts, day),
            parts=parts,
        )

    def details(self, case: RuleCase[Column]) -> tuple[str, tuple[Condition, ...]]:
        """Say how many hold, with its members."""
        parts = _told_members(self.members, case)
        held = sum(part.holds is True for part in parts)
        return f"{held} of {len(parts)} hold, {self.least} {'is' if self.least == 1 else 'are'} wanted", parts


class Not(System[RuleParams]):
    """Holds when its member does not, and all in it is known."""

    def __init__(self, member: Named, setting: Setting) -> None:
        super().__init__(RuleParams(), setting)
        self.members = (member,)

    def observe(self, history: History) -> Column:
        """Turn the member's readings round."""
        (part,) = _columns(self.members, history)
        return column(
            history[self.setting.core],
            holds=~part.holds,
            # A group that holds does so whatever else it does not know.
            known=part.holds | part.complete,
            complete=part.complete,
            reason=lambda day: _reason_in((part,), day),
            parts=(part,),
        )

    def details(self, case: RuleCase[Column]) -> tuple[str, tuple[Condition, ...]]:
        """Say what its member does."""
        (part,) = _told_members(self.members, case)
        words = {True: "holds", False: "does not hold", None: "is not known"}
        return f"{part.name} {words[part.holds]}", (part,)


def _columns(members: Sequence[Named], history: History) -> tuple[Column, ...]:
    # Only what may confirm an entry stands in a group, and that observes columns.
    return tuple(cast("Column", member.rule.observe(history)) for member in members)


def _told_members(members: Sequence[Named], case: RuleCase[Column]) -> tuple[Condition, ...]:
    parts = zip(members, case.observed.parts, strict=True)
    return tuple(told(each, rule_case(each, part, case.day, case.position)) for each, part in parts)


def _reason_in(parts: Sequence[Column], day: date) -> str:
    return next(filter(None, (part.at(day).reason for part in parts)), "")
