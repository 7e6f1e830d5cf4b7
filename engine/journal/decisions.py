"""A decision as plain values of JSON, by hand: nine records of ten are one, and pydantic takes four times as long."""

import math
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from engine.core.calendar import iso
from engine.core.events import DayDecided, EvidenceValue
from engine.core.reading import Reading
from engine.journal.carried import RULES, SECTIONS, TARGETS, name_of

T = TypeVar("T")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def plain_decision(decision: DayDecided, same: Collection[str]) -> dict[str, object]:
    """Give the fields of a decision that are not at their defaults, but for its memory.

    Args:
        same: the parts that are as they were in the decision before, and are left out.

    Raises:
        TypeError: a field holds what cannot be written.
    """
    evidence, rules = decision.evidence.items(), decision.rules.items()
    plain: dict[str, object] = {
        "day": iso(_of(date, decision.day)),
        "state": _of(str, decision.state),
        "next_state": _of(str, decision.next_state),
        "reason": _of(str, decision.reason),
        SECTIONS: {name: _section(section) for name, section in evidence if name_of(name) not in same},
    }
    if TARGETS not in same:
        plain[TARGETS] = _weights(decision.targets)
    plain["changed"] = _of(bool, decision.changed)
    plain["equity"] = str(_of(Decimal, decision.equity))
    plain["cash"] = str(_of(Decimal, decision.cash))
    plain["core_close"] = str(_of(Decimal, decision.core_close))
    if decision.closes:
        plain["closes"] = {_of(str, asset): str(_of(Decimal, close)) for asset, close in decision.closes.items()}
    if decision.planned:
        plain["planned"] = _of(bool, decision.planned)
    if decision.marked_on:
        plain["marked_on"] = {_of(str, asset): iso(_of(date, day)) for asset, day in decision.marked_on.items()}
    if decision.wanted is not None:
        plain["wanted"] = _weights(decision.wanted)
    if decision.killed:
        plain["killed"] = _of(bool, decision.killed)
    if rules:
        plain[RULES] = {name: _said(reading) for name, reading in rules if name_of(name, RULES) not in same}
    return plain


def _of(kind: type[T], value: object) -> T:
    # An instant is a date to Python.
    if isinstance(value, kind) and not isinstance(value, datetime):
        return value
    raise TypeError(f"{DayDecided.__name__}: {value!r} is no {kind.__name__}")


def _weights(weights: Mapping[str, float]) -> dict[str, float]:
    # A whole number will do.
    return {
        _of(str, asset): float(weight if isinstance(weight, int) else _of(float, weight))
        for asset, weight in weights.items()
    }


def _section(section: Mapping[str, EvidenceValue] | None) -> dict[str, object] | None:
    return None if section is None else {key: _evidence(value) for key, value in section.items()}


def _evidence(value: EvidenceValue) -> object:
    """Write a value of the evidence, with the name of its type where it would be read as another."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, str):
        return {"str": value} if DATE.fullmatch(value) else value
    return iso(_of(date, value))


def _said(reading: Reading) -> list[object]:
    """Write a reading as the values of its fields, up to the last that says something."""
    holds, value, threshold, distance, since, reason = reading
    plain: list[object] = [holds, value, threshold, distance, None if since is None else iso(since), reason]
    while len(plain) > 1 and plain[-1] in (None, ""):
        plain.pop()
    return plain
