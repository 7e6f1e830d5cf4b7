"""The thesis as it stands: every system that a strategy looks at, by decision day, whether it decides by it or not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.columns import Column, unknown
from engine.core.context_rows import NO_PHASE, Board, PhaseWeek, SystemFacts, SystemRead
from engine.core.errors import DataError
from engine.core.events import ContextSeen, DayDecided, Event, RunEnded
from engine.core.market import BarSeries, Floats, History
from engine.core.rule import AnyRule, Named, System
from engine.core.thesis import Group

GROUPS = [group.value for group in Group]


@runtime_checkable
class OffersSystems(Protocol):
    """What a strategy offers whose thesis has systems."""

    def used_systems(self) -> Sequence[Named]:
        """Give those that it decides by, within groups too, each under the name that its decisions have for it."""
        ...

    def thesis_systems(self) -> Sequence[Named]:
        """Give those of its thesis, at their defaults."""
        ...


class PhasesOverTime(Protocol):
    """The phases of complete weeks, arrays of shape (weeks,); the scores of shape (weeks, phases)."""

    @property
    def sundays(self) -> Ordinals:
        """Ordinals of the weeks' Sundays."""
        ...

    @property
    def scores(self) -> Floats:
        """By week and phase; NaN where one is missing."""
        ...

    @property
    def leader(self) -> NDArray[np.int64]:
        """The phase of the highest score; 0 in a week that is not known."""
        ...

    @property
    def phase(self) -> NDArray[np.int64]:
        """The phase that stands; 0 before the first."""
        ...


@runtime_checkable
class TellsPhases(Protocol):
    """A system whose value is a phase.

    Attributes:
        phase_names: of the phases, the first one first.
    """

    phase_names: tuple[str, ...]

    def over_time(self, history: History) -> PhasesOverTime:
        """Give the phases of all complete weeks, with their scores."""
        ...


@dataclass(frozen=True, kw_only=True)
class SeenSystem:
    """A system with what it says on every decision day."""

    facts: SystemFacts
    rule: System[Any]
    column: Column

    def on(self, day: date) -> SystemRead:
        """Give what it says on a decision day.

        Raises:
            KeyError: the day has no bar of the core.
        """
        reading = self.column.at(day)
        return SystemRead(
            name=self.facts.name,
            holds=reading.holds,
            value=reading.value,
            threshold=reading.threshold,
            distance=reading.distance,
            since=reading.since,
            reason=reading.reason,
            sentence=self.rule.sentence(reading),
        )

    def states(self, first: date, last: date, *, all_days: bool = False) -> Iterator[tuple[date, SystemRead]]:
        """Give the state of the first decision day of a span, and of each day on which it is another.

        Args:
            all_days: of each day.
        """
        ordinals = self.column.days.ordinals
        begin, end = np.searchsorted(ordinals, (first.toordinal(), last.toordinal() + 1)).tolist()
        for row in range(begin, end):
            if all_days or row in (begin, self.column.began[row]):
                known, value = bool(self.column.known[row]), float(self.column.value[row])
                read = SystemRead(
                    name=self.facts.name,
                    holds=bool(self.column.holds[row]) if known else None,
                    value=value if known and value == value else None,  # noqa: PLR0124 - NaN is not itself
                )
                yield date.fromordinal(int(ordinals[row])), read


@dataclass(frozen=True, kw_only=True)
class Context:
    """All systems that are looked at, in the order in which they are shown.

    Attributes:
        core: bars of the core; their days are the decision days.
        phases: None where no system tells them, or they cannot be told; phase_names: as of the system that does.
    """

    core: BarSeries
    systems: Sequence[SeenSystem]
    phases: PhasesOverTime | None = None
    phase_names: tuple[str, ...] = ()

    def on(self, day: date) -> Board:
        """Give the board of a decision day.

        Raises:
            KeyError: the day has no bar of the core.
        """
        weeks = self.phase_weeks(day, day)
        return Board(
            day=day,
            facts=tuple(each.facts for each in self.systems),
            reads=tuple(each.on(day) for each in self.systems),
            phase=weeks[-1] if weeks and day - weeks[-1].sunday < timedelta(days=DAYS_A_WEEK) else None,
            phase_names=self.phase_names,
        )

    def phase_weeks(self, first: date, last: date) -> tuple[PhaseWeek, ...]:
        """Give the weeks that became complete in a span, and the last one before it; from the first known one on."""
        if self.phases is None:
            return ()
        phases, ends = self.phases, (first.toordinal(), last.toordinal())
        begin = max(int(np.searchsorted(phases.sundays, ends[0], side="right")) - 1, 0)
        end = int(np.searchsorted(phases.sundays, ends[1], side="right"))
        weeks = (phase_week(phases, row) for row in range(begin, end))
        return tuple(week for week in weeks if week.phase != NO_PHASE or any(s is not None for s in week.scores))


def phase_week(phases: PhasesOverTime, row: int) -> PhaseWeek:
    """Give one week of the phases."""
    scores = (float(score) for score in phases.scores[row])
    return PhaseWeek(
        sunday=date.fromordinal(int(phases.sundays[row])),
        phase=int(phases.phase[row]),
        leader=int(phases.leader[row]),
        scores=tuple(round(score, 10) if score == score else None for score in scores),  # noqa: PLR0124
    )


