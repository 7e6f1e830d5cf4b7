"""What a rule says of one day, and what it may know of the rotation; plain values, as the record keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

Number: TypeAlias = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a rule says of one day.

    Attributes:
        holds: whether it does; None where that is not known.
        value, threshold: what is compared with what; None where there is nothing to compare.
        distance: value - threshold, reversed where a value below its threshold is wanted; None where either is.
        since: the first day of the unbroken row of days that are as this one.
        reason: why it, or something within a group, is not known; empty where all is.
    """

    holds: bool | None
    value: Number | None = None
    threshold: Number | None = None
    distance: Number | None = None
    since: date | None = None
    reason: str = ""


Readings: TypeAlias = Mapping[str, Reading]
"""By the rule's name; a second one of a name is `name#2`."""


def reading_values(reading: Reading) -> dict[str, object]:
    """Give a reading as the record writes it; the reason where there is one."""
    values: dict[str, object] = {
        "holds": reading.holds,
        "value": reading.value,
        "threshold": reading.threshold,
        "since": reading.since,
        "distance": reading.distance,
    }
    return {**values, "reason": reading.reason} if reading.reason else values
