"""Whether the files of a paper run are what its journal makes of them: the chain of hashes does not reach to them.

After a crash files lag, each by itself: what the journal made at some earlier time is no finding. Columns and keys that
no row of a file has are those of a later version, and none either. `run.log` and the columns and keys that are made of
market data are held to what they were when the journal was sealed; `report.html` is outside.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import isclose
from pathlib import Path
from typing import Any

from engine.core.events import DayDecided, Event, OrderFilled, RunStarted
from engine.journal.sqlite import JOURNAL_FILE, JournalContent, read_content
from engine.record.context_file import CONTEXT_COLUMNS, context_rows
from engine.record.projections import (
    EQUITY_COLUMNS,
    FILL_COLUMNS,
    OPEN,
    ROTATION_COLUMNS,
    booked_fills,
    decided_days,
    decision_lines,
    equity_rows,
    fill_rows,
    rotation_rows,
    rotations_of,
)
from engine.record.record_rows import HOLD_COLUMN
from engine.record.run_files import (
    CONFIG_FILE,
    CONFIG_HISTORY_FILE,
    CONTEXT_FILE,
    DECISIONS_FILE,
    EQUITY_FILE,
    FILLS_FILE,
    ROTATIONS_FILE,
    SUMMARY_FILE,
)
from engine.record.run_log import label_of
from engine.record.sealing import altered_since, file_contents
from engine.record.summary import figures_of_record

DAYS_A_WEEK = 7
RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""Another machine's sums may differ in the last digits."""

Row = Sequence[str]


def altered_in(folder: Path, journal: JournalContent | None = None) -> tuple[str, ...]:
    """Say which files of a run are not what its journal makes of them, or what they were when it was sealed.

    Args:
        journal: as it was read a moment ago; read here where it is not given, and again where something is found: a bot
            that ends between two looks is no finding.

    Raises:
        DataError: the journal cannot be read.
    """
    path = folder / JOURNAL_FILE
    # Before the journal is read: of a bot that is at work the files are never ahead of it.
    contents = file_contents(folder)
    found = _altered(contents, journal or read_content(path))
    return found and _altered(file_contents(folder), read_content(path))


def _altered(contents: Mapping[str, bytes], journal: JournalContent) -> tuple[str, ...]:
    # What is no text has been altered, and has to reach the comparison.
    texts = {name: content.decode("utf-8", "surrogateescape") for name, content in contents.items()}
    found = altered_files(texts, journal.events)
    if journal.seal is not None:
        named = {sentence.partition(":")[0] for sentence in found}
        sealed = altered_since(contents, journal.seal, is_last=journal.is_sealed)
        found += tuple(sentence for sentence in sealed if sentence.partition(":")[0] not in named)
    return found


def altered_files(texts: Mapping[str, str], events: Sequence[Event]) -> tuple[str, ...]:
    """Say which files are not what the journal makes of them, a sentence each.

    Args:
        texts: by name.
    """
    days = decided_days(events)
    checks: Mapping[str, Callable[[str], str | None]] = {
        DECISIONS_FILE: lambda text: _decisions(text, list(decision_lines(days))),
        FILLS_FILE: lambda text: _table(text, FILL_COLUMNS, list(fill_rows(booked_fills(events)))),
        ROTATIONS_FILE: lambda text: _rotations(text, days),
        EQUITY_FILE: lambda text: _table(text, EQUITY_COLUMNS, list(equity_rows(days)), free=HOLD_COLUMN),
        SUMMARY_FILE: lambda text: _summary(text, days, events),
        CONTEXT_FILE: lambda text: _table(text, CONTEXT_COLUMNS, context_rows(events)),
        CONFIG_FILE: lambda text: _config(texts.get(CONFIG_HISTORY_FILE, ""), text, events),
    }
    found = {name: check(texts[name]) for name, check in checks.items() if name in texts}
    return tuple(f"{name}: {problem}" for name, problem in found.items() if problem is not None)


def _decisions(text: str, expected: Sequence[str]) -> str | None:
    if "".join(f"{line}\n" for line in expected).startswith(text):
        return None
    *lines, cut = text.split("\n")
    rows = [_object(line) for line in lines]
    keys = {key for row in rows for key in row or ()}
    for number, (line, row) in enumerate(zip(lines, rows, strict=True), start=1):
        if number > len(expected):
            return _too_many("line", len(lines), len(expected))
        known = {key: value for key, value in json.loads(expected[number - 1]).items() if key in keys}
        if line != expected[number - 1] and row != known:
            return _not_made("line", number)
    if not cut:
        return None
    # A crash cut the last line off.
    is_cut = len(lines) < len(expected) and expected[len(lines)].startswith(cut)
    return None if is_cut else _not_made("line", len(lines) + 1)


