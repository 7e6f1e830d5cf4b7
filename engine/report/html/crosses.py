"""The weekly MACD as the decisions saw it, and what became of its golden crosses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from engine.record.record_rows import DecisionRow, RotationRow
from engine.report.html.columns import seen_once

Week = Mapping[str, Any]
"""The evidence section `macd` of the first day that knew a week."""


class Fate(StrEnum):
    """What became of a golden cross."""

    USED = "used"
    SPENT = "spent"
    EXPIRED = "expired"
    IN_FORCE = "in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross:
    """A golden cross, named by its Sunday.

    Attributes:
        rotation: the number of the one that used it, or during which it came.
        last_in_force: the last decision day on which it counted; None where it never did.
    """

    week: date
    macd: float
    fate: Fate
    rotation: int | None
    last_in_force: date | None

    @property
    def story(self) -> str:
        """Say in words what became of it."""
        if self.fate is Fate.USED:
            return f"used by rotation {self.rotation}"
        if self.fate is Fate.SPENT:
            return f"spent: came during rotation {self.rotation}"
        if self.fate is Fate.IN_FORCE:
            return "in force on the last day"
        return f"expired: last in force on {self.last_in_force}" if self.last_in_force else "expired: never in force"


def weeks_seen(decisions: Sequence[DecisionRow]) -> list[Week]:
    """Give each completed week once, in order; empty where the strategy looks at no MACD."""
    return seen_once(decisions, "macd", "week", "macd", "signal")


def golden_crosses(decisions: Sequence[DecisionRow], rotations: Sequence[RotationRow]) -> list[Cross]:
    """Find the golden crosses of the weeks seen, and what became of each.

    Used: a rotation was entered on it. Spent: it came during a rotation, and counts for nothing after it. Expired: its
    validity ran out, or the MACD fell back, unused. Crosses before the first week seen are left out.
    """
    macd_by_week = {week["week"]: float(week["macd"]) for week in weeks_seen(decisions)}
    in_force: dict[str, date] = {}
    seen: dict[str, None] = {}
    for decision in decisions:
        section = decision.evidence.get("macd")
        name = section.get("cross_week") if section else None
        if section is None or name is None or name not in macd_by_week:
            continue
        seen[name] = None
        if section.get("in_force"):
            in_force[name] = decision.day
    last_day = decisions[-1].day if decisions else None
    return [
        _cross(date.fromisoformat(name), macd_by_week[name], in_force.get(name), rotations, last_day) for name in seen
    ]


def _cross(
    week: date, macd: float, last_in_force: date | None, rotations: Sequence[RotationRow], last_day: date | None
) -> Cross:
    user = next((row.rotation for row in rotations if row.cross_week == week), None)
    during = next((row.rotation for row in rotations if _is_during(week, row)), None)
    if user is not None:
        fate = Fate.USED
    elif during is not None:
        fate = Fate.SPENT
    else:
        fate = Fate.IN_FORCE if last_in_force is not None and last_in_force == last_day else Fate.EXPIRED
    number = user if user is not None else during
    return Cross(week=week, macd=macd, fate=fate, rotation=number, last_in_force=last_in_force)


def _is_during(week: date, rotation: RotationRow) -> bool:
    return rotation.entry_day < week and (rotation.exit_day is None or week <= rotation.exit_day)
