"""How a typed value is written as plain JSON values and read back, equal and of the same types.

A value may be text, number, truth value, decimal, date, instant, enumeration, literal, tuple, mapping, dataclass, or a
union of these. Another type is refused when its form is derived, not when the first value comes.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
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
    """How values of one type are written as plain JSON values, and read back.

    Attributes:
        as_they_are: types whose values need no encoding; most values of most events are of these.
    """

    encode: Callable[[Any], object]
    decode: Callable[[Any], object]
    as_they_are: frozenset[type] = frozenset()


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
    if not is_dataclass(hint):
        return None
    form = DataclassForm(hint, memory)
    return Form(encode=form.encode, decode=form.decode)


def only_read() -> Form:
    """Give the form of values of an unknown type: read as the plain values of their JSON, never written."""

    def refuse(value: object) -> object:
        raise _unfit(value, "writable by a codec that was built without the type of the strategy's state")

    return Form(encode=refuse, decode=lambda plain: plain)


def remembering(form: Form) -> Form:
    """Encode an immutable value once where it comes again and again: most days leave a strategy's state as it was."""
    value: object = None
    plain: object = None

    def encode(given: object) -> object:
        nonlocal value, plain
        if value is None or given is not value:
            value, plain = given, form.encode(given)
        return plain

    return Form(encode=encode, decode=form.decode)


def _of_type(kind: type | UnionType, wanted: str, *, but: tuple[type, ...] = ()) -> Callable[[Any], Any]:
    def checked(value: object) -> object:
        if not isinstance(value, kind) or isinstance(value, but):
            raise _unfit(value, wanted)
        return value

    def checked_of_any(value: object) -> object:
        if not isinstance(value, kind):
            raise _unfit(value, wanted)
        return value

    return checked if but else checked_of_any


_text = _of_type(str, "text")
_integer = _of_type(int, "an integer", but=(bool,))
_truth = _of_type(bool, "true or false")
_nothing = _of_type(NoneType, "null")
_number = _of_type(int | float, "a number", but=(bool,))
_amount = _of_type(Decimal, "a Decimal")
_calendar_day = _of_type(date, "a date", but=(datetime,))
_instant = _of_type(datetime, "an instant")
_object = _of_type(dict, "a mapping")
_mapping_of_any_kind = _of_type(Mapping, "a mapping")


def _encode_text(value: object) -> str:
    # An enumeration of texts is a text too; it is written as the text that it is.
    return value if type(value) is str else str.__str__(_text(value))


def _encode_float(value: object) -> float:
    return float(_number(value))


def _decode_float(plain: object) -> float:
    named = plain.get("float") if isinstance(plain, dict) and len(plain) == 1 else plain
    return float(named) if named in NOT_FINITE else float(_number(plain))


def _encode_decimal(value: object) -> str:
    amount: Decimal = _amount(value)
    text = str(amount)
    # Neither an exponent nor a word: `NaN`, `Infinity`.
    if not text.strip("-.0123456789"):
        return text
    if not amount.is_finite():
        raise _unfit(value, "an amount")
    return format(amount, "f")


def _encode_date(value: object) -> str:
    day: date = value if type(value) is date else _calendar_day(value)
    return day.isoformat()


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
    str: Form(encode=_encode_text, decode=_text, as_they_are=frozenset({str})),
    int: Form(encode=lambda value: int(_integer(value)), decode=_integer, as_they_are=frozenset({int})),
    bool: Form(encode=_truth, decode=_truth, as_they_are=frozenset({bool})),
    float: Form(encode=_encode_float, decode=_decode_float, as_they_are=frozenset({float})),
    NoneType: Form(encode=_nothing, decode=_nothing),
    None: Form(encode=_nothing, decode=_nothing),
    Decimal: Form(encode=_encode_decimal, decode=_decode_decimal),
    date: Form(encode=_encode_date, decode=_decode_date),
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
            as_they_are=only.as_they_are | {NoneType},
        )
    by_name = {member.__name__: form for member, form in forms.items() if isinstance(member, type)}
    if len(by_name) < len(members):
        raise TypeError(f"{' | '.join(map(str, arguments))}: a union of these types cannot be written to a journal")

    def encode(value: object) -> object:
        if value is None and optional:
            return None
        kind = next((kind for kind in type(value).__mro__ if kind in forms), None)
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

    bare = frozenset(kind for kind in forms if kind in _BARE)
    return Form(encode=encode, decode=decode, as_they_are=bare | {NoneType} if optional else bare)


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

    def entries(convert: Callable[[Any], object], unchanged: frozenset[type], mapping: Any) -> dict[str, object]:
        name: Any = ""
        plain: dict[str, object] = {}
        try:
            for name, inner in mapping.items():
                plain[name if type(name) is str else _encode_text(name)] = (
                    inner if type(inner) in unchanged else convert(inner)
                )
        except UnfitError as unfit:
            raise UnfitError(f".{name}{unfit}") from unfit
        return plain

    return Form(
        encode=lambda mapping: entries(value.encode, value.as_they_are, _mapping_of_any_kind(mapping)),
        decode=lambda plain: entries(value.decode, frozenset(), _object(plain)),
    )


class DataclassForm:
    """The form of a dataclass: a JSON object of its fields.

    Args:
        lean: leave out the fields that are at their defaults. What those mean may then never change.

    Raises:
        TypeError: values of one of its fields cannot be written.
    """

    def __init__(self, kind: type, memory: Form, *, lean: bool = False) -> None:
        hints = get_type_hints(kind)
        stored: dict[str, Field[Any]] = {field.name: field for field in fields(kind) if field.init}
        self._kind = kind
        self.parts = {name: _field_form(kind, name, hints[name], memory) for name in stored}
        self._needed = [n for n, f in stored.items() if f.default is MISSING and f.default_factory is MISSING]
        self._steps = [
            (name, form.encode, form.as_they_are, _default_of(stored[name]) if lean else MISSING)
            for name, form in self.parts.items()
        ]

    def encode(
        self, value: object, left_out: Collection[str] = (), instead: Mapping[str, object] = MappingProxyType({})
    ) -> dict[str, object]:
        """Give the fields of a value.

        Args:
            left_out: fields that are not given.
            instead: what stands in for fields of the value, by name.

        Raises:
            UnfitError: it is another class's, or a field does not fit.
        """
        if type(value) is not self._kind:
            raise _unfit(value, f"a {self._kind.__name__}")
        name = ""
        plain: dict[str, object] = {}
        try:
            for name, convert, unchanged, default in self._steps:
                inner = instead[name] if name in instead else getattr(value, name)
                if inner is not default and inner != default and name not in left_out:
                    plain[name] = inner if type(inner) in unchanged else convert(inner)
        except UnfitError as unfit:
            raise UnfitError(f".{name}{unfit}") from unfit
        return plain

    def decode(self, plain: object) -> object:
        """Give the value back.

        Raises:
            UnfitError: it is not what `encode` gives.
        """
        name = self._kind.__name__
        content: dict[str, object] = _of_type(dict, f"a {name}")(plain)
        if unknown := [field for field in content if field not in self.parts]:
            raise UnfitError(f".{unknown[0]}: is not a field of {name}")
        if missing := [field for field in self._needed if field not in content]:
            raise UnfitError(f".{missing[0]}: is missing")
        values = {field: _at(f".{field}", self.parts[field].decode, inner) for field, inner in content.items()}
        try:
            return self._kind(**values)
        except ValueError as error:
            raise UnfitError(f": {error}") from error


def _default_of(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


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
