"""The journal of a run that must survive a crash: an SQLite file, one writer, any number of readers.

    records(seq, type, body, previous, hash)    the events, each linked to the one before (engine/journal/chain.py)
    meta(key, value)                            `schema` of these tables; `created`, the instant of the first start

An append is durable when it returns: WAL and synchronous FULL, one transaction an append. The only importer of sqlite3.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from engine.core.errors import DataError
from engine.core.events import Event
from engine.journal.chain import BrokenChainError, Head, Record, follow, next_record
from engine.journal.codec import EventCodec
from engine.journal.lock import only_writer
from engine.journal.tables import CONTENT, SCHEMA, TABLES, missing_table, named, strangers

JOURNAL_FILE = "journal.sqlite"
BATCH = 1000
FORMAT_BYTES = 20

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REMEDY = "put back a copy of it, or start in another folder"
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; nothing of the last write was kept, make room and start again",
    sqlite3.SQLITE_IOERR: "the disk is full or fails; make room or mend it, and start again",
    sqlite3.SQLITE_BUSY: "another program keeps it locked; close that program and start again",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked; close that program and start again",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; its file and its folder must be readable",
    sqlite3.SQLITE_READONLY: "cannot be written; its file and its folder must be writable",
    sqlite3.SQLITE_CONSTRAINT: "was written by another program meanwhile; only one may write to it",
}


class DamagedJournalError(DataError):
    """The file cannot be read as an SQLite database, at all or from some record on."""


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
        self._codec = codec
        with ExitStack() as opened, _one_sentence(path):
            opened.enter_context(only_writer(path))
            if not path.exists():
                _create(path, at)
            self._connection = opened.enter_context(closing(_connect(path, "rw", wait_seconds)))
            if others := _check_tables(self._connection, path):
                raise DataError(f"{path}: holds what may change what is written: {named(others)}; {_REMEDY}")
            self._head = Head()
            for record in follow(_stored(self._connection)):
                self._head = Head(sequence=record.sequence, hash=record.hash)
            _check_pages(self._connection, path)
            _make_durable(self._connection, path)
            opened.callback(_fold_log, self._connection)
            self._opened = opened.pop_all()

    @property
    def head(self) -> Head:
        """The last record's sequence number and hash."""
        return self._head

    def append(self, event: Event) -> None:
        """Write one event; it is on the disk when this returns.

        Raises:
            DataError: it could not be written (disk full, locked, disk failed); the journal is as it was before.
        """
        self.append_all((event,))

    def append_all(self, events: Iterable[Event]) -> None:
        """Write the events of one act, all or none; they are on the disk when this returns.

        Raises:
            DataError: as for `append`.
        """
        head, rows = self._head, []
        for event in events:
            record = next_record(head, *self._codec.encode(event))
            head = Head(sequence=record.sequence, hash=record.hash)
            rows.append((record.sequence, record.type, record.body, record.previous, record.hash))
        with _one_sentence(self.path), _transaction(self._connection):
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
        self._head = head

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._opened.close()

    def __enter__(self) -> "SqliteJournal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        with _one_sentence(self.path):
            yield from _events(self._connection, self.path, self._codec)

    def __len__(self) -> int:
        return self._head.sequence


def read_journal(path: Path, codec: EventCodec | None = None) -> Iterator[Event]:
    """Give the events of a journal in order, as far as they were written; a writer may be at work and is not disturbed.

    Args:
        codec: by default one that gives the strategy's memory as plain values.

    Raises:
        DataError: there is no journal, it is damaged or foreign, or its chain is broken; raised when iteration begins
            or gets there.
    """
    with _one_sentence(path), closing(_read_only(path)) as connection:
        _check_tables(connection, path)
        yield from _events(connection, path, codec or EventCodec())


def stored_records(path: Path) -> Iterator[Record]:
    """Give the records of a journal as they are stored, in order, unchecked.

    Raises:
        DamagedJournalError: the file cannot be read, at all or from here on; or records may be missing at its end.
        DataError: there is no journal, or it is foreign or locked.
    """
    with _one_sentence(path), closing(_read_only(path)) as connection:
        _check_tables(connection, path)
        yield from _stored(connection)
        _check_pages(connection, path)


def strangers_in(path: Path) -> tuple[str, ...]:
    """Name what is in a journal's file beside the journal: triggers, views, other tables and indexes."""
    with _one_sentence(path), closing(_read_only(path)) as connection:
        return _check_tables(connection, path)


def check_journal(path: Path) -> None:
    """Check quickly that a file is a journal that SQLite can read; the chain is not looked at.

    Like `records_after` it makes no file beside the journal.

    Raises:
        DataError: there is no journal, or it is damaged or foreign.
    """
    with _one_sentence(path), closing(_onlooker(path)) as connection:
        _check_tables(connection, path)
        _check_pages(connection, path)


