"""Explains a strategy that is made of rules, by the rules that it asks: what it decides by is what is shown."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from engine.core.changes import Change, together
from engine.core.explanation import Case, Condition, rule
from engine.core.rule import AnyRule, ByDay, Named, Position, rule_case, told

FIXES_A_CONDITION = 6
"""Of each condition, so many of the smallest changes are combined with those of the others."""
AnyCase: TypeAlias = Case[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Rules that are asked together, and what follows when they hold.

    Attributes:
        name: of what follows, in words.
        rules: each with what it observed, in the order in which they are asked.
        needs: whether all must hold, any, or none.
        awaited: whether it is the entry that the strategy waits for.
    """

    name: str
    rules: Sequence[tuple[Named, ByDay[Any]]]
    needs: Literal["all", "any", "none"]
    awaited: bool = False


@runtime_checkable
class MadeOfRules(Protocol):
    """What a strategy offers that is made of rules."""

    def asked(self, case: AnyCase) -> Sequence[Asked]:
        """Give what its state asks on a day, in order; empty on its first."""
        ...

    def position(self, case: AnyCase) -> Position:
        """Give where it stands before the decision."""
        ...

    def without(self, names: Collection[str]) -> Change | None:
        """Give the change of parameters with which rules would not be asked; None where they always are."""
        ...


@runtime_checkable
class DrawsRules(Protocol):
    """What a strategy offers whose rules the report draws."""

    def drawn(self) -> Mapping[str, AnyRule]:
        """Give its rules by the names that its decisions have for them, in the order of their charts."""
        ...


class RulesExplainer:
    """Explains the decisions of one strategy."""

    def __init__(self, strategy: MadeOfRules) -> None:
        self._strategy = strategy

    def tree(self, case: AnyCase) -> Condition:
        """Give the rules that were looked at, true or false; the root holds on days that trade."""
        asked = [self._condition(each, case) for each in self._strategy.asked(case)]
        if not asked:
            return Condition(name="first decision day", holds=True, sentence=_FIRST_DAY)
        return asked[0] if len(asked) == 1 else rule("trade", asked, needs="any")

    def awaited(self, case: AnyCase) -> Condition | None:
        """Give the entry rules; None while no entry is waited for."""
        entry = next((each for each in self._strategy.asked(case) if each.awaited), None)
        return None if entry is None else self._condition(entry, case)

    def proposals(self, case: AnyCase) -> Iterable[Change]:
        """Propose what would have prevented what was decided, or brought about what was not, the smallest first."""
        return sorted(self._proposed(case), key=lambda change: change.size)

    def otherwise(self, case: AnyCase) -> str:
        """Say what stands in the way whatever prices are."""
        asked, position = self._strategy.asked(case), self._strategy.position(case)
        if not asked:
            return _FIRST_DAY
        fired = next((each for each in asked if self._condition(each, case).holds), None)
        if not (fired or asked[0]).rules:
            return f"nothing is configured to {asked[0].name}"
        cases = [(each.rule, rule_case(each, seen, case.day, position)) for each, seen in (fired or asked[0]).rules]
        # Those that would have to be otherwise.
        reasons = [rule.unmoved(of) for rule, of in cases if (of.reading.holds is True) is (fired is not None)]
        if fired is None and asked[0].needs == "any" and all(reasons):
            return f"{', or '.join(reasons)}; none has come"
        return next(filter(None, reasons), _NOTHING_FOUND)

    def _condition(self, asked: Asked, case: AnyCase) -> Condition:
        position = self._strategy.position(case)
        parts = [told(each, rule_case(each, seen, case.day, position)) for each, seen in asked.rules]
        return rule(asked.name, parts, needs=asked.needs)

    def _proposed(self, case: AnyCase) -> Iterator[Change]:
        asked = self._strategy.asked(case)
        fired = next((each for each in asked if self._condition(each, case).holds), None)
        if fired is not None:
            yield from self._turned(fired, case, holds=False)
        else:
            for each in asked:
                yield from self._turned(each, case, holds=True)

    def _turned(self, asked: Asked, case: AnyCase, *, holds: bool) -> Iterator[Change]:
        """Propose what makes rules that are asked together hold, or not."""
        position, inverted = self._strategy.position(case), asked.needs == "none"
        wanted = holds is not inverted
        cases = [(each, rule_case(each, seen, case.day, position)) for each, seen in asked.rules]
        own = {
            each.name: _smallest(each.rule.changes(of, holds=wanted))
            for each, of in cases
            if (of.reading.holds is True) is not wanted
        }
        # Any one of them is enough to make one hold of which one is needed, and to break what needs all.
        if (asked.needs == "any") is holds:
            for changes in own.values():
                yield from changes
        else:
            for chosen in product(*self._choices(own, holds=holds)):
                yield together(chosen)

    def _choices(self, own: Mapping[str, Sequence[Change]], *, holds: bool) -> list[Sequence[Change]]:
        """Give what is to be combined: the changes of each rule, or one that no longer asks those that can be left."""
        fixed = {name: changes for name, changes in own.items() if self._strategy.without([name]) is None}
        left = {name: changes for name, changes in own.items() if name not in fixed}
        dropped = self._strategy.without(tuple(left)) if left and holds else None
        if dropped is None:
            return list(own.values())
        # What changes the others may make them hold by itself.
        alone = next(iter(left.values())) if len(left) == 1 else ()
        return [*fixed.values(), [Change(parts=()), *alone, dropped]]


_NOTHING_FOUND = "no change of the last closes, nor of one parameter, was found that would have"
_FIRST_DAY = "the first decision day starts the run, whatever is observed"


def explainer_of(strategy: object) -> RulesExplainer | None:
    """Give what explains a strategy; None where it is not made of rules."""
    return RulesExplainer(strategy) if isinstance(strategy, MadeOfRules) else None


def _smallest(changes: Iterable[Change]) -> Sequence[Change]:
    """Take the smallest changes, and of every other kind the smallest."""
    chosen: list[Change] = []
    # By their words: a parameter may be a list of mappings, which have no hash.
    different = {repr(change.parts): change for change in changes if change.parts}
    for change in sorted(different.values(), key=lambda change: change.size):
        if len(chosen) < FIXES_A_CONDITION or all(change.subjects != other.subjects for other in chosen):
            chosen.append(change)
    return chosen
