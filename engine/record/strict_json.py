"""JSON as a record may hold it: finite numbers that fit a float, objects where objects are wanted."""

import json
import math
from decimal import Decimal
from typing import Any

MOST_SHOWN = 40


def strict_object(text: str) -> dict[str, Any]:
    """Read an object.

    Raises:
        ValueError: it is none, or holds NaN, Infinity or a number beyond those of a float.
    """
    try:
        content = json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_whole_number)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(content, dict):
        raise ValueError("an object is wanted")
    return content


def shown(value: object) -> str:
    """Write a value for a sentence, cut where it is long."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:MOST_SHOWN]} is no number that a record can hold")
    return value


def _whole_number(text: str) -> int:
    _number(text)
    return int(text)
