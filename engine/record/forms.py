"""What a record may hold, as types that pydantic checks, and the one sentence for what does not fit.

A type that is strict takes no text for a number out of JSON; out of a table, where all is text, it does.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import GenericAlias
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import ErrorDetails

from engine.record.strict_json import shown

FIRST_YEAR, LAST_YEAR = 1900, 2200
MOST_DIGITS = 100
"""Of an exact amount: none of a market comes near it."""
LARGEST, SMALLEST = 1e60, 1e-60
"""Of a number but 0: what is made of a few of them is a number too."""

N = TypeVar("N", float, Decimal)


def _calendar(kind: type[date], words: str) -> PlainValidator:
    # By its own rules pydantic would take a number for the time since 1970.
    def read(value: object) -> Any:
        try:
            found = kind.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            found = None
        is_one = isinstance(found, kind) and FIRST_YEAR <= found.year <= LAST_YEAR
        if not is_one or getattr(found, "tzinfo", UTC) is None:
            raise ValueError(words)
        return found

    return PlainValidator(read)


def _in_reach(number: N) -> N:
    if number and not SMALLEST <= abs(number) <= LARGEST:
        raise ValueError(f"is too {'small' if abs(number) < 1 else 'large'} a number")
    return number


Day = Annotated[date, _calendar(date, "is no day, written as 2024-01-31")]
Instant = Annotated[datetime, _calendar(datetime, "is no instant with its time zone")]
Word = Annotated[str, Strict()]
Truth = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0, lt=10**9)]
AnyNumber = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Number = Annotated[AnyNumber, AfterValidator(_in_reach)]
NotNegative = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Return = Annotated[Number, Field(ge=-1)]
_Exact = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=MOST_DIGITS), AfterValidator(_in_reach)]
Amount = Annotated[_Exact, Field(ge=0)]
PositiveAmount = Annotated[_Exact, Field(gt=0)]

_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("float", "finite"), "is no number"),
    "decimal": "is no amount",
    "int": "is no count",
    "string": "is no word",
    "bool": "is neither true nor false",
    "enum": "is neither buy nor sell",
    "list": "is no list",
}
"""By how the types of pydantic's errors begin."""


def keys(name: str, forms: Mapping[str, Any], *, required: Collection[str] = ()) -> Any:
    """Give the type of what holds these values by name; others may be missing, and further ones are left.

    Args:
        forms: the type of each; one that may be nothing says so.
    """
    fields = {key: (form, ... if key in required else None) for key, form in forms.items()}
    made: Any = create_model(name, __config__=ConfigDict(defer_build=True), **fields)  # type: ignore[call-overload] # its fields are known here alone
    return made


def by_name(form: Any) -> Any:
    """Give the type of what holds values of a type by any names."""
    return GenericAlias(dict, (str, form))


def checked(form: Any, found: object, *, texts: bool = False) -> Any:
    """Give the values as the type has them.

    Args:
        found: plain values, or what has them as attributes.
        texts: whether they are texts by name.

    Raises:
        ValueError: the first value that does not fit, where it stands, and what is wanted.
    """
    reader = _reader(form)
    try:
        return reader.validate_strings(found) if texts else reader.validate_python(found, from_attributes=True)
    except ValidationError as unfit:
        raise ValueError(_sentence(unfit)) from unfit


@lru_cache(maxsize=32)
def _reader(form: Any) -> TypeAdapter[Any]:
    # Made when it is wanted: a run that is only written wants none. The columns of a table may be a type of their own.
    return TypeAdapter(form)


def _sentence(unfit: ValidationError) -> str:
    first = unfit.errors(include_url=False)[0]
    is_missing, place = first["type"] == "missing", [*first["loc"]]
    words = f"it has no {place.pop()!r}" if is_missing else f"{shown(first['input'])} {_problem(first)}"
    return "".join(f"{part!r}: " for part in place) + words


def _problem(found: ErrorDetails) -> str:
    context = found.get("ctx", {})
    match found["type"]:
        case "value_error":
            return str(context["error"])
        case "greater_than_equal":
            return f"is below {context['ge']:g}"
        case "greater_than":
            return f"is not above {context['gt']:g}"
        case "less_than" | "less_than_equal":
            return f"is above {context.get('le', context.get('lt')):g}"
        case kind:
            return _WORDS.get(kind.partition("_")[0], "holds no values by name")
