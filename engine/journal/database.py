"""The file of a journal as a database: made, opened, checked; its errors in a sentence. Only here is sqlite3 used."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from engine.core.errors import DataError
from engine.journal.chain import BrokenChainError, Record
from engine.journal.tables import CONTENT, SCHEMA, TABLES, missing_table, strangers

BATCH = 1000
Connection = sqlite3.Connection
FORMAT_BYTES = 20

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
REMEDY = "put back a copy of it, or start in another folder"
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


def stored(connection: sqlite3.Connection, after: int | None = None) -> Iterator[Record]:
    """Give the records as they are stored, unchecked, behind a sequence number or from the first on."""
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


def create(path: Path, meta: Mapping[str, str], records: Iterable[Record] = (), *, durable: bool = True) -> None:
    """Make a journal under another name until it is whole: a crash leaves none rather than half.

    Args:
        durable: whether it is on the disk when this returns.

    Raises:
        DataError: the log of a journal is there, and the journal is not.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists():
        raise DataError(f"{path}: is missing, though its log {log.name} is there; {REMEDY}")
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    # With the rights that the umask gives; SQLite would give its own.
    unfinished.touch()
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        # Nobody sees this file before it is renamed, so it needs no rollback journal beside it.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        for statement in TABLES.values():
            connection.execute(statement)
        with transaction(connection):
            connection.executemany("INSERT INTO meta VALUES (?, ?)", {"schema": SCHEMA, **meta}.items())
            insert(connection, records)
    unfinished.rename(path)
    if durable:
        _sync_folder(path.parent)


def insert(connection: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Add records at the end."""
    connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", records)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_only(path: Path) -> sqlite3.Connection:
    """Open a journal for reading, its writer at work or not."""
    if not path.exists():
        raise DataError(f"{path}: there is no journal; backtests of older versions kept none")
    return connect(path, "ro", wait_seconds=5.0)


def onlooker(path: Path) -> sqlite3.Connection:
    """Open a journal for reading without making a file beside it."""
    if not path.exists():
        raise DataError(f"{path}: there is no journal; backtests of older versions kept none")
    log, index = (path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-shm"))
    if (log and index) or not _is_logged(path):
        return connect(path, "ro", wait_seconds=1.0)
    if log:
        raise DataError(f"{path}: its log {path.name}-wal is there without {path.name}-shm; start the bot to mend it")
    # Where the file says that it has a log and none is beside it, SQLite would make one: all is in the file then.
    return connect(path, "ro&immutable=1", wait_seconds=1.0)


def _is_logged(path: Path) -> bool:
    with path.open("rb") as file:
        # "File format read version" is byte 19; 2 is a write-ahead log (https://www.sqlite.org/fileformat2.html).
        return file.read(FORMAT_BYTES)[-1:] == b"\x02"


def connect(path: Path, mode: str, wait_seconds: float) -> sqlite3.Connection:
    """Open a journal in a mode of SQLite's addresses; waits so long for a lock that another program holds."""
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=wait_seconds)
    # Text that is no UTF-8 has been tampered with; it has to reach the chain to be named.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


def check_tables(connection: sqlite3.Connection, path: Path) -> tuple[str, ...]:
    """Check that the journal's tables are there, and name what there is beside them."""
    content = list(connection.execute(CONTENT))
    table = missing_table(content)
    if table is not None:
        raise DataError(f"{path}: is no journal: its table {table} is missing or another; {REMEDY}")
    schema = [value for (value,) in connection.execute("SELECT value FROM meta WHERE key = 'schema'")]
    if schema != [SCHEMA]:
        found = schema[0] if schema else "none"
        raise DataError(f"{path}: has the table schema {found}; this version of the program reads {SCHEMA}")
    return tuple(strangers(content))


def check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """Check that the pages of the file hang together."""
    # One wrong bit in the number of rows of the last page hides the last records, and the chain cannot tell.
    answers = [str(answer) for (answer,) in connection.execute("PRAGMA quick_check(1)")]
    if answers != ["ok"]:
        raise DamagedJournalError(f"{path}: is damaged ({answers[0].splitlines()[-1]}); {REMEDY}")


def make_durable(connection: sqlite3.Connection, path: Path) -> None:
    """Have each transaction on the disk when it ends."""
    ((mode,),) = connection.execute("PRAGMA journal_mode = WAL")
    if mode != "wal":
        raise DataError(f"{path}: its file system cannot keep a write-ahead log; choose a local folder with --out")
    connection.execute("PRAGMA synchronous = FULL")


def fold_log(connection: sqlite3.Connection) -> None:
    """Leave one plain file behind, which can be read from a folder that cannot be written."""
    # A reader at work, or a full disk, prevents it; then the log stays beside the file and nothing is lost.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what the block writes."""
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
def one_sentence(path: Path) -> Iterator[None]:
    """Put what the block meets into one sentence.

    Raises:
        DataError: instead of what sqlite3, the chain or the operating system raise.
    """
    try:
        yield
    except BrokenChainError as error:
        raise DataError(f"{path}: its hash chain is broken: {error}; {REMEDY}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
        if code in _DAMAGED:
            raise DamagedJournalError(f"{path}: is damaged or no journal ({error}); {REMEDY}") from error
        raise DataError(f"{path}: {_REASONS.get(code, error)}") from error
    except UnicodeDecodeError as error:
        # Python decodes SQLite's own complaint, which quotes the damaged bytes.
        raise DamagedJournalError(f"{path}: is damaged ({error.reason}); {REMEDY}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
