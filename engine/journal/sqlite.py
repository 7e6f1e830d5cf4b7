"""The journal of a run: an SQLite file, one writer, any number of readers.

    records(seq, type, body, previous, hash)    the events, each linked to the one before (engine/journal/chain.py)
    meta(key, value)                            `schema` of these tables; `created`, the instant of the first start

What a live run appends is durable when the call returns: WAL and synchronous FULL, a transaction an append. A run that
is over within seconds writes its journal at once.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.core.errors import DataError
from engine.core.events import Event
from engine.journal.chain import Head, Record, follow, head_of, next_record
from engine.journal.codec import SEAL, EventCodec, decode_seal, encode_seal
from engine.journal.database import (
    REMEDY,
    Connection,
    check_pages,
    check_tables,
    connect,
    create,
    fold_log,
    insert,
    make_durable,
    one_sentence,
    onlooker,
    read_only,
    stored,
    transaction,
)
from engine.journal.lock import only_writer
from engine.journal.seal import FilesSealed
from engine.journal.tables import named

JOURNAL_FILE = "journal.sqlite"


class OtherJournalError(DataError):
    """The file holds another journal than the one that was read before."""


class SqliteJournal:
    """The one writer of a journal file; it holds a lock that the operating system drops with the process.

    Args:
        path: the file, `<run folder>/journal.sqlite`; made if there is none, in a folder that exists.
        codec: built with the type of the strategy's state.
        at: the instant of opening, kept as the creation time of a new journal.
        wait_seconds: how long to wait for a lock that another program holds on the database.

    Raises:
        ConfigError: another writer has it open.
        DataError: it is damaged, foreign, locked, cannot be written, or its chain is broken.
    """

    def __init__(self, path: Path, codec: EventCodec, *, at: datetime, wait_seconds: float = 5.0) -> None:
        self.path = path
        self._codec = codec.fresh()
        with ExitStack() as opened, one_sentence(path):
            opened.enter_context(only_writer(path))
            if not path.exists():
                create(path, {"created": at.isoformat()})
            self._connection = opened.enter_context(closing(connect(path, "rw", wait_seconds)))
            if others := check_tables(self._connection, path):
                raise DataError(f"{path}: holds what may change what is written: {named(others)}; {REMEDY}")
            self._head, self._count, self._sealed = Head(), 0, None
            for record in follow(stored(self._connection)):
                self._head = head_of(record)
                self._count += record.type != SEAL
                self._sealed = decode_seal(record, path) if record.type == SEAL else None
            check_pages(self._connection, path)
            make_durable(self._connection, path)
            opened.callback(fold_log, self._connection)
            self._opened = opened.pop_all()

    @property
    def sealed(self) -> FilesSealed | None:
        """The seal that the journal ends with; None where something happened after it."""
        return self._sealed

    @property
    def head(self) -> Head:
        """The last record's sequence number and hash."""
        return self._head

    def append_all(self, events: Iterable[Event]) -> None:
        """Write the events of one act, all or none; they are on the disk when this returns.

        Raises:
            DataError: they could not be written (disk full, locked, disk failed); the journal is as it was before.
        """
        try:
            records = list(_chained(events, self._codec.encode_readably, self._head))
            with one_sentence(self.path), transaction(self._connection):
                insert(self._connection, records)
        except BaseException:
            # What is not on record carries nothing for what comes.
            self._codec.forget_written()
            raise
        if records:
            self._head = head_of(records[-1])
            self._count += len(records)
            self._sealed = None

    def seal(self, seal: FilesSealed) -> None:
        """Write down what the files of the run are.

        Raises:
            DataError: as for `append_all`.
        """
        record = next_record(self._head, *encode_seal(seal))
        with one_sentence(self.path), transaction(self._connection):
            insert(self._connection, (record,))
        self._head, self._sealed = head_of(record), seal

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._opened.close()

    def __enter__(self) -> "SqliteJournal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        with one_sentence(self.path):
            yield from _events(self._connection, self.path, self._codec)

    def __len__(self) -> int:
        """Count the events."""
        return self._count


