"""What a rule is: parameters, the series it needs, what it observes of each day, and what it says of it.

A rule is a file in `strategies/rules/`. What it observes of day D was known at D's end; `read` is a function of that
and of where the rotation stands, so a rule remembers nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from engine.core.changes import Change, price_text
from engine.core.columns import Column
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading, Readings
from engine.core.strategy import Holdings, Parameters

FactsT = TypeVar("FactsT")
FactsT_co = TypeVar("FactsT_co", covariant=True)
ParamsT = TypeVar("ParamsT", bound="RuleParams")


class RuleParams(Parameters):
    """Base of a rule's parameters: the keys below its name in the configuration, each with a default or required."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The markets among which a rule is asked.

    Attributes:
        core: the asset whose days are the decision days; index: the one that is looked at.
        basket: weight by asset, adding up to 1.
    """

    core: str
    index: str
    basket: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the rotation stands before the decision; the days are None outside a rotation, and before the first exit.

    Attributes:
        entry_day: of the rotation in being; entry_session: the last one known then.
        exit_day: of the last rotation.
        holdings: what is held; within a rotation it tells the equity at its entry and the highest since.
    """

    entry_day: date | None = None
    entry_session: date | None = None
    exit_day: date | None = None
    holdings: Holdings


class ByDay(Protocol[FactsT_co]):
    """What a rule observed, revealed day by day."""

    def at(self, day: date) -> FactsT_co:
        """Give what is known at the end of a decision day, equal whatever came later."""
        ...


class Rule(Generic[ParamsT, FactsT]):
    """Base of every rule; `Params` and `needs` are its own, and it is built of its parameters.

    Attributes:
        needs: names of series that it needs beside the markets of its setting.
        members: of a group, the rules that it is made of.
    """

    Params: ClassVar[type[RuleParams]] = RuleParams
    needs: tuple[str, ...] = ()
    members: "tuple[Named, ...]" = ()

    def __init__(self, params: ParamsT, setting: Setting) -> None:
        self.params = params
        self.setting = setting

    @property
    def title(self) -> str:
        """What a person calls it; empty: its name."""
        return ""

    def observe(self, history: History) -> ByDay[FactsT]:
        """Observe every day of a history; row D uses what was known at D's end."""
        raise NotImplementedError

    def read(self, facts: FactsT, position: Position) -> Reading:
        """Say whether it holds on the day of the facts."""
        raise NotImplementedError

    def sentence(self, reading: Reading) -> str:
        """Put a reading into words."""
        return reading_words(reading)

    def told(self, name: str, observed: ByDay[FactsT], day: date, position: Position) -> Condition:
        """Explain one day, with parts where the rule has some; made only when somebody asks."""
        reading = self.read(observed.at(day), position)
        return condition_of(self.title or name, reading, self.sentence(reading))

    def changes(self, observed: ByDay[FactsT], day: date, position: Position, *, holds: bool) -> Iterable[Change]:  # noqa: ARG002
        """Propose changes of closes and parameters with which the rule would hold, or would not; each is tried."""
        return ()

    def unmoved(self, observed: ByDay[FactsT], day: date, position: Position) -> str:  # noqa: ARG002
        """Say why no change of closes or parameters makes it otherwise; empty where one might."""
        return ""


AnyRule: TypeAlias = Rule[Any, Any]
"""A rule found by name; its parameters and facts pass through unread."""


class System(Rule[ParamsT, Reading]):
    """A rule that knows nothing of the rotation: what it observes are its readings. It may confirm an entry."""

    def observe(self, history: History) -> Column:
        """Make its column."""
        raise NotImplementedError

    def read(self, facts: Reading, position: Position) -> Reading:  # noqa: ARG002
        """Give the day's row."""
        return facts


class Exit(Rule[ParamsT, FactsT]):
    """A rule that ends a rotation when it holds; its name is the reason on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A rule under the name that the record has for it."""

    name: str
    rule: AnyRule


class Rules:
    """Rules that are asked together, those within groups too, each under a name of its own.

    Attributes:
        named: all of them in the order of the configuration, what is in a group behind it; a second one of a name is
            `name#2`.
        outer: the names of those that are in no group.
    """

    def __init__(self, rules: Iterable[Named]) -> None:
        flat = [(each, depth) for rule in rules for depth, each in _with_members(rule)]
        counts: dict[str, int] = {}
        named: list[Named] = []
        for each, _ in flat:
            counts[each.name] = counts.get(each.name, 0) + 1
            number = counts[each.name]
            named.append(each if number == 1 else Named(name=f"{each.name}#{number}", rule=each.rule))
        self.named: tuple[Named, ...] = tuple(named)
        self.outer = tuple(each.name for each, (_, depth) in zip(named, flat, strict=True) if not depth)

    def __iter__(self) -> Iterator[Named]:
        return iter(self.named)

    @property
    def needs(self) -> tuple[str, ...]:
        """The series that they need."""
        return tuple(dict.fromkeys(name for each in self.named for name in each.rule.needs))

    def observe(self, history: History) -> tuple[ByDay[Any], ...]:
        """Observe every rule, in order; what is in a group is observed once, with it."""
        outer = (each.rule for each in self.named if each.name in self.outer)
        return tuple(each for rule in outer for each in _with_parts(rule.observe(history)))

    def read(self, facts: Sequence[Any], position: Position) -> dict[str, Reading]:
        """Read all of them, in order."""
        return {each.name: each.rule.read(known, position) for each, known in zip(self.named, facts, strict=True)}

    def all_hold(self, readings: Readings) -> bool:
        """Tell whether every one that is in no group holds."""
        return all(readings[name].holds for name in self.outer)


def condition_of(name: str, reading: Reading, sentence: str) -> Condition:
    """Make a condition of a reading."""
    return Condition(
        name=name,
        holds=reading.holds,
        sentence=sentence,
        value=reading.value,
        threshold=reading.threshold,
        distance=reading.distance,
        unit="",
    )


def reading_words(reading: Reading) -> str:
    """Say what a reading says, whatever rule it is of."""
    if reading.holds is None:
        return f"not known: {reading.reason}"
    words = "holds" if reading.holds else "does not hold"
    if reading.value is not None:
        words += f": {price_text(reading.value)}"
        if reading.threshold is not None:
            words += f", where {price_text(reading.threshold)} decides"
    since = "" if reading.since is None else f", since {reading.since}"
    return f"{words}{since}{f'; {reading.reason}' if reading.reason else ''}"


def _with_members(named: Named, depth: int = 0) -> Iterator[tuple[int, Named]]:
    yield depth, named
    for member in named.rule.members:
        yield from _with_members(member, depth + 1)


def _with_parts(observed: ByDay[Any]) -> Iterator[ByDay[Any]]:
    yield observed
    for part in getattr(observed, "parts", ()):
        yield from _with_parts(part)
