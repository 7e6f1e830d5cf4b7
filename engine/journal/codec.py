"""Events to JSON and back, derived from the events' own fields and type hints: nothing is written here per event."""

import json
from datetime import date
from typing import TYPE_CHECKING, cast, get_args

from engine.core.errors import DataError
from engine.core.events import DayDecided, Event
from engine.journal.forms import UnfitError, form_of, only_read

if TYPE_CHECKING:
    from engine.core.strategy import StrategyState

SCHEMA = 1
"""Version of the form of a record's body; raised when an older program could misread a newer body."""


class EventCodec:
    """Turns events into a type name and a JSON body, and back.

    Without a state type it only reads, and gives a strategy's memory as the plain values of its JSON.

    Raises:
        TypeError: an event or the state has a field of a kind that cannot be written.
    """

    def __init__(self, state_type: "type[StrategyState] | None" = None) -> None:
        memory = only_read() if state_type is None else form_of(state_type, only_read())
        self._forms = {event.__name__: form_of(event, memory) for event in get_args(Event)}

    def encode(self, event: Event) -> tuple[str, str]:
        """Give the type name and the body, compact JSON in ASCII.

        Raises:
            TypeError: a field holds what its type hint does not allow, or a number that is no amount.
        """
        name = type(event).__name__
        if name not in self._forms:
            raise TypeError(f"{name}: is not an event; known here: {', '.join(self._forms)}")
        try:
            plain = self._forms[name].encode(event)
        except UnfitError as unfit:
            raise TypeError(f"{name}{unfit}") from unfit
        # ASCII, because SQLite cuts text at NUL and refuses half a surrogate pair.
        return name, json.dumps({"schema": SCHEMA, "event": plain}, separators=(",", ":"), allow_nan=False)

    def decode(self, type: str, body: str, *, where: str) -> Event:
        """Give the event back.

        Args:
            where: names the record in errors: `logs/paper-x/journal.sqlite, record 7`.

        Raises:
            DataError: the type or the schema is not known here, or the body does not fit them.
        """
        content = _parsed(body, where)
        schema = content.get("schema")
        if isinstance(schema, int) and schema > SCHEMA:
            raise DataError(
                f"{where}: was written by a newer version of this program (record schema {schema}); "
                f"up to {SCHEMA} can be read here"
            )
        if schema != SCHEMA:
            raise DataError(f"{where}: has the record schema {schema!r}; 1 to {SCHEMA} are wanted")
        form = self._forms.get(type)
        if form is None:
            raise DataError(f"{where}: has the type {type!r}; known here: {', '.join(self._forms)}")
        try:
            return cast("Event", form.decode(content.get("event")))
        except UnfitError as unfit:
            raise DataError(f"{where}: is not an event of this version: {type}{unfit}") from unfit


def decided_day(type: str, body: str) -> date | None:
    """Give the day that a record decides, read without a codec; None for every other record, or an unreadable one."""
    if type != DayDecided.__name__:
        return None
    try:
        return date.fromisoformat(json.loads(body)["event"]["day"])
    except (ValueError, KeyError, TypeError):
        return None


def _parsed(body: str, where: str) -> dict[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: its body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{where}: its body is not a JSON object")
    return content
