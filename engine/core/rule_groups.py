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
from engine.core.reading import Reading
from engine.core.rule import ByDay, Named, Position, RuleParams, Setting, System


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

    def told(self, name: str, observed: ByDay[Reading], day: date, position: Position) -> Condition:
        """Explain it with its members."""
        parts = _told_members(self.members, observed, day, position)
        held = sum(part.holds is True for part in parts)
        return Condition(
            name=name,
            holds=held >= self.least,
            sentence=f"{held} of {len(parts)} hold, {self.least} {'is' if self.least == 1 else 'are'} wanted",
            value=held,
            threshold=self.least,
            distance=held - self.least,
            unit="conditions",
            needs="any" if self.least == 1 else "all",
            parts=parts,
        )


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

    def told(self, name: str, observed: ByDay[Reading], day: date, position: Position) -> Condition:
        """Explain it with its member."""
        (part,) = _told_members(self.members, observed, day, position)
        holds, words = observed.at(day).holds, {True: "holds", False: "does not hold", None: "is not known"}
        return Condition(name=name, holds=holds, sentence=f"{part.name} {words[part.holds]}", parts=(part,))


def _columns(members: Sequence[Named], history: History) -> tuple[Column, ...]:
    # Only what may confirm an entry stands in a group, and that observes columns.
    return tuple(cast("Column", member.rule.observe(history)) for member in members)


def _told_members(
    members: Sequence[Named], observed: ByDay[Reading], day: date, position: Position
) -> tuple[Condition, ...]:
    columns = cast("Column", observed).parts
    return tuple(
        member.rule.told(member.name, part, day, position) for member, part in zip(members, columns, strict=True)
    )


def _reason_in(parts: Sequence[Column], day: date) -> str:
    return next(filter(None, (part.at(day).reason for part in parts)), "")