def records_after(path: Path, head: Head) -> tuple[Record, ...]:
    """Give what was written after `head`, checked against it: for whoever looks again and again while a writer works.

    Unlike the other readers it makes no file beside the journal, whoever's process it is.

    Args:
        head: of what was read before; `Head()` gives all.

    Raises:
        OtherJournalError: what was read before is not there any more: it is another journal, or an older one.
        DataError: there is no journal, it is damaged or foreign, or its chain is broken.
    """
    with _one_sentence(path), closing(_onlooker(path)) as connection:
        _check_tables(connection, path)
        if head.sequence:
            known = [
                found for (found,) in connection.execute("SELECT hash FROM records WHERE seq = ?", (head.sequence,))
            ]
            if known != [head.hash]:
                raise OtherJournalError(
                    f"{path}: is another journal than it was: record {head.sequence} is not the same"
                )
        return tuple(follow(_stored(connection, after=head.sequence or None), head))


def _events(connection: sqlite3.Connection, path: Path, codec: EventCodec) -> Iterator[Event]:
    for record in follow(_stored(connection)):
        yield codec.decode(record.type, record.body, where=f"{path}, record {record.sequence}")


def _stored(connection: sqlite3.Connection, after: int | None = None) -> Iterator[Record]:
    while True:
        # In batches, so that no reader, however slow, keeps the writer's log from being folded into the file.
        batch: list[Record] = []
        damage: sqlite3.Error | UnicodeDecodeError | None = None
        condition, values = ("", ()) if after is None else ("WHERE seq > ?", (after,))
        try:
            rows = connection.execute(f"SELECT * FROM records {condition} ORDER BY seq LIMIT {BATCH}", values)
            batch.extend(_record(*row) for row in rows)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            damage = error
        yield from batch
        if damage is not None:
            raise damage
        if not batch:
            return
        after = batch[-1].sequence


def _record(sequence: int, *columns: object) -> Record:
    # Whoever tampers need not keep to text; the hash of another type's text is never right.
    texts = [column if isinstance(column, str) else repr(column) for column in columns]
    return Record(sequence=sequence, type=texts[0], body=texts[1], previous=texts[2], hash=texts[3])


def _create(path: Path, at: datetime) -> None:
    """Make a journal without records, under another name until it is whole: a crash leaves none rather than half."""
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise DataError(f"{path}: is missing, though its log {log.name} is there; {_REMEDY}")
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        # Nobody sees this file before it is renamed, so it needs no rollback journal beside it.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        for statement in TABLES.values():
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", (("schema", SCHEMA), ("created", at.isoformat())))
    unfinished.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_only(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise DataError(f"{path}: there is no journal; only paper runs keep one")
    return _connect(path, "ro", wait_seconds=5.0)


def _onlooker(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise DataError(f"{path}: there is no journal; only paper runs keep one")
    log, index = (path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-shm"))
    if (log and index) or not _is_logged(path):
        return _connect(path, "ro", wait_seconds=1.0)
    if log:
        raise DataError(f"{path}: its log {path.name}-wal is there without {path.name}-shm; start the bot to mend it")
    # Where the file says that it has a log and none is beside it, SQLite would make one: all is in the file then.
    return _connect(path, "ro&immutable=1", wait_seconds=1.0)


def _is_logged(path: Path) -> bool:
    with path.open("rb") as file:
        # "File format read version" is byte 19; 2 is a write-ahead log (https://www.sqlite.org/fileformat2.html).
        return file.read(FORMAT_BYTES)[-1:] == b"\x02"


def _connect(path: Path, mode: str, wait_seconds: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=wait_seconds)
    # Text that is no UTF-8 has been tampered with; it has to reach the chain to be named.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


def _check_tables(connection: sqlite3.Connection, path: Path) -> tuple[str, ...]:
    """Check that the journal's tables are there, and name what there is beside them."""
    content = list(connection.execute(CONTENT))
    table = missing_table(content)
    if table is not None:
        raise DataError(f"{path}: is no journal: its table {table} is missing or another; {_REMEDY}")
    schema = [value for (value,) in connection.execute("SELECT value FROM meta WHERE key = 'schema'")]
    if schema != [SCHEMA]:
        found = schema[0] if schema else "none"
        raise DataError(f"{path}: has the table schema {found}; this version of the program reads {SCHEMA}")
    return tuple(strangers(content))


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    # One wrong bit in the number of rows of the last page hides the last records, and the chain cannot tell.
    answers = [str(answer) for (answer,) in connection.execute("PRAGMA quick_check(1)")]
    if answers != ["ok"]:
        raise DamagedJournalError(f"{path}: is damaged ({answers[0].splitlines()[-1]}); {_REMEDY}")


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    ((mode,),) = connection.execute("PRAGMA journal_mode = WAL")
    if mode != "wal":
        raise DataError(f"{path}: its file system cannot keep a write-ahead log; choose a local folder with --out")
    connection.execute("PRAGMA synchronous = FULL")


def _fold_log(connection: sqlite3.Connection) -> None:
    """Leave one plain file behind, which can be read from a folder that cannot be written."""
    # A reader at work, or a full disk, prevents it; then the log stays beside the file and nothing is lost.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenChainError as error:
        raise DataError(f"{path}: its hash chain is broken: {error}; {_REMEDY}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
        if code in _DAMAGED:
            raise DamagedJournalError(f"{path}: is damaged or no journal ({error}); {_REMEDY}") from error
        raise DataError(f"{path}: {_REASONS.get(code, error)}") from error
    except UnicodeDecodeError as error:
        # Python decodes SQLite's own complaint, which quotes the damaged bytes.
        raise DamagedJournalError(f"{path}: is damaged ({error.reason}); {_REMEDY}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
