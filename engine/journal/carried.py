"""Parts of a decision that are as they were in the one before: written once, and named in the records that follow.

Most days leave the strategy's state and the targets as they were, and a week's MACD stands for seven of them: written
whole each time, they are more than half of a journal.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.events import DayDecided
from engine.core.reading import Reading

MEMORY, TARGETS = "memory", "targets"
SECTIONS, RULES = "evidence", "rules"
"""What is in them is carried one by one, under names like `evidence.macd`."""


def carried_parts(before: DayDecided, now: DayDecided) -> list[str]:
    """Name the parts that are to the letter as they were in the decision before."""
    was, rules_were = before.evidence, before.rules
    parts = [MEMORY] if now.memory is before.memory else []
    if _is_same(before.targets, now.targets):
        parts.append(TARGETS)
    # In another order they are not put together again as they were.
    if list(was) == list(now.evidence):
        parts += [name_of(name) for name, part in now.evidence.items() if _is_same(was[name], part)]
    if list(rules_were) == list(now.rules):
        parts += [name_of(name, RULES) for name, each in now.rules.items() if _says_same(rules_were[name], each)]
    return parts


def name_of(section: str, field: str = SECTIONS) -> str:
    """Name a section of the evidence, or a rule, as a part."""
    return f"{field}.{section}"


def completed(before: Mapping[str, Any], lean: Mapping[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    """Put the carried parts back, as the plain values of JSON.

    Raises:
        KeyError: the decision before has no such part.
    """
    whole = dict(lean)
    inner: dict[str, set[str]] = {}
    for part in parts:
        field, _, name = part.partition(".")
        if name:
            inner.setdefault(field, set()).add(name)
        else:
            whole[field] = before[field]
    for field, names in inner.items():
        was, now = before[field], lean[field]
        whole[field] = {name: was[name] if name in names else now[name] for name in was}
    return whole


def _is_same(one: Mapping[str, object] | None, other: Mapping[str, object] | None) -> bool:
    if one is other or one is None or other is None:
        return one is other
    return one == other and list(one) == list(other) and all(map(_is_same_value, one.values(), other.values()))


def _is_same_value(one: object, other: object) -> bool:
    # 1, 1.0 and true are equal and not the same, and zero has two signs.
    return type(one) is type(other) and (type(one) is not float or one != 0)


def _says_same(one: Reading, other: Reading) -> bool:
    return one is other or (one == other and all(map(_is_same_value, one, other)))
