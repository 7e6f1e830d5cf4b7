"""The rows of a record as values; their types say what each may hold, where one is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from engine.core.reading import Readings
from engine.record.forms import (
    Count,
    Day,
    NotNegative,
    Number,
    Positive,
    Return,
    Word,
)

EVIDENCE_SECTIONS = ("index", "macd")
HOLD_COLUMN = "hold_"
"""Begins the name of a benchmark's column in `equity.csv`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One line of `decisions.jsonl`.

    Attributes:
        state, next_state: before and after the decision.
        evidence: by section (`index`, `macd`, a strategy's own), as JSON values; None where it looks at neither.
        closes: of every asset held or targeted; empty in folders written before they were kept.
        cash: None there.
        marked_on: the day of the close of an asset that is held and has none of `day`.
        rules: what each rule said; empty in folders written before they were kept.
    """

    day: Day
    state: Word
    next_state: Word
    reason: Word
    evidence: Mapping[str, Mapping[str, Any] | None]
    targets: Mapping[str, NotNegative]
    closes: Mapping[str, Positive] = field(default_factory=dict)
    equity: NotNegative
    cash: NotNegative | None = None
    marked_on: Mapping[str, Day] = field(default_factory=dict)
    rules: Readings = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRow:
    """One round trip core -> basket -> core, from its entry day's close to its exit day's close; returns are fractions.

    Attributes:
        exit_day: None while it has not ended; it is counted up to the last day then.
        exit_reason: `open` while it has not ended.
    """

    rotation: Annotated[Count, Field(strict=False, ge=1)]
    entry_day: Day
    exit_day: Day | None = None
    exit_reason: Word = ""
    breakout_session: Day | None = None
    cross_week: Day | None = None
    weeks_held: NotNegative
    start_equity: Positive
    end_equity: NotNegative
    total_return: Annotated[Return, Field(validation_alias="return")]
    core_return: Return
    excess: Number
