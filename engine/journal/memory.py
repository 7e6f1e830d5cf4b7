"""A journal in memory: the record of a run that is over within seconds and written out as a whole."""

from collections.abc import Iterator, Sequence

from engine.core.events import Event


class MemoryJournal:
    """Keeps events in the order in which they happened."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def append_all(self, events: Sequence[Event]) -> None:
        """Keep events that belong to one act."""
        self._events.extend(events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)
