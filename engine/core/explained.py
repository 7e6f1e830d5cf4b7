"""What an explanation comes to: a day's rules with the changes that were tried, or the counts of a span."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.core.changes import Change
from engine.core.explanation import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A change that was applied and flipped the decision, while half of it did not.

    Attributes:
        reason, next_state: of the decision that comes with it.
        since: the first day that would have been decided otherwise with these closes; None for parameters, which would
            have changed any day.
    """

    change: Change
    reason: str
    next_state: str
    since: date | None


@dataclass(frozen=True, kw_only=True)
class ExplainedDay:
    """Why one day was decided as it was.

    Attributes:
        tree: the rules, true or false.
        flips: verified changes, the smallest first.
        otherwise: why there is none; empty where there is one.
        booked: what was booked at its close before it was decided, in sentences.
        note: where the record and today's bars disagree; empty where they do not.
    """

    name: str
    day: date
    state: str
    next_state: str
    reason: str
    tree: Condition
    flips: Sequence[Flip]
    otherwise: str
    note: str
    synthetic: bool
    booked: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """What kept a strategy from trading over a span.

    Attributes:
        days: decision days in the span; waiting: those on which it waited for an entry that did not come.
        entries: days in the span on which it did come.
        killed: those on which the kill switch held, whatever else was so.
        alone: by condition, the days on which it alone was missing, by cause.
        among: by condition, the days on which it was missing together with others.
        several: days on which more than one was missing.
    """

    name: str
    first_day: date
    last_day: date
    days: int
    waiting: int
    entries: int
    alone: Mapping[str, Mapping[str, int]]
    among: Mapping[str, int]
    several: int
    synthetic: bool
    killed: int = 0