def _rotations(text: str, days: Sequence[DayDecided]) -> str | None:
    expected: list[Row] = list(rotation_rows(rotations_of(days)))
    rows = _rows(text)
    last = len(rows) - 1
    if rows and 0 < last <= len(expected):
        columns = dict(zip(rows[0], rows[-1], strict=False))
        if columns.get("exit_reason") == OPEN:
            # As it stood on some day before its end.
            expected[last - 1] = _as_it_stood(days, last, columns) or expected[last - 1]
    return _table(text, ROTATION_COLUMNS, expected)


def _as_it_stood(days: Sequence[DayDecided], number: int, columns: Mapping[str, str]) -> Row | None:
    """Give the row of a rotation that had not ended on the day that the file's row was written."""
    entry_day = rotations_of(days)[number - 1].entry_day
    try:
        elapsed = round(float(columns["weeks_held"]) * DAYS_A_WEEK)
    except (KeyError, ValueError, OverflowError):
        return None
    then = rotations_of(day for day in days if (day.day - entry_day).days <= elapsed)
    return [*rotation_rows(then)][-1] if len(then) == number and then[-1].exit_reason == OPEN else None


def _summary(text: str, days: Sequence[DayDecided], events: Sequence[Event]) -> str | None:
    summary = _object(text)
    count = None if summary is None else summary.get("decision_days")
    if summary is None or not isinstance(count, int) or not 0 < count <= len(days):
        return "is not what the journal makes of it"
    rotations = rotations_of(days[:count])
    wrong: Sequence[str] = ()
    for fills in _fills_by_then(events, count):
        expected = figures_of_record(days[:count], fills, rotations) | {"label": label_of(events) or None}
        wrong = [key for key, value in expected.items() if key in summary and not _is_same(summary[key], value)]
        if not wrong:
            return None
    return f"{', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not what the journal makes of it"


def _fills_by_then(events: Sequence[Event], count: int) -> Iterator[Sequence[Any]]:
    """Give the fills as they were when a summary of so many decisions may have been written, the latest first."""
    decided = [place for place, event in enumerate(events) if isinstance(event, DayDecided)]
    begin, end = decided[count - 1], decided[count] if count < len(decided) else len(events)
    places = [place for place in range(begin, end) if isinstance(events[place], OrderFilled)]
    for until in (end, *reversed(places)):
        yield booked_fills(events[:until])


def _config(history: str, text: str, events: Sequence[Event]) -> str | None:
    """Compare what the journal knows of the configuration that the run began with."""
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    first = _object(history.partition("\n")[0]) or {}
    config = first.get("config", _object(text))
    if config is None:
        return "is no configuration"
    if started is None or not isinstance(config, dict):
        return None
    wanted = {"account.cash": started.cash, "account.quote": started.quote, "strategy.core": started.core}
    for path, value in wanted.items():
        section, _, key = path.partition(".")
        named = config.get(section)
        if isinstance(named, dict) and key in named and not _is_same_text(str(named[key]), str(value)):
            return f"{path} is {named[key]}, and the run began with {value}"
    return None


def _table(text: str, columns: Sequence[str], expected: Sequence[Row], *, free: str | None = None) -> str | None:
    """Compare a table with the rows that the journal makes; it may have fewer.

    Args:
        free: begins the names of columns that are made of something else.
    """
    header, *rows = _rows(text) or [[]]
    places = {name: place for place, name in enumerate(columns)}
    compared = [(at, places.get(name)) for at, name in enumerate(header) if free is None or not name.startswith(free)]
    if not compared or any(place is None for _, place in compared):
        return "its columns are not those that the journal makes"
    if len(rows) > len(expected):
        return _too_many("row", len(rows), len(expected))
    for number, (row, wanted) in enumerate(zip(rows, expected, strict=False), start=1):
        if len(row) != len(header) or not all(
            _is_same_text(row[at], wanted[place]) for at, place in compared if place is not None
        ):
            return _not_made("row", number)
    return None


def _rows(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return []


def _object(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_same_text(found: str, wanted: str) -> bool:
    if found == wanted:
        return True
    try:
        return Decimal(found) == Decimal(wanted)
    except InvalidOperation:
        return False


def _is_same(found: object, wanted: object) -> bool:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_is_same(found[key], wanted[key]) for key in wanted)
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return isclose(found, wanted, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    # From how many days on a ratio is given has changed between versions.
    return (
        found == wanted
        or (wanted is None and isinstance(found, float))
        or (found is None and isinstance(wanted, float))
    )


def _too_many(kind: str, found: int, made: int) -> str:
    return f"has {found} {kind}s, and the journal makes {made}"


def _not_made(kind: str, number: int) -> str:
    return f"{kind} {number} is not what the journal makes of it"
