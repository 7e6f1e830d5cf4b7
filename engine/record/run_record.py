"""A run read back from its folder, backtest or paper: the one way in for whoever reads a record.

A paper run's rows come from its journal, which is never behind; a backtest's come from its files. Nothing is locked.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from engine.core.errors import DataError
from engine.core.events import Event, RunStarted
from engine.journal.sqlite import JOURNAL_FILE, JournalContent, read_content
from engine.record.before_journals import events_of
from engine.record.configured import configured_core, configured_quote
from engine.record.projections import (
    EQUITY_COLUMNS,
    FILL_COLUMNS,
    HOLD_COLUMN,
    ROTATION_COLUMNS,
    booked_fills,
    decided_days,
    decision_lines,
    fill_rows,
    rotation_rows,
    rotations_of,
)
from engine.record.record_rows import (
    DecisionRow,
    FillRow,
    RotationRow,
    decision_row,
    equity_day,
    fill_row,
    held_equity,
    rotation_row,
)
from engine.record.run_files import (
    CONFIG_FILE,
    DECISIONS_FILE,
    EQUITY_FILE,
    FILLS_FILE,
    LOG_FILE,
    ROTATIONS_FILE,
    SUMMARY_FILE,
)
from engine.record.run_log import is_synthetic
from engine.record.strict_json import strict_object
from engine.record.summary import RECORD_SCHEMA
from engine.record.summary_reading import summary_content

PAPER, REHEARSAL = "paper", "rehearsal"
"""The modes of runs that keep a journal from their first event on, before there is a summary."""

ONE_SHOT_MODES = ("backtest",)
"""The modes of runs that are over within seconds: files and journal are written once, and none is behind another."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All that a run folder says.

    Attributes:
        summary: the content of `summary.json`; of a paper run as of its last change of position or ordered end, empty
            before the first.
        config: the effective configuration, None where the folder does not hold one.
        benchmarks: equity of each by day, as far as the files go; None where it was not tradable.
        events: what happened.
        journal: None in folders of backtests that were written before those had one.
    """

    folder: Path
    mode: str
    summary: Mapping[str, Any]
    config: Mapping[str, Any] | None
    decisions: Sequence[DecisionRow]
    fills: Sequence[FillRow]
    rotations: Sequence[RotationRow]
    benchmarks: Mapping[str, Mapping[date, float] | None]
    events: Sequence[Event]
    journal: JournalContent | None

    @property
    def started(self) -> RunStarted | None:
        """How it began; None where it has not begun."""
        return next((event for event in self.events if isinstance(event, RunStarted)), None)

    @property
    def quote(self) -> str:
        """The currency that it counts in."""
        return configured_quote(self.config) if self.started is None else self.started.quote

    @property
    def core(self) -> str:
        """The asset that rotations and positions are compared with."""
        return configured_core(self.config) if self.started is None else self.started.core

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def is_one_shot(self) -> bool:
        """Whether it was over within seconds, and nothing of it comes any more."""
        return self.mode in ONE_SHOT_MODES

    @property
    def synthetic(self) -> bool:
        """Whether its prices are made up: its summary says so or, before there is one, its first event."""
        return bool(self.summary.get("synthetic")) or is_synthetic(self.events)

    @property
    def own_fills(self) -> Sequence[FillRow]:
        """The strategy's fills: without those that only bought back what a reset of the exchange had wiped."""
        return [fill for fill in self.fills if not fill.restores]


def read_run(folder: Path) -> RunRecord:
    """Read a run back.

    Raises:
        DataError: it is no run folder, is damaged or half written, or a newer version wrote it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is no run folder; `review --list` shows the runs")
    path = folder / JOURNAL_FILE
    journal = read_content(path) if path.exists() else None
    summary = read_summary(folder, wanted=journal is None)
    config = _object(folder / CONFIG_FILE, strict_object) if (folder / CONFIG_FILE).exists() else None
    log = _lines(folder / LOG_FILE) if journal is None and (folder / LOG_FILE).exists() else ()
    if journal is None:
        lines = _lines(folder / DECISIONS_FILE)
        rows: Iterable[Sequence[str]] = _table(folder / FILLS_FILE, FILL_COLUMNS[:-2])
        rotations: Iterable[Sequence[str]] = _table(folder / ROTATIONS_FILE, ROTATION_COLUMNS)
    else:
        days = decided_days(journal.events)
        lines = list(decision_lines(days))
        rows, rotations = fill_rows(booked_fills(journal.events)), rotation_rows(rotations_of(days))
    decisions = _rows(folder / DECISIONS_FILE, lines, decision_row)
    fills = _rows(folder / FILLS_FILE, rows, fill_row)
    equity_days, benchmarks = _equity(folder / EQUITY_FILE)
    synthetic = bool(summary.get("synthetic"))
    record = RunRecord(
        folder=folder,
        mode=mode_of(folder, summary),
        summary=summary,
        config=config,
        decisions=decisions,
        fills=fills,
        rotations=_rows(folder / ROTATIONS_FILE, rotations, rotation_row),
        benchmarks=benchmarks,
        events=events_of(config=config, synthetic=synthetic, decisions=decisions, fills=fills, log=log)
        if journal is None
        else journal.events,
        journal=journal,
    )
    _check_order(record)
    if journal is None:
        _check_whole(record, equity_days)
    return record


def read_summary(folder: Path, *, wanted: bool = True) -> Mapping[str, Any]:
    """Read `summary.json` alone.

    Args:
        wanted: False gives an empty one where there is none yet.

    Raises:
        DataError: it is missing, damaged, or of a newer version.
    """
    path = folder / SUMMARY_FILE
    if not wanted and not path.exists():
        return {}
    summary = _object(path, summary_content)
    if "mode" not in summary:
        raise DataError(f"{path}: is no run's: it has no mode")
    schema = summary.get("schema", RECORD_SCHEMA)
    if not isinstance(schema, int) or schema > RECORD_SCHEMA:
        raise DataError(f"{folder}: was written by a newer version of this program (record schema {schema!r})")
    return summary


def mode_of(folder: Path, summary: Mapping[str, Any]) -> str:
    """Give the mode of a run; before there is a summary, what the folder's name says of it."""
    return str(summary.get("mode") or (REHEARSAL if folder.name.startswith(f"{REHEARSAL}-") else PAPER))


