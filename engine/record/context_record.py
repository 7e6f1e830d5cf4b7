"""What a run saw of the thesis, folded from its events: the last board, states by day, the phases of its weeks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.core.context_rows import Board, PhaseWeek, SystemFacts
from engine.core.events import ContextSeen, Event


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """The thesis over a run.

    Attributes:
        board: the last one.
        changes: by system, the days on which its state became another, the first day among them, each with the state.
        first_day, last_day: on which something was seen.
        weeks: of the phases, in order.
    """

    board: Board
    changes: Mapping[str, Sequence[tuple[date, str]]]
    first_day: date
    last_day: date
    weeks: tuple[PhaseWeek, ...]


class ContextFold:
    """Takes the events of a run as they come."""

    def __init__(self) -> None:
        self._facts: dict[str, SystemFacts] = {}
        self._changes: dict[str, list[tuple[date, str]]] = {}
        self._weeks: dict[date, PhaseWeek] = {}
        self._names: tuple[str, ...] = ()
        self._first: date | None = None
        self._last: ContextSeen | None = None

    def take(self, event: Event) -> None:
        """Take one event more."""
        if not isinstance(event, ContextSeen):
            return
        self._first = self._first or event.day
        self._facts |= {facts.name: facts for facts in event.facts}
        self._weeks |= {week.sunday: week for week in event.phases}
        self._names = event.phase_names or self._names
        for read in event.reads:
            changes = self._changes.setdefault(read.name, [])
            if not changes or changes[-1][1] != read.state:
                changes.append((event.day, read.state))
        if event.whole:
            self._last = event

    def context(self) -> RunContext | None:
        """Give what was seen; None where nothing was."""
        if self._last is None or self._first is None:
            return None
        last = self._last
        weeks = tuple(self._weeks[sunday] for sunday in sorted(self._weeks))
        board = Board(
            day=last.day,
            facts=tuple(self._facts.get(read.name, SystemFacts(name=read.name)) for read in last.reads),
            reads=last.reads,
            phase=weeks[-1] if weeks else None,
            phase_names=self._names,
        )
        changes = {read.name: tuple(self._changes[read.name]) for read in last.reads}
        return RunContext(board=board, changes=changes, first_day=self._first, last_day=last.day, weeks=weeks)


def run_context(events: Iterable[Event]) -> RunContext | None:
    """Give what a run saw of the thesis; None where it computed no system."""
    fold = ContextFold()
    for event in events:
        fold.take(event)
    return fold.context()


def spans(context: RunContext, name: str) -> list[tuple[date, date, str]]:
    """Give the unbroken rows of a system's states: first day, last day, state."""
    changes = context.changes[name]
    ends = [day for day, _ in changes[1:]]
    found = [(begin, end, state) for (begin, state), end in zip(changes, [*ends, context.last_day], strict=True)]
    # A row ends on the day before the next one begins; the last one on the last day.
    return [
        (begin, end if place == len(found) - 1 else date.fromordinal(end.toordinal() - 1), state)
        for place, (begin, end, state) in enumerate(found)
    ]
