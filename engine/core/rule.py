"""What a rule is: parameters, the series it needs, what it observes of each day, and what it says of it.

A rule is a file in `strategies/rules/`. What it observes of day D was known at D's end; `read` is a function of that
and of where the rotation stands, so a rule remembers nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from engine.core.changes import Change, price_text
from engine.core.chart import Chart, OnRecord
from engine.core.columns import Column, Sign, distance_of, is_met, rounded_value
from engine.core.explanation import Condition
from engine.core.market import History
from engine.core.reading import Reading, Readings
from engine.core.rotation_equity import RotationEquity
from engine.core.strategy import Holdings, Parameters

FactsT = TypeVar("FactsT")
FactsT_co = TypeVar("FactsT_co", covariant=True)
ObservedT = TypeVar("ObservedT", bound="ByDay[Any]")
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


class Position(NamedTuple):
    """Where the rotation stands before the decision; the days are None outside a rotation, and before the first exit.

    Attributes:
        day: that is decided.
        entry_day: of the rotation in being; entry_session: the last one known then.
        exit_day: of the last rotation; left_by: the exit that ended it, where the strategy remembers that.
        holdings: what is held; within a rotation it tells the equity at its entry and the highest since.
    """

    day: date
    holdings: Holdings
    entry_day: date | None = None
    entry_session: date | None = None
    exit_day: date | None = None
    left_by: str = ""

    @property
    def entered(self) -> tuple[date, date]:
        """The entry day and the last session known then.

        Raises:
            ValueError: there is no rotation.
        """
        if self.entry_day is None or self.entry_session is None:
            raise ValueError("a rotation without an entry day")
        return self.entry_day, self.entry_session

    @property
    def rotation(self) -> RotationEquity:
        """The equity of the rotation in being: at its entry, the highest since, and now.

        Raises:
            ValueError: there is no rotation.
        """
        if self.holdings.rotation is None:
            raise ValueError("a rotation without an equity")
        return self.holdings.rotation


class ByDay(Protocol[FactsT_co]):
    """What a rule observed, revealed day by day."""

    def at(self, day: date) -> FactsT_co:
        """Give what is known at the end of a decision day, equal whatever came later."""
        ...


@dataclass(frozen=True, slots=True)
class EveryDay:
    """Nothing observed but which day it is."""

    def at(self, day: date) -> date:
        """Give the day itself."""
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCase(Generic[ObservedT]):
    """One rule asked on one day, with all that its reading was made of."""

    day: date
    observed: ObservedT
    position: Position
    reading: Reading


class Rule(Generic[ParamsT, FactsT, ObservedT]):
    """Base of every rule; `Params` and `needs` are its own, and it is built of its parameters.

    Attributes:
        needs: names of series that it needs beside the markets of its setting.
        members: of a group, the rules that it is made of.
        is_drawn: whether the report has a chart of its value, unless `chart` says otherwise.
    """

    Params: ClassVar[type[RuleParams]] = RuleParams
    is_drawn: ClassVar[bool] = True
    needs: tuple[str, ...] = ()
    members: "tuple[Named, ...]" = ()

    def __init__(self, params: ParamsT, setting: Setting) -> None:
        self.params = params
        self.setting = setting

    @property
    def title(self) -> str:
        """What a person calls it; empty: its name."""
        return ""

    def observe(self, history: History) -> ObservedT:
        """Observe every day of a history; row D uses what was known at D's end."""
        raise NotImplementedError

    def read(self, facts: FactsT, position: Position) -> Reading:
        """Say whether it holds on the day of the facts."""
        raise NotImplementedError

    def looks_at(self, position: Position) -> object:
        """Give what of the position it looks at: while that and the facts stay, its reading does."""
        return position

    def sentence(self, reading: Reading) -> str:
        """Put a reading into words; asked only where somebody reads them."""
        return reading_words(reading)

    def details(self, case: RuleCase[ObservedT]) -> tuple[str, tuple[Condition, ...]]:
        """Put a day's reading into words, with what it is made of."""
        return self.sentence(case.reading), ()

    def changes(self, case: RuleCase[ObservedT], *, holds: bool) -> Iterable[Change]:
        """Propose changes of closes and parameters with which the rule would hold, or would not; each is tried."""
        return ()

    def unmoved(self, case: RuleCase[ObservedT]) -> str:
        """Say why no change of closes or parameters makes it otherwise; empty where one might."""
        return ""

    def chart(self, past: OnRecord) -> Chart | None:
        """Give what the report draws of it: its value against its threshold; None for nothing."""
        return past.value_chart(self.title or past.name.replace("_", " ")) if self.is_drawn else None


AnyRule: TypeAlias = Rule[Any, Any, Any]
"""A rule found by name; its parameters and facts pass through unread."""


