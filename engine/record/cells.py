"""What a cell of a run's files may hold: each reader gives the value, or says what was found and what is wanted."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Any

from engine.core.reading import Reading, Readings
from engine.record.strict_json import shown

FIRST_YEAR, LAST_YEAR = 1900, 2200
MOST_EXPONENT = 100
"""Of an exact amount, either way: no price and no quantity of a market comes near it."""
LARGEST, SMALLEST = 1e60, 1e-60
"""Of a number but 0: what is made of a few of them is a number too."""


def day_of(value: object) -> date:
    """Read a day.

    Raises:
        ValueError: it is none, as for the other readers.
    """
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{shown(value)} is no day, written as 2024-01-31")
    return day


def day_or_none(text: str) -> date | None:
    """Read a day; nothing is none."""
    return day_of(text) if text else None


def days_of(values: object) -> Mapping[str, date]:
    """Read days by name."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{shown(values)} holds no days by name")
    return {name: day_of(value) for name, value in values.items()}


def instant_of(text: str) -> datetime:
    """Read an instant with its time zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"{shown(text)} is no instant with its time zone")
    return at


def number_of(value: Any, *, least: float | None = None, above: float | None = None) -> float:
    """Read a finite number, of JSON or as text; `least` and `above` bound it."""
    number = _float(value)
    if number is None or not math.isfinite(number):
        raise ValueError(f"{shown(value)} is no number")
    if number and not SMALLEST <= abs(number) <= LARGEST:
        raise ValueError(f"{shown(value)} is too {'small' if abs(number) < 1 else 'large'} a number")
    if least is not None and number < least:
        raise ValueError(f"{shown(value)} is below {least:g}")
    if above is not None and number <= above:
        raise ValueError(f"{shown(value)} is not above {above:g}")
    return number


def numbers_of(values: object, *, least: float | None = None, above: float | None = None) -> Mapping[str, float]:
    """Read numbers by name."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{shown(values)} holds no values by name")
    return {name: number_of(value, least=least, above=above) for name, value in values.items()}


def readings_of(values: object) -> Readings:
    """Read what rules said, by name."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{shown(values)} holds no readings by name")
    return {name: _reading(value) for name, value in values.items()}


def amount_of(text: str, *, may_be_zero: bool = False) -> Decimal:
    """Read an exact amount above 0."""
    try:
        amount = Decimal(text)
    except DecimalException:
        amount = Decimal("nan")
    if (
        not amount.is_finite()
        or abs(amount.adjusted()) > MOST_EXPONENT
        or len(amount.as_tuple().digits) > MOST_EXPONENT
    ):
        raise ValueError(f"{shown(text)} is no amount")
    if amount < 0 or (not amount and not may_be_zero):
        raise ValueError(f"{shown(text)} is not above 0")
    return amount


def count_of(text: str) -> int:
    """Read a count from 1 on."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:MOST_EXPONENT]) < 10**9):
        raise ValueError(f"{shown(text)} is no count")
    return int(text)


def word_of(value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no word")
    return value


def _reading(values: object) -> Reading:
    if not isinstance(values, Mapping):
        raise ValueError(f"{shown(values)} is no reading")
    try:
        return _reading_of(*map(values.get, Reading._fields))
    except TypeError as unhashable:
        raise ValueError(f"{shown(values)} is no reading") from unhashable


# Most days say of most rules what the day before did.
@lru_cache(maxsize=64, typed=True)
def _reading_of(
    holds: object, value: object, threshold: object, distance: object, since: object, reason: object
) -> Reading:
    if not isinstance(holds, bool | None):
        raise ValueError(f"{shown(holds)} is none of true, false and null")
    return Reading(
        holds=holds,
        value=None if value is None else number_of(value),
        threshold=None if threshold is None else number_of(threshold),
        distance=None if distance is None else number_of(distance),
        since=None if since is None else day_of(since),
        reason="" if reason is None else word_of(reason),
    )


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
