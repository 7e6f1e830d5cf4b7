"""Events to JSON and back, by their fields and types, through pydantic; a decision is written by hand (`decisions.py`).

A date of the evidence is a text of that form, and a text of that form is named one: `{"str":"2024-01-01"}`.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import Field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from engine.core.errors import DataError
from engine.core.events import DayDecided, Event
from engine.core.reading import Reading, Readings
from engine.journal.carried import MEMORY, RULES, SECTIONS, carried_parts, completed, name_of
from engine.journal.chain import Record
from engine.journal.decisions import DATE, plain_decision
from engine.journal.seal import FilesSealed

if TYPE_CHECKING:
    from engine.core.strategy import StrategyState

SCHEMA = 2
"""Version of the form of a record's body; raised when an older program could misread a newer body.

Since 2 a decision leaves out what is as it was in the decision before, and names it under `same`; fields at their
defaults are left out, whose meaning may never change; and dates of the evidence are texts, which 1 names.
"""
OLDEST_SCHEMA = 1
SEAL = FilesSealed.__name__
DECISION = DayDecided.__name__
_NAMED_KINDS: Mapping[str, Callable[[str], object]] = {"date": date.fromisoformat, "float": float, "str": str}
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


class EventCodec:
    """Turns the events of one journal, in their order, into type names and JSON bodies, and back.

    Without a state type it only reads, and gives a strategy's memory as the plain values of its JSON.

    Args:
        or_plain: give a memory that is not of the state type, but another strategy's, as plain values too.

    Raises:
        TypeError: the state has a field of a kind that cannot be written.
    """

    def __init__(self, state_type: "type[StrategyState] | None" = None, *, or_plain: bool = False) -> None:
        try:
            self._state = None if state_type is None else TypeAdapter[Any](state_type)
        except PydanticSchemaGenerationError as error:
            raise TypeError(f"{state_type}: cannot be written to a journal: {str(error).splitlines()[0]}") from error
        self._late = _late_fields(state_type)
        self._or_plain = or_plain
        self._written: DayDecided | None = None
        self._read: Mapping[str, Any] | None = None
        self._rules: Readings = {}
        self._reader: EventCodec | None = None

    def encode(self, event: Event) -> tuple[str, str]:
        """Give the type name and the body, compact JSON in ASCII.

        Raises:
            TypeError: a field holds what cannot be written.
        """
        name = type(event).__name__
        try:
            if isinstance(event, DayDecided):
                return name, _json(self._lean(event))
            plain = _adapter(name).dump_python(event, mode="json", exclude_defaults=True, warnings="error")
            return name, _json({"schema": SCHEMA, "event": plain})
        except PydanticSerializationError as unfit:
            raise TypeError(f"{name}: {' '.join(str(unfit).split())}") from unfit

    def encode_readably(self, event: Event) -> tuple[str, str]:
        """Give the type name and the body, read back before it is trusted with what cannot be made again.

        Raises:
            TypeError: a field holds what its type hint does not allow, or what does not come back as it was.
        """
        name, body = self.encode(event)
        self._reader = self._reader or self.fresh()
        try:
            again = self._reader.decode(name, body, where=name)
        except DataError as error:
            raise TypeError(str(error)) from error
        at = getattr(getattr(event, "fill", event), "at", None)
        if again != event or (at is not None and at.tzinfo is None):
            raise TypeError(f"{event!r}: does not come back from the journal as it is")
        return name, body

    def decode(self, type: str, body: str, *, where: str) -> Event:
        """Give the event back.

        Args:
            where: names the record in errors: `logs/paper-x/journal.sqlite, record 7`.

        Raises:
            DataError: the type or the schema is not known here, the body does not fit them, or parts of it are those of
                a decision before, which was not read.
        """
        content = _parsed(body, where)
        schema = content.get("schema")
        if isinstance(schema, int) and schema > SCHEMA:
            raise DataError(
                f"{where}: was written by a newer version of this program (record schema {schema}); "
                f"up to {SCHEMA} can be read here"
            )
        if schema not in range(OLDEST_SCHEMA, SCHEMA + 1):
            raise DataError(f"{where}: has the record schema {schema!r}; {OLDEST_SCHEMA} to {SCHEMA} are wanted")
        if type not in _kinds():
            raise DataError(f"{where}: has the type {type!r}; known here: {', '.join(_kinds())}")
        plain = content.get("event")
        if type == DECISION:
            plain = self._decision(content, where)
        return cast("Event", _validated(_adapter(type), plain, f"{where}: is not an event of this version: {type}"))

    def events(self, records: Iterable[Record], path: Path) -> Iterator[Event]:
        """Give the events of records of a journal, which come in their order; seals are none.

        Args:
            path: the journal's, named in errors.

        Raises:
            DataError: as `decode` does.
        """
        for record in records:
            if record.type != SEAL:
                yield self.decode(record.type, record.body, where=f"{path}, record {record.sequence}")

    def fresh(self) -> "EventCodec":
        """Give one for another journal."""
        other = copy(self)
        other._written = other._read = other._reader = None
        other._rules = {}
        return other

    def forget_written(self) -> None:
        """Write the next decision whole: what was encoded last did not come on record."""
        self._written = self._reader = None

    def _lean(self, decision: DayDecided) -> dict[str, object]:
        """Give the content of a decision's record, without what is as it was in the one before."""
        before, self._written = self._written, decision
        same = [] if before is None else carried_parts(before, decision)
        plain = plain_decision(decision, same)
        if MEMORY not in same:
            plain[MEMORY] = self._memory(decision.memory)
        return {"schema": SCHEMA, "same": same, "event": plain} if same else {"schema": SCHEMA, "event": plain}

    def _memory(self, memory: object) -> object:
        if self._state is None:
            raise TypeError(f"{memory!r}: cannot be written by a codec without the type of the strategy's state")
        plain = self._state.dump_python(memory, mode="json", warnings="error")
        return {name: value for name, value in plain.items() if not self._is_default(memory, name)}

    def _is_default(self, memory: object, name: str) -> bool:
        return name in self._late and getattr(memory, name) == self._late[name]

    def _decision(self, content: Mapping[str, Any], where: str) -> Any:
        """Put a decision together with what it has of the one before, its memory in its own type."""
        plain, same = content.get("event"), content.get("same")
        if not isinstance(plain, dict):
            return plain
        try:
            self._read = completed(self._read or {}, plain, same) if same else plain
            evidence = {name: _unnamed(part, content["schema"]) for name, part in self._read[SECTIONS].items()}
            self._rules = {
                name: self._rules[name] if same and name_of(name, RULES) in same else _reading(plain)
                for name, plain in self._read.get(RULES, {}).items()
            }
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"the same in {same!r} as a decision before, which is not there" if same else f"damaged: {error!r}"
            raise DataError(f"{where}: is {what}") from error
        decision = {**self._read, SECTIONS: evidence, RULES: self._rules}
        if self._state is not None and MEMORY in decision:
            try:
                named = f"{where}: is not an event of this version: {DECISION}.{MEMORY}"
                decision[MEMORY] = _validated(self._state, decision[MEMORY], named)
            except DataError:
                if not self._or_plain:
                    raise
        return decision