def write_journal(path: Path, events: Iterable[Event], codec: EventCodec, seal: FilesSealed) -> None:
    """Write the journal of a run that is over, as a whole; equal runs give equal bytes.

    Args:
        path: there is nothing yet, and nobody looks for anything.

    Raises:
        DataError: it cannot be written.
    """
    records = list(_chained(events, codec.fresh().encode, Head()))
    records.append(next_record(head_of(records[-1]), *encode_seal(seal)))
    with one_sentence(path):
        create(path, {}, records, durable=False)


def read_journal(path: Path, codec: EventCodec | None = None) -> Iterator[Event]:
    """Give the events of a journal in order, as far as they were written; a writer may be at work and is not disturbed.

    Args:
        codec: by default one that gives the strategy's memory as plain values.

    Raises:
        DataError: there is no journal, it is damaged or foreign, or its chain is broken; raised when iteration begins
            or gets there.
    """
    with one_sentence(path), closing(read_only(path)) as connection:
        check_tables(connection, path)
        yield from _events(connection, path, codec or EventCodec())


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalContent:
    """All that a journal holds.

    Attributes:
        seal: the last one; None where the run never ended in good order, or before there were any.
        is_sealed: whether nothing happened after it.
    """

    events: tuple[Event, ...]
    seal: FilesSealed | None
    is_sealed: bool


def read_content(path: Path, codec: EventCodec | None = None) -> JournalContent:
    """Read a whole journal, as it is stored: the chain is not looked at.

    Args:
        codec: by default one that gives the strategy's memory as plain values.

    Raises:
        DataError: there is no journal, it is damaged or foreign.
    """
    records = tuple(stored_records(path))
    seals = [record for record in records if record.type == SEAL]
    return JournalContent(
        events=tuple((codec or EventCodec()).fresh().events(records, path)),
        seal=decode_seal(seals[-1], path) if seals else None,
        is_sealed=bool(seals) and records[-1] is seals[-1],
    )


def stored_records(path: Path) -> Iterator[Record]:
    """Give the records of a journal as they are stored, in order, unchecked.

    Raises:
        DamagedJournalError: the file cannot be read, at all or from here on; or records may be missing at its end.
        DataError: there is no journal, or it is foreign or locked.
    """
    with one_sentence(path), closing(read_only(path)) as connection:
        check_tables(connection, path)
        yield from stored(connection)
        check_pages(connection, path)


def strangers_in(path: Path) -> tuple[str, ...]:
    """Name what is in a journal's file beside the journal: triggers, views, other tables and indexes."""
    with one_sentence(path), closing(read_only(path)) as connection:
        return check_tables(connection, path)


def check_journal(path: Path) -> None:
    """Check quickly that a file is a journal that SQLite can read; the chain is not looked at.

    Like `records_after` it makes no file beside the journal.

    Raises:
        DataError: there is no journal, or it is damaged or foreign.
    """
    with one_sentence(path), closing(onlooker(path)) as connection:
        check_tables(connection, path)
        check_pages(connection, path)


def records_after(path: Path, head: Head) -> tuple[Record, ...]:
    """Give what was written after `head`, checked against it: for whoever looks again and again while a writer works.

    Unlike the other readers it makes no file beside the journal, whoever's process it is.

    Args:
        head: of what was read before; `Head()` gives all.

    Raises:
        OtherJournalError: what was read before is not there any more: it is another journal, or an older one.
        DataError: there is no journal, it is damaged or foreign, or its chain is broken.
    """
    with one_sentence(path), closing(onlooker(path)) as connection:
        check_tables(connection, path)
        if head.sequence:
            known = [
                found for (found,) in connection.execute("SELECT hash FROM records WHERE seq = ?", (head.sequence,))
            ]
            if known != [head.hash]:
                raise OtherJournalError(
                    f"{path}: is another journal than it was: record {head.sequence} is not the same"
                )
        return tuple(follow(stored(connection, after=head.sequence or None), head))


def _chained(events: Iterable[Event], encode: Callable[[Event], tuple[str, str]], head: Head) -> Iterator[Record]:
    for event in events:
        record = next_record(head, *encode(event))
        head = head_of(record)
        yield record


def _events(connection: Connection, path: Path, codec: EventCodec) -> Iterator[Event]:
    return codec.fresh().events(follow(stored(connection)), path)