def _check_order(record: RunRecord) -> None:
    """Check that each day stands once, after the one before it, and that fills and rotations are of these days."""
    for before, after in pairwise(record.decisions):
        if after.day <= before.day:
            raise DataError(
                f"{record.folder / DECISIONS_FILE}: is damaged: {after.day} stands after {before.day}; each day is "
                "decided once, in order"
            )
    days = {decision.day for decision in record.decisions}
    named = [(FILLS_FILE, fill.decision_day) for fill in record.own_fills]
    named += [(ROTATIONS_FILE, rotation.entry_day) for rotation in record.rotations]
    for file, day in named:
        if day not in days:
            raise DataError(f"{record.folder / file}: is damaged: {day} is no decision day of this run")


def _check_whole(record: RunRecord, equity_days: Sequence[date] | None) -> None:
    """Check that nothing was cut off: files that were copied in part can still have whole lines."""
    days = record.decisions
    found = (str(days[0].day), str(days[-1].day)) if days else ("no day", "no day")
    wanted = tuple(str(record.summary.get(key)) for key in ("first_day", "last_day"))
    if found != wanted:
        raise DataError(
            f"{record.folder}: is half written or damaged: its decisions go from {found[0]} to {found[1]}, its summary "
            f"says {wanted[0]} to {wanted[1]}"
        )
    if equity_days is not None and [decision.day for decision in days] != list(equity_days):
        raise DataError(
            f"{record.folder}: is half written or damaged: equity.csv does not have the {len(days):,} days of "
            "decisions.jsonl"
        )
    if record.summary.get("rotations") != len(record.rotations):
        raise DataError(
            f"{record.folder}: is half written or damaged: rotations.csv has {len(record.rotations)} of "
            f"{record.summary.get('rotations')!r} rotations"
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(f"{path.parent}: has no {path.name}; it is no run folder, or half of one") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is damaged: byte {error.start + 1} is no text") from error


def _object(path: Path, parse: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return parse(_text(path))
    except ValueError as error:
        raise DataError(f"{path}: is damaged: {error}") from error


def _lines(path: Path) -> list[str]:
    text = _text(path)
    # Not `splitlines`: a text of the record may hold signs that Unicode calls line ends.
    return text.removesuffix("\n").split("\n") if text else []


def _table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Read the named columns of a CSV file; further ones are left."""
    header, *rows = _csv(path)
    if header[: len(columns)] != list(columns):
        raise DataError(f"{path}: is damaged: its columns are not {', '.join(columns)}")
    return rows


def _csv(path: Path) -> list[list[str]]:
    try:
        return [*csv.reader(io.StringIO(_text(path), newline=""))] or [[]]
    except csv.Error as error:
        raise DataError(f"{path}: is damaged: {error}") from error


def _rows(path: Path, texts: Iterable[Any], parse: Callable[[Any], T]) -> tuple[T, ...]:
    parsed = []
    for number, text in enumerate(texts, start=1):
        try:
            parsed.append(parse(text))
        except KeyError as error:
            raise DataError(f"{path}: is damaged in row {number}: it has no {error}") from error
        except ValueError as error:
            raise DataError(f"{path}: is damaged in row {number}: {error}") from error
    return tuple(parsed)


def _equity(path: Path) -> tuple[Sequence[date] | None, Mapping[str, Mapping[date, float] | None]]:
    """Read the days of `equity.csv` and the benchmarks; None and nothing where there is no such file."""
    if not path.exists():
        return None, {}
    header, *rows = _csv(path)
    if header[: len(EQUITY_COLUMNS)] != list(EQUITY_COLUMNS):
        raise DataError(f"{path}: is damaged: its columns are not {', '.join(EQUITY_COLUMNS)}")
    days = _rows(path, rows, equity_day)
    curves: dict[str, Mapping[date, float] | None] = {}
    for place, column in enumerate(header):
        if column.startswith(HOLD_COLUMN):
            held = _rows(path, rows, partial(_cell, place=place, column=column))
            curve = {day: value for day, value in zip(days, held, strict=True) if value is not None}
            curves[column.removeprefix(HOLD_COLUMN)] = curve or None
    return days, curves


def _cell(row: Sequence[str], *, place: int, column: str) -> float | None:
    if place >= len(row):
        raise KeyError(column)
    return held_equity(column, row[place])