class System(Rule[ParamsT, Reading, Column]):
    """A rule that knows nothing of the rotation: what it observes are its readings. It may confirm an entry.

    Attributes:
        rows: of the thesis that it makes measurable; group: under which it is shown.
        caution: whether it is a warning: to confirm an entry it stands behind `not`.
        remark: what has to be said wherever it is shown; empty where there is nothing.
    """

    rows: ClassVar[tuple[str, ...]] = ()
    group: ClassVar[str] = ""
    caution: ClassVar[bool] = False
    remark: ClassVar[str] = ""

    def read(self, facts: Reading, position: Position) -> Reading:
        """Give the day's row."""
        return facts

    def looks_at(self, position: Position) -> object:
        """Give nothing."""
        return None


class Exit(Rule[ParamsT, FactsT, ObservedT]):
    """A rule that ends a rotation when it holds; its name is the reason on record. It is asked from the day after.

    Attributes:
        may_repeat: whether it may be listed more than once.
    """

    may_repeat: ClassVar[bool] = False

    def observe(self, history: History) -> ObservedT:
        """Observe nothing but the day, where an exit looks at what is held alone."""
        return cast("ObservedT", EveryDay())

    def compared(self, value: float, sign: Sign, threshold: float, position: Position) -> Reading:
        """Make a reading of a value that is compared with a threshold, after rounding."""
        value = rounded_value(value)
        return self.reading(
            holds=is_met(value, sign, threshold), value=value, threshold=threshold, sign=sign, position=position
        )

    def reading(self, *, holds: bool, value: float, threshold: float | None, sign: Sign, position: Position) -> Reading:
        """Make a reading. What holds ends the rotation: it is the first day that does, and none before did."""
        entry_day, _ = position.entered
        return Reading(
            holds=holds,
            value=value,
            threshold=threshold,
            distance=distance_of(value, threshold, sign),
            since=position.day if holds else entry_day + timedelta(days=1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A rule under the name that the record has for it."""

    name: str
    rule: AnyRule


class Rules:
    """Rules that are asked together, those within groups too, each under a name of its own.

    Args:
        after: rules whose names are counted before these.

    Attributes:
        counts: how many there are of each name, those before included.
        named: all of them in the order of the configuration, what is in a group behind it; a second one of a name is
            `name#2`.
        outer: the names of those that are in no group.
    """

    def __init__(self, rules: Iterable[Named], *, after: "Rules | None" = None) -> None:
        flat = [(each, depth) for rule in rules for depth, each in _with_members(rule)]
        counts: dict[str, int] = {} if after is None else dict(after.counts)
        named: list[Named] = []
        for each, _ in flat:
            counts[each.name] = counts.get(each.name, 0) + 1
            number = counts[each.name]
            named.append(each if number == 1 else Named(name=f"{each.name}#{number}", rule=each.rule))
        self.counts: Mapping[str, int] = counts
        self.named: tuple[Named, ...] = tuple(named)
        # Most days say of most rules what the day before did.
        self._last: dict[str, tuple[object, object, Reading]] = {}
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
        readings: dict[str, Reading] = {}
        for each, known in zip(self.named, facts, strict=True):
            before, of = self._last.get(each.name), each.rule.looks_at(position)
            if before is None or before[0] is not known or before[1] != of:
                before = self._last[each.name] = known, of, each.rule.read(known, position)
            readings[each.name] = before[2]
        return readings

    def with_observed(self, observed: Sequence[ByDay[Any]]) -> tuple[tuple[Named, ByDay[Any]], ...]:
        """Give those that are in no group, each with what it observed."""
        pairs = zip(self.named, observed, strict=True)
        return tuple((each, seen) for each, seen in pairs if each.name in self.outer)

    def all_hold(self, readings: Readings) -> bool:
        """Tell whether every one that is in no group holds."""
        return all(readings[name].holds for name in self.outer)


def rule_case(named: Named, observed: ByDay[Any], day: date, position: Position) -> RuleCase[Any]:
    """Ask one rule on one day."""
    reading = named.rule.read(observed.at(day), position)
    return RuleCase(day=day, observed=observed, position=position, reading=reading)


def told(named: Named, case: RuleCase[Any]) -> Condition:
    """Explain one rule on one day; made only when somebody asks."""
    reading, (sentence, parts) = case.reading, named.rule.details(case)
    return Condition(
        name=named.rule.title or named.name,
        holds=reading.holds,
        sentence=sentence,
        value=reading.value,
        threshold=reading.threshold,
        distance=reading.distance,
        unit="",
        parts=parts,
    )


def reading_words(reading: Reading) -> str:
    """Say what a reading says, whatever rule it is of; the sign beside it says whether it holds."""
    if reading.holds is None:
        return f"not known: {reading.reason}"
    holds = "holds" if reading.holds else "does not hold"
    words = holds if reading.value is None else price_text(reading.value)
    against = "" if reading.threshold is None else f" against {price_text(reading.threshold)}"
    since = "" if reading.since is None else f", since {reading.since}"
    return f"{words}{against}{since}{f'; {reading.reason}' if reading.reason else ''}"


def _with_members(named: Named, depth: int = 0) -> Iterator[tuple[int, Named]]:
    yield depth, named
    for member in named.rule.members:
        yield from _with_members(member, depth + 1)


def _with_parts(observed: ByDay[Any]) -> Iterator[ByDay[Any]]:
    yield observed
    for part in getattr(observed, "parts", ()):
        yield from _with_parts(part)
