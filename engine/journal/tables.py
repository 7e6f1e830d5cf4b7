"""The tables of a journal's file, and what does not belong there. Pure: it is given what the file says of itself."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

SCHEMA = "1"
TABLES = {
    "records": (
        "CREATE TABLE records (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL, "
        "previous TEXT NOT NULL, hash TEXT NOT NULL)"
    ),
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
}
CONTENT = "SELECT type, name, tbl_name, sql FROM sqlite_master"
MOST_NAMED = 3
OWN_PREFIX = "sqlite_"
"""Of tables and indexes that SQLite makes for itself; nobody else may use it."""

Entry: TypeAlias = tuple[object, object, object, object]
"""Type, name, table and statement of something in the file, as `CONTENT` gives them."""


def missing_table(content: Iterable[Entry]) -> str | None:
    """Name a table that is missing or another; None where both are as they were made."""
    # SQLite keeps the statements to the letter; a damaged one can make a sequence number of anything.
    statements = {name: statement for kind, name, _, statement in content if kind == "table"}
    return next((table for table, statement in TABLES.items() if statements.get(table) != statement), None)


def strangers(content: Iterable[Entry]) -> Iterator[str]:
    """Name all that is no journal's: triggers, which can change what is written, views, other tables and indexes."""
    for kind, name, table, _ in content:
        is_ours = kind == "table" and name in TABLES
        is_of_sqlite = kind in ("table", "index") and str(name).startswith(OWN_PREFIX)
        if not is_ours and not is_of_sqlite:
            yield f"{kind} {name}" + (f" on {table}" if kind in ("trigger", "index") else "")


def named(found: Sequence[str]) -> str:
    """Put what was found into words; of many the first few."""
    shown = ", ".join(found[:MOST_NAMED])
    return shown if len(found) <= MOST_NAMED else f"{shown} and {len(found) - MOST_NAMED} more"
