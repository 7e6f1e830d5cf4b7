"""The head that a journal was given last, kept outside its folder: an older copy that is put back has another one.

Written after every record. It is as good as this machine's memory of the folder: where there is none, or it cannot be
written, nothing tells the journal from an older copy.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from engine.core.events import Event
from engine.journal.chain import Head
from engine.journal.sqlite import SqliteJournal
from engine.machine.fresh_files import fresh_file


class NewestHead:
    """The newest head of one journal.

    Args:
        folder: where it is kept, made when wanted; None: nowhere.
        journal: the journal's file; its place is what it is known by.
    """

    def __init__(self, folder: Path | None, journal: Path) -> None:
        self._path = None if folder is None else folder / sha256(os.fsencode(journal.resolve())).hexdigest()

    def is_known_as(self, head: Head) -> bool:
        """Tell whether a head is the newest that this machine knows of."""
        if self._path is None:
            return False
        try:
            return self._path.read_text(encoding="utf-8") == _text(head)
        except (OSError, ValueError):
            return False

    def keep(self, head: Head) -> None:
        """Write down a head; where that fails, none is known any more."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, fresh = fresh_file(self._path.parent, ".")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(_text(head))
            fresh.replace(self._path)
        except OSError:
            with suppress(OSError):
                self._path.unlink()


class MarkedJournal:
    """A journal whose newest head is kept before anything is done on the strength of its last record."""

    def __init__(self, store: SqliteJournal, newest: NewestHead) -> None:
        self._store = store
        self._newest = newest

    def append(self, event: Event) -> None:
        """Write one event."""
        self.append_all((event,))

    def append_all(self, events: Sequence[Event]) -> None:
        """Write events that belong to one act."""
        self._store.append_all(events)
        self._newest.keep(self._store.head)


def _text(head: Head) -> str:
    return f"{head.sequence} {head.hash}\n"