def encode_seal(seal: FilesSealed) -> tuple[str, str]:
    """Give the type name and the body of a seal."""
    return SEAL, _json({"schema": SCHEMA, "seal": _adapter(SEAL).dump_python(seal, mode="json", warnings="error")})


def decode_seal(record: Record, path: Path) -> FilesSealed:
    """Give the seal that a record holds.

    Raises:
        DataError: the body does not fit.
    """
    where = f"{path}, record {record.sequence}"
    named = f"{where}: is no seal of this version: {SEAL}"
    return cast("FilesSealed", _validated(_adapter(SEAL), _parsed(record.body, where).get("seal"), named))


def decided_day(type: str, body: str) -> date | None:
    """Give the day that a record decides, read without a codec; None for every other record, or an unreadable one."""
    if type != DECISION:
        return None
    try:
        return date.fromisoformat(json.loads(body)["event"]["day"])
    except (ValueError, KeyError, TypeError):
        return None


def _late_fields(state_type: "type[StrategyState] | None") -> Mapping[str, object]:
    """Give the defaults of the fields of a state that are on record only where they are something else."""
    found: Mapping[str, Field[Any]] = getattr(state_type, "__dataclass_fields__", {})
    return {name: field.default for name, field in found.items() if field.metadata.get("late")}


@cache
def _kinds() -> Mapping[str, type]:
    return {event.__name__: event for event in get_args(Event)}


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    kind = {**_kinds(), SEAL: FilesSealed}.get(name)
    if kind is None:
        raise TypeError(f"{name}: is not an event; known here: {', '.join(_kinds())}")
    return TypeAdapter(kind)


def _validated(adapter: TypeAdapter[Any], plain: object, named: str) -> Any:
    try:
        return adapter.validate_python(plain, extra="forbid")
    except ValidationError as unfit:
        first = unfit.errors(include_url=False)[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise DataError(f"{named}{place}: {first['msg']}") from unfit


def _unnamed(plain: Mapping[str, Any] | None, schema: int) -> Mapping[str, Any] | None:
    """Give the values of a section of the evidence their types."""
    return None if plain is None else {key: _value(value, schema) for key, value in plain.items()}


def _value(plain: Any, schema: int) -> Any:
    if isinstance(plain, dict):
        ((kind, text),) = plain.items()
        return _NAMED_KINDS[kind](text)
    if schema > OLDEST_SCHEMA and isinstance(plain, str) and DATE.fullmatch(plain):
        return date.fromisoformat(plain)
    return plain


def _reading(plain: Any) -> Reading:
    """Read one back; what is none of it is a TypeError or ValueError."""
    fields: list[Any] = [*plain, *[None] * (len(Reading._fields) - len(plain))]
    holds, value, threshold, distance, since, reason = fields
    if not isinstance(holds, bool | None) or not isinstance(reason, str | None):
        raise TypeError(f"{plain!r} is no reading")
    return Reading(
        holds=holds,
        value=None if value is None else float(value),
        threshold=None if threshold is None else float(threshold),
        distance=None if distance is None else float(distance),
        since=None if since is None else date.fromisoformat(since),
        reason=reason or "",
    )


def _json(content: Mapping[str, object]) -> str:
    # ASCII, because SQLite cuts text at NUL and refuses half a surrogate pair.
    try:
        return _ENCODER.encode(content)
    except ValueError:
        return _ENCODER.encode(_finite(content))


def _finite(plain: object) -> Any:
    """Write numbers that JSON does not have as texts, which a field of numbers reads back."""
    if isinstance(plain, Mapping):
        return {name: _finite(value) for name, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_finite(value) for value in plain]
    return repr(plain) if isinstance(plain, float) and not math.isfinite(plain) else plain


def _parsed(body: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: its body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{where}: its body is not a JSON object")
    return content
