"""What a decision rested on, in words: what each rule says; of a record without rules, its evidence by its names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.reading import Readings
from engine.core.rule import reading_words
from engine.report.evidence import value_words

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One line of the signals.

    Attributes:
        name: of what; value: what it says, or where it stands.
        is_on: whether it holds; None where that is not known, or is no question.
    """

    name: str
    value: str
    is_on: bool | None = None


def signals_of(rules: Readings, evidence: Mapping[str, Values | None]) -> tuple[Signal, ...]:
    """Put a decision's readings into words.

    Args:
        evidence: by section, as events or `decisions.jsonl` hold it; shown where there are no readings.
    """
    if rules:
        return tuple(
            Signal(name=name.replace("_", " "), value=reading_words(reading), is_on=reading.holds)
            for name, reading in rules.items()
        )
    return tuple(
        Signal(name=f"{section}: {key.replace('_', ' ')}", value=value_words(value))
        for section, values in evidence.items()
        for key, value in (values or {}).items()
    )
