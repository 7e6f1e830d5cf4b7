"""Parts of a decision that are as they were in the one before: written once, and named in the records that follow.

Most days leave the strategy's state and the targets as they were, and a week's MACD stands for seven of them: written
whole each time, they are more than half of a journal.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.core.events import DayDecided

SECTIONS = "evidence"
"""Its sections are carried one by one, under names like `evidence.macd`."""


def carried_parts(before: DayDecided, now: DayDecided) -> Iterator[str]:
    """Name the parts that are to the letter as they were in the decision before."""
    if now.memory is before.memory:
        yield "memory"
    if _is_same(before.targets, now.targets):
        yield "targets"
    # In another order they are not put together again as they were.
    if list(before.evidence) == list(now.evidence):
        yield from (name_of(name) for name, part in now.evidence.items() if _is_same(before.evidence[name], part))


def name_of(section: str) -> str:
    """Name a section of the evidence as a part."""
    return f"{SECTIONS}.{section}"


def completed(before: Mapping[str, Any], lean: Mapping[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    """Put the carried parts back, as the plain values of JSON.

    Raises:
        KeyError: the decision before has no such part.
    """
    sections = {part.removeprefix(name_of("")) for part in parts if part.startswith(name_of(""))}
    whole = {part: before[part] for part in parts if not part.startswith(name_of(""))}
    evidence = lean[SECTIONS]
    if sections:
        was = before[SECTIONS]
        evidence = {name: was[name] if name in sections else evidence[name] for name in was}
    return {**lean, **whole, SECTIONS: evidence}


def _is_same(one: Mapping[str, object] | None, other: Mapping[str, object] | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other and list(one) == list(other) and all(map(_is_same_value, one.values(), other.values()))


def _is_same_value(one: object, other: object) -> bool:
    # 1, 1.0 and true are equal and not the same, and zero has two signs.
    return type(one) is type(other) and (type(one) is not float or one != 0)
