"""What the systems of the thesis say, as plain values that a record keeps: what each is, what it reads, the phases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

NO_PHASE = 0
STATES = {True: "lit", False: "unlit", None: "unknown"}
"""Of a system on a day, as files and boards name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFacts:
    """What a system is, on whatever day.

    Attributes:
        name: as the rules of a decision name it, a second one of a name `name#2`.
        group: under which it is shown; rows: of the thesis that it makes measurable.
        caution: whether lit is a warning.
        remark: what has to be said wherever it is shown.
        parameters: by key, those that are not the defaults, in words.
        used: whether the strategy decides by it.
    """

    name: str
    group: str = ""
    rows: tuple[str, ...] = ()
    caution: bool = False
    remark: str = ""
    parameters: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRead:
    """What a system said on a day; of a mere change of state name, `holds` and value alone.

    Attributes:
        holds: None where that is not known, for the `reason` given.
        value, threshold, distance, since, reason: as of a reading.
        sentence: it in words.
    """

    name: str
    holds: bool | None = None
    value: float | None = None
    threshold: float | None = None
    distance: float | None = None
    since: date | None = None
    reason: str = ""
    sentence: str = ""

    @property
    def state(self) -> str:
        """Lit, unlit or unknown."""
        return STATES[self.holds]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseWeek:
    """The phase at the end of a complete week.

    Attributes:
        sunday: the week's last day.
        phase: the phase that stands; `NO_PHASE` before the first.
        leader: the phase of the highest score; `NO_PHASE` in a week in which a score is missing, which is not known.
        scores: by phase, the first one first; None where one is missing.
    """

    sunday: date
    phase: int = NO_PHASE
    leader: int = NO_PHASE
    scores: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The thesis as it stands on a day.

    Attributes:
        facts, reads: of each system, in the order in which they are shown.
        phase: the last complete week's; None where nobody tells phases.
        phase_names: the first phase's first.
    """

    day: date
    facts: tuple[SystemFacts, ...]
    reads: tuple[SystemRead, ...]
    phase: PhaseWeek | None = None
    phase_names: tuple[str, ...] = ()


def transitions(weeks: Sequence[PhaseWeek]) -> tuple[tuple[int, ...], ...]:
    """Count how often a known week of one phase (row) was followed by one of another (column), or the same."""
    known = [week.phase for week in weeks if week.leader != NO_PHASE]
    size = max((len(week.scores) for week in weeks), default=0)
    counts = [[0] * size for _ in range(size)]
    for before, after in pairwise(known):
        counts[before - 1][after - 1] += 1
    return tuple(tuple(row) for row in counts)
