"""What the page of a run without a journal shows: its record, read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.core.order import Fill
from engine.core.out_of_position import OutOfPosition
from engine.core.performance import without_few_days
from engine.dashboard.live import MOST_FILLS, Curve, curve_of
from engine.dashboard.signals import Signal, signals_of
from engine.dashboard.thesis import board_of
from engine.record.context_record import run_context
from engine.record.record_rows import DecisionRow, RotationRow
from engine.record.review.facts import rotates, trips_of
from engine.record.review.holdings import last_change_of
from engine.record.review.positions import out_of_position_of
from engine.record.review.round_trips import RoundTrip
from engine.record.run_record import RunRecord
from engine.record.study_verdicts import study_of_run
from engine.report.figures import few_days_words

MOST_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """All that the page of a finished run shows.

    Attributes:
        decision: the last one; state_since: the day whose decision led to its state.
        rounds_title: what the rounds are called: rotations, or round trips of a strategy without them.
        fills, rounds: the last ones, the newest first, and how many there were.
        notes: what a reader must be told; out_of_position: coins that could not be brought to their targets;
            few_days: which figures are left out for want of days.
        board: what the run saw of the thesis, as a part of a page; empty where it computed nothing of it.
        may_have_board: whether it is of a strategy whose thesis has one.
    """

    summary: Mapping[str, Any]
    decision: DecisionRow | None
    state_since: date | None
    signals: tuple[Signal, ...]
    fills: tuple[Fill, ...]
    fill_count: int
    rounds_title: str
    rounds: tuple[RotationRow | RoundTrip, ...]
    round_count: int
    curve: Curve | None
    notes: tuple[str, ...]
    out_of_position: tuple[OutOfPosition, ...]
    few_days: str
    board: str
    may_have_board: bool


def record_state(record: RunRecord) -> RecordState:
    """Choose what is shown of a record."""
    decision = record.decisions[-1] if record.decisions else None
    change = last_change_of(record.decisions)
    fills = record.own_fills
    rounds: Sequence[RotationRow | RoundTrip] = record.rotations if rotates(record) else trips_of(record)
    notes = record.summary.get("notes")
    return RecordState(
        summary=without_few_days(record.summary, len(record.decisions)),
        few_days=few_days_words(len(record.decisions)) if record.decisions else "",
        decision=decision,
        state_since=None if change is None else change.day,
        signals=() if decision is None else signals_of(decision.rules, decision.evidence),
        fills=tuple(reversed(fills[-MOST_FILLS:])),
        fill_count=len(fills),
        rounds_title="Rotations" if rotates(record) else "Round trips",
        rounds=tuple(reversed(rounds[-MOST_ROUNDS:])),
        round_count=len(rounds),
        curve=curve_of([(row.day, row.equity) for row in record.decisions]),
        notes=tuple(map(str, notes)) if isinstance(notes, list) else (),
        out_of_position=out_of_position_of(record),
        board=board_of(run_context(record.events), record.folder.parent, study=study_of_run(record)),
        may_have_board=rotates(record),
    )
