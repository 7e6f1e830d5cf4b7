"""How a typed value is written as plain JSON values and read back, equal and of the same types.

A value may be text, number, truth value, decimal, date, instant, enumeration, literal, tuple, mapping, dataclass, or a
union of these. Another type is refused when its form is derived, not when the first value comes.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
NOT_FINITE = ("nan", "inf", "-inf")


class UnfitError(Exception):
    """A value that does not fit its type; reads like `.order.quantity: 'x' is not a decimal number`."""


def _unfit(value: object, wanted: str) -> UnfitError:
    shown = repr(value)
    return UnfitError(f": {shown if len(shown) <= 60 else shown[:57] + '...'} is not {wanted}")  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are written as plain JSON values, and read back."""

    encode: Callable[[Any], object]
    decode: Callable[[Any], object]


def form_of(hint: Any, memory: Form) -> Form:
    """Derive the form of a type hint.

    Args:
        memory: the form of fields annotated `object`, whose type only the caller knows.

    Raises:
        TypeError: values of that type, or of a field in it, cannot be written.
    """
    if hint is object:
        return memory
    if hint in _SCALARS:
        return _SCALARS[hint]
    form = _generic_form(get_origin(hint), get_args(hint), memory) if get_origin(hint) else _class_form(hint, memory)
    if form is None:
        raise TypeError(f"{hint}: values of this type cannot be written to a journal")
    return form


def _generic_form(origin: Any, arguments: tuple[Any, ...], memory: Form) -> Form | None:
    if origin is Literal:
        return _literal(arguments)
    if origin in (Union, UnionType):
        return _union(arguments, memory)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _fixed_tuple([form_of(argument, memory) for argument in arguments])
    if origin in (tuple, Sequence):
        return _sequence(form_of(arguments[0], memory))
    if origin in (dict, Mapping):
        return _mapping(arguments[0], *(form_of(argument, memory) for argument in arguments))
    return None


def _class_form(hint: Any, memory: Form) -> Form | None:
    if not isinstance(hint, type):
        return None
    if issubclass(hint, Enum):
        return _enumeration(hint)
    return _dataclass(hint, memory) if is_dataclass(hint) else None


def only_read() -> Form:
    """Give the form of values of an unknown type: read as the plain values of their JSON, never written."""

    def refuse(value: object) -> object:
        raise _unfit(value, "writable by a codec that was built without the type of the strategy's state")

    return Form(encode=refuse, decode=lambda plain: plain)


def _of_type(kind: type | UnionType, wanted: str, *, but: tuple[type, ...] = ()) -> Callable[[Any], Any]:
    def checked(value: object) -> object:
        if not isinstance(value, kind) or isinstance(value, but):
            raise _unfit(value, wanted)
        return value

    return checked


_text = _of_type(str, "text")
_integer = _of_type(int, "an integer", but=(bool,))
_truth = _of_type(bool, "true or false")
_nothing = _of_type(NoneType, "null")
_number = _of_type(int | float, "a number", but=(bool,))
_amount = _of_type(Decimal, "a Decimal")
_calendar_day = _of_type(date, "a date", but=(datetime,))
_instant = _of_type(datetime, "an instant")


def _encode_float(value: object) -> float | str:
    number = float(_number(value))
    return number if math.isfinite(number) else repr(number)


def _decode_float(plain: object) -> float:
    return float(plain) if plain in NOT_FINITE else float(_number(plain))


def _encode_decimal(value: object) -> str:
    amount: Decimal = _amount(value)
    if not amount.is_finite():
        raise _unfit(value, "an amount")
    return format(amount, "f")


def _decode_decimal(plain: object) -> Decimal:
    if not PLAIN_DECIMAL.fullmatch(_text(plain)):
        raise _unfit(plain, "a plain decimal number")
    return Decimal(str(plain))


def _encode_instant(value: object) -> str:
    instant: datetime = _instant(value)
    if instant.tzinfo is None:
        raise _unfit(value, "an instant with a time zone")
    return instant.astimezone(UTC).isoformat()


def _decode_instant(plain: object) -> datetime:
    instant: datetime = _iso(plain, datetime.fromisoformat, "an instant in UTC, ISO 8601")
    if instant.utcoffset() is None:
        raise _unfit(plain, "an instant with a time zone")
    return instant


def _decode_date(plain: object) -> date:
    day: date = _iso(plain, date.fromisoformat, "a date like 2018-01-31")
    return day


def _iso(plain: object, parse: Callable[[str], Any], wanted: str) -> Any:
    try:
        return parse(_text(plain))
    except ValueError as error:
        raise _unfit(plain, wanted) from error


_SCALARS: Mapping[Any, Form] = {
    # An enumeration of texts is a text too; it is written as the text that it is.
    str: Form(encode=lambda value: str.__str__(_text(value)), decode=_text),
    int: Form(encode=lambda value: int(_integer(value)), decode=_integer),
    bool: Form(encode=_truth, decode=_truth),
    float: Form(encode=_encode_float, decode=_decode_float),
    NoneType: Form(encode=_nothing, decode=_nothing),
    None: Form(encode=_nothing, decode=_nothing),
    Decimal: Form(encode=_encode_decimal, decode=_decode_decimal),
    date: Form(encode=lambda value: _calendar_day(value).isoformat(), decode=_decode_date),
    datetime: Form(encode=_encode_instant, decode=_decode_instant),
}
_BARE = (str, int, float, bool, NoneType)
"""In a union, values of these types are written as they are, since JSON tells them apart; all others by name."""


