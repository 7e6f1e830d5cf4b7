"""The index as the decisions saw it: its sessions, and what became of its breakouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

from engine.record.record_rows import DecisionRow
from engine.report.html.columns import seen_once

Session = Mapping[str, Any]
"""The evidence section `index` of the first day that knew a session."""


class Turn(StrEnum):
    """What happened to a breakout at a session."""

    CONFIRMED = "confirmed"
    RENEWED = "renewed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """One turn, at the session that made it."""

    turn: Turn
    session: date
    close: float
    level: float | None


def sessions_seen(decisions: Sequence[DecisionRow]) -> list[Session]:
    """Give each session once, in order; empty where the strategy looks at no index."""
    return seen_once(decisions, "index", "session", "close")


def turnings(sessions: Sequence[Session]) -> list[Turning]:
    """Find the sessions at which a breakout was confirmed, renewed at a higher level, or lost.

    Those before the first session seen are left out.
    """
    found: list[Turning] = []
    for before, now in pairwise(sessions):
        confirmed, lost = now.get("breakout_session"), now.get("loss_session")
        if lost and lost != before.get("loss_session"):
            found.append(_turning(Turn.LOST, lost, now, before.get("support")))
        if now.get("in_breakout") and confirmed and confirmed != before.get("breakout_session"):
            turn = Turn.RENEWED if before.get("in_breakout") else Turn.CONFIRMED
            found.append(_turning(turn, confirmed, now, now.get("support")))
    return found


def _turning(turn: Turn, session: str, seen: Session, level: float | None) -> Turning:
    return Turning(turn=turn, session=date.fromisoformat(session), close=seen["close"], level=level)
