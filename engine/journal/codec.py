"""Events to JSON and back, derived from the events' own fields and type hints: nothing is written here per event."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from engine.core.errors import DataError
from engine.core.events import DayDecided, Event
from engine.journal.carried import SECTIONS, carried_parts, completed, name_of
from engine.journal.chain import Record
from engine.journal.forms import DataclassForm, Form, UnfitError, form_of, only_read, remembering
from engine.journal.seal import FilesSealed

if TYPE_CHECKING:
    from engine.core.strategy import StrategyState

SCHEMA = 2
"""Version of the form of a record's body; raised when an older program could misread a newer body.

Since 2 a decision leaves out what is as it was in the decision before, and names it under `same`.
"""
OLDEST_SCHEMA = 1
SEAL = FilesSealed.__name__


class EventCodec:
    """Turns the events of one journal, in their order, into type names and JSON bodies, and back.

    Without a state type it only reads, and gives a strategy's memory as the plain values of its JSON.

    Args:
        or_plain: give a memory that is not of the state type, but another strategy's, as plain values too.

    Raises:
        TypeError: an event or the state has a field of a kind that cannot be written.
    """

    def __init__(self, state_type: "type[StrategyState] | None" = None, *, or_plain: bool = False) -> None:
        memory = only_read() if state_type is None else remembering(form_of(state_type, only_read()))
        self._forms = {event.__name__: DataclassForm(event, memory, lean=True) for event in get_args(Event)}
        self._untyped = DataclassForm(DayDecided, only_read()) if or_plain else None
        self._written: DayDecided | None = None
        self._read: Mapping[str, Any] | None = None

    def encode(self, event: Event) -> tuple[str, str]:
        """Give the type name and the body, compact JSON in ASCII.

        Raises:
            TypeError: a field holds what its type hint does not allow, or a number that is no amount.
        """
        name = type(event).__name__
        if name not in self._forms:
            raise TypeError(f"{name}: is not an event; known here: {', '.join(self._forms)}")
        same: Sequence[str] = ()
        sections: Mapping[str, object] = {}
        if isinstance(event, DayDecided):
            before, self._written = self._written, event
            same = () if before is None else tuple(carried_parts(before, event))
            if same:
                left = {name: part for name, part in event.evidence.items() if name_of(name) not in same}
                sections = {SECTIONS: left}
        try:
            plain = self._forms[name].encode(event, same, sections)
        except UnfitError as unfit:
            raise TypeError(f"{name}{unfit}") from unfit
        return name, _json({"schema": SCHEMA, **({"same": same} if same else {}), "event": plain})

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
        if type not in self._forms:
            raise DataError(f"{where}: has the type {type!r}; known here: {', '.join(self._forms)}")
        plain = content.get("event")
        if type == DayDecided.__name__:
            plain = self._read = self._completed(content, where)
        try:
            return cast("Event", self._decoded(type, plain))
        except UnfitError as unfit:
            raise DataError(f"{where}: is not an event of this version: {type}{unfit}") from unfit

    def _decoded(self, type: str, plain: object) -> object:
        try:
            return self._forms[type].decode(plain)
        except UnfitError:
            if self._untyped is None or type != DayDecided.__name__:
                raise
            return self._untyped.decode(plain)

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
        other._written = other._read = None
        return other

    def forget_written(self) -> None:
        """Write the next decision whole: what was encoded last did not come on record."""
        self._written = None

    def _completed(self, content: Mapping[str, Any], where: str) -> Any:
        same = content.get("same")
        if not same:
            return content.get("event")
        try:
            return completed(self._read or {}, content["event"], same)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{where}: is the same in {same!r} as a decision before, which is not there") from error


def encode_seal(seal: FilesSealed) -> tuple[str, str]:
    """Give the type name and the body of a seal."""
    return SEAL, _json({"schema": SCHEMA, "seal": _seal_form().encode(seal)})


def decode_seal(record: Record, path: Path) -> FilesSealed:
    """Give the seal that a record holds.

    Raises:
        DataError: the body does not fit.
    """
    where = f"{path}, record {record.sequence}"
    try:
        return cast("FilesSealed", _seal_form().decode(_parsed(record.body, where).get("seal")))
    except UnfitError as unfit:
        raise DataError(f"{where}: is no seal of this version: {record.type}{unfit}") from unfit


@cache
def _seal_form() -> Form:
    return form_of(FilesSealed, only_read())


def decided_day(type: str, body: str) -> date | None:
    """Give the day that a record decides, read without a codec; None for every other record, or an unreadable one."""
    if type != DayDecided.__name__:
        return None
    try:
        return date.fromisoformat(json.loads(body)["event"]["day"])
    except (ValueError, KeyError, TypeError):
        return None


def _json(content: Mapping[str, object]) -> str:
    # ASCII, because SQLite cuts text at NUL and refuses half a surrogate pair.
    try:
        return _ENCODER.encode(content)
    except ValueError:
        return _ENCODER.encode(_finite(content))


def _finite(plain: object) -> Any:
    """Name the type of numbers that JSON does not have, as a union does."""
    if isinstance(plain, Mapping):
        return {name: _finite(value) for name, value in plain.items()}
    if isinstance(plain, list):
        return [_finite(value) for value in plain]
    return {"float": repr(plain)} if isinstance(plain, float) and not math.isfinite(plain) else plain


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def _parsed(body: str, where: str) -> dict[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: its body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{where}: its body is not a JSON object")
    return content