def _literal(choices: tuple[object, ...]) -> Form:
    def checked(value: object) -> object:
        for choice in choices:
            if type(choice) is type(value) and choice == value:
                return value
        raise _unfit(value, f"one of {', '.join(map(str, choices))}")

    return Form(encode=checked, decode=checked)


def _enumeration(kind: type[Enum]) -> Form:
    if not all(isinstance(member.value, str | int) for member in kind):
        raise TypeError(f"{kind.__name__}: an enumeration with values other than text or integers cannot be written")

    def encode(value: Any) -> object:
        return _of_type(kind, f"a {kind.__name__}")(value).value

    def decode(plain: object) -> object:
        try:
            return kind(plain)
        except ValueError as error:
            raise _unfit(plain, f"one of {', '.join(str(member.value) for member in kind)}") from error

    return Form(encode=encode, decode=decode)


def _union(arguments: tuple[Any, ...], memory: Form) -> Form:
    members = [argument for argument in arguments if argument is not NoneType]
    forms = {member: form_of(member, memory) for member in members}
    optional = len(members) < len(arguments)
    if len(members) == 1:
        only = forms[members[0]]
        return Form(
            encode=lambda value: None if value is None else only.encode(value),
            decode=lambda plain: None if plain is None else only.decode(plain),
        )
    by_name = {member.__name__: form for member, form in forms.items() if isinstance(member, type)}
    if len(by_name) < len(members):
        raise TypeError(f"{' | '.join(map(str, arguments))}: a union of these types cannot be written to a journal")

    def encode(value: object) -> object:
        kind = next((kind for kind in type(value).__mro__ if kind in forms), None)
        if value is None and optional:
            return None
        if kind is None:
            raise _unfit(value, f"one of {', '.join(by_name)}")
        plain = forms[kind].encode(value)
        return plain if kind in _BARE and type(plain) is kind else {kind.__name__: plain}

    def decode(plain: object) -> object:
        if plain is None and optional:
            return None
        if isinstance(plain, dict) and len(plain) == 1:
            ((name, inner),) = plain.items()
            if name in by_name:
                return by_name[name].decode(inner)
        if type(plain) in _BARE and type(plain) in forms:
            return forms[type(plain)].decode(plain)
        raise _unfit(plain, f"one of {', '.join(by_name)}")

    return Form(encode=encode, decode=decode)


def _sequence(element: Form) -> Form:
    def encode(values: object) -> object:
        return [_at(f"[{i}]", element.encode, value) for i, value in enumerate(_of_type(tuple, "a tuple")(values))]

    def decode(plain: object) -> object:
        return tuple(_at(f"[{i}]", element.decode, value) for i, value in enumerate(_of_type(list, "a list")(plain)))

    return Form(encode=encode, decode=decode)


def _fixed_tuple(elements: Sequence[Form]) -> Form:
    def sized(kind: type, values: Any) -> Any:
        if len(_of_type(kind, f"a list of {len(elements)}")(values)) != len(elements):
            raise _unfit(values, f"a list of {len(elements)}")
        return enumerate(zip(elements, values, strict=True))

    return Form(
        encode=lambda values: [_at(f"[{i}]", form.encode, value) for i, (form, value) in sized(tuple, values)],
        decode=lambda plain: tuple(_at(f"[{i}]", form.decode, value) for i, (form, value) in sized(list, plain)),
    )


def _mapping(key_type: object, key: Form, value: Form) -> Form:
    if key_type is not str:
        # JSON's keys are texts; anything else becomes a list of pairs.
        pairs = _sequence(_fixed_tuple([key, value]))
        return Form(
            encode=lambda mapping: pairs.encode(tuple(_of_type(Mapping, "a mapping")(mapping).items())),
            decode=lambda plain: dict(cast("Any", pairs.decode(plain))),
        )

    def entries(kind: type, convert: Callable[[Any], object], mapping: Any) -> dict[str, object]:
        checked = _of_type(kind, "a mapping")(mapping)
        return {str.__str__(_text(name)): _at(f".{name}", convert, inner) for name, inner in checked.items()}

    return Form(
        encode=lambda mapping: entries(Mapping, value.encode, mapping),
        decode=lambda plain: entries(dict, value.decode, plain),
    )


def _dataclass(kind: type, memory: Form) -> Form:
    hints = get_type_hints(kind)
    stored: dict[str, Field[Any]] = {field.name: field for field in fields(kind) if field.init}
    forms = {name: _field_form(kind, name, hints[name], memory) for name in stored}
    needed = {name for name, f in stored.items() if f.default is MISSING and f.default_factory is MISSING}

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise _unfit(value, f"a {kind.__name__}")
        return {name: _at(f".{name}", form.encode, getattr(value, name)) for name, form in forms.items()}

    def decode(plain: object) -> object:
        content: dict[str, object] = _of_type(dict, f"a {kind.__name__}")(plain)
        if unknown := [name for name in content if name not in forms]:
            raise UnfitError(f".{unknown[0]}: is not a field of {kind.__name__}")
        if missing := [name for name in forms if name in needed and name not in content]:
            raise UnfitError(f".{missing[0]}: is missing")
        values = {name: _at(f".{name}", forms[name].decode, inner) for name, inner in content.items()}
        try:
            return kind(**values)
        except ValueError as error:
            raise UnfitError(f": {error}") from error

    return Form(encode=encode, decode=decode)


def _field_form(kind: type, name: str, hint: Any, memory: Form) -> Form:
    try:
        return form_of(hint, memory)
    except TypeError as error:
        raise TypeError(f"{kind.__name__}.{name}: {error}") from error


def _at(place: str, convert: Callable[[Any], object], value: object) -> object:
    try:
        return convert(value)
    except UnfitError as unfit:
        raise UnfitError(f"{place}{unfit}") from unfit
