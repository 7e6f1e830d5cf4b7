"""What a rule says of one day, and what it may know of the rotation; plain values, as the record keeps them."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, TypeAlias

from pydantic_core.core_schema import CoreSchema, is_instance_schema

from engine.core.calendar import iso


class Reading(NamedTuple):
    """What a rule says of one day; a tuple, since thousands are made, kept and read back in a run of seconds.

    Attributes:
        holds: whether it does; None where that is not known.
        value, threshold: what is compared with what; None where there is nothing to compare.
        distance: value - threshold, reversed where a value below its threshold is wanted; None where either is.
        since: the first day of the unbroken row of days that are as this one.
        reason: why it, or something within a group, is not known; empty where all is.
    """

    holds: bool | None
    value: float | None = None
    threshold: float | None = None
    distance: float | None = None
    since: date | None = None
    reason: str = ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Have it taken as it is: it is one of many, and whoever reads one from outside checks it there."""
        return is_instance_schema(cls)


Readings: TypeAlias = Mapping[str, Reading]
"""By the rule's name; a second one of a name is `name#2`."""


def reading_values(reading: Reading) -> Mapping[str, object]:
    """Give a reading as the record writes it; the reason where there is one."""
    values: dict[str, object] = {
        "holds": reading.holds,
        "value": reading.value,
        "threshold": reading.threshold,
        "since": None if reading.since is None else iso(reading.since),
        "distance": reading.distance,
    }
    return {**values, "reason": reading.reason} if reading.reason else values