def systems_of(strategy: OffersSystems, *, every: bool) -> tuple[Named, ...]:
    """Give the systems that are looked at: those that a strategy decides by, and with `every` those of its thesis.

    A system of the thesis that is decided by, with the same parameters, is there once. Those that are decided by are
    named as decisions name them; another one of the name, at its defaults, is `name#2`.
    """
    used = {each.name: each for each in strategy.used_systems()}
    if not every:
        return tuple(used.values())
    shown = dict(used)
    for each in strategy.thesis_systems():
        if not any(_is_same(each, other) for other in used.values()):
            shown |= _numbered(each, shown)
    return tuple(sorted(shown.values(), key=_place))


def used_rules(strategy: object) -> list[AnyRule]:
    """Give the systems that a strategy decides by; none of one without a thesis."""
    return [each.rule for each in strategy.used_systems()] if isinstance(strategy, OffersSystems) else []


def needs_of(systems: Sequence[Named]) -> tuple[str, ...]:
    """Give the names of the series that systems need."""
    return tuple(dict.fromkeys(name for each in systems for name in each.rule.needs))


def context_of(systems: Sequence[Named], used: Sequence[AnyRule], history: History, core: BarSeries) -> Context:
    """Have systems observe a history; one that cannot is unknown on every day, with the reason."""
    seen = [
        SeenSystem(
            facts=facts_of(each, is_used=any(each.rule is rule for rule in used)),
            rule=each.rule,
            column=_observed(each, history, core),
        )
        for each in systems
        if isinstance(each.rule, System)
    ]
    # With other parameters it is one more system; the phase of the board is that of the defaults, where both are there.
    telling = [each for each in seen if isinstance(each.rule, TellsPhases)]
    chosen = min(telling, key=lambda each: bool(each.facts.parameters), default=None)
    if chosen is None or not isinstance(chosen.rule, TellsPhases):
        return Context(core=core, systems=seen)
    return Context(
        core=core, systems=seen, phases=_phases(chosen.rule, history), phase_names=tuple(chosen.rule.phase_names)
    )


def facts_of(named: Named, *, is_used: bool) -> SystemFacts:
    """Say what a system is."""
    rule = named.rule
    if not isinstance(rule, System):
        raise TypeError(f"{named.name} is no system")
    fields, plain = rule.Params.model_fields, rule.params.model_dump(mode="json")
    other = {
        key: plain[key]
        for key, field in fields.items()
        if field.is_required() or getattr(rule.params, key) != field.get_default(call_default_factory=True)
    }
    return SystemFacts(
        name=named.name,
        group=str(rule.group),
        rows=tuple(rule.rows),
        caution=rule.caution,
        remark=rule.remark,
        parameters=", ".join(f"{key}: {value}" for key, value in other.items()),
        used=is_used,
    )


def seen_over(context: Context, days: Sequence[date]) -> Mapping[date, ContextSeen]:
    """Give what a run of so many decision days has on record: the first board, each change of state, the last board.

    Args:
        days: ascending, not empty.
    """
    first, last = days[0], days[-1]
    changed: dict[date, list[SystemRead]] = {}
    for system in context.systems:
        for day, read in system.states(first, last):
            changed.setdefault(day, []).append(read)
    seen = {day: ContextSeen(day=day, reads=tuple(changed[day])) for day in days if day in changed}
    board = context.on(last)
    # The weeks of the whole span stand with the last board, as do the facts.
    seen[last] = ContextSeen(
        day=last,
        reads=board.reads,
        whole=True,
        facts=board.facts,
        phases=context.phase_weeks(first, last),
        phase_names=board.phase_names,
    )
    return seen


def interleaved(events: Iterable[Event], seen: Mapping[date, ContextSeen]) -> Iterator[Event]:
    """Give the events of a run with what was seen on each day behind all that its decision led to."""
    waiting: ContextSeen | None = None
    for event in events:
        if isinstance(event, DayDecided | RunEnded) and waiting is not None:
            yield waiting
            waiting = None
        if isinstance(event, DayDecided):
            waiting = seen.get(event.day)
        yield event
    if waiting is not None:
        yield waiting


def _observed(named: Named, history: History, core: BarSeries) -> Column:
    try:
        column: Column = named.rule.observe(history)
    except DataError as error:
        return unknown(core, reason=str(error))
    return column


def _phases(telling: TellsPhases, history: History) -> PhasesOverTime | None:
    try:
        return telling.over_time(history)
    except DataError:
        return None


def _numbered(each: Named, taken: Mapping[str, Named]) -> dict[str, Named]:
    """Give a system under its name, or with the next number where that is taken."""
    numbered = (each.name, *(f"{each.name.partition('#')[0]}#{number}" for number in range(2, len(taken) + 3)))
    name = next(name for name in numbered if name not in taken)
    return {name: Named(name=name, rule=each.rule)}


def _is_same(one: Named, other: Named) -> bool:
    return type(one.rule) is type(other.rule) and one.rule.params == other.rule.params


def _place(named: Named) -> tuple[int, tuple[tuple[int, str], ...], str]:
    """Give what systems are ordered by: the group, then the row of the thesis."""
    group, rows = getattr(named.rule, "group", ""), getattr(named.rule, "rows", ())
    place = GROUPS.index(group) if group in GROUPS else len(GROUPS)
    parts = rows[0].split("-") if rows else ()
    return place, tuple((int(part), "") if part.isdigit() else (0, part) for part in parts), named.name
