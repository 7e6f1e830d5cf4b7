"""A run read back from its folder, backtest or paper: the one way in for whoever reads a record.

Its rows come from its journal, which is never behind its files; where there is none, from these. Nothing is locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.core.errors import DataError
from engine.core.events import Event, RunStarted
from engine.core.order import Fill
from engine.journal.sqlite import JOURNAL_FILE, JournalContent, read_content
from engine.record.before_journals import events_of, rows_of_files
from engine.record.configured import configured_core, configured_quote
from engine.record.file_reading import lines_of, object_of, rows_of, table_of
from engine.record.projections import (
    EQUITY_COLUMNS,
    booked_fills,
    decided_days,
    decision_content,
    own_fills,
    rotations_of,
)
from engine.record.record_rows import HOLD_COLUMN, DecisionRow, RotationRow
from engine.record.row_reading import checked_fill, decision_row, equity_reader
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
    fills: Sequence[Fill]
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
    def own_fills(self) -> Sequence[Fill]:
        """The strategy's fills: without those that only bought back what a reset of the exchange had wiped."""
        return own_fills(self.fills)


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
    config = object_of(folder / CONFIG_FILE, strict_object) if (folder / CONFIG_FILE).exists() else None
    equity_days, benchmarks = _equity(folder / EQUITY_FILE)
    begun = partial(
        RunRecord,
        folder=folder,
        mode=mode_of(folder, summary),
        summary=summary,
        config=config,
        benchmarks=benchmarks,
        journal=journal,
    )
    if journal is not None:
        days = decided_days(journal.events)
        record = begun(
            decisions=rows_of(path, map(decision_content, days), decision_row, kind="decision"),
            fills=rows_of(path, booked_fills(journal.events), checked_fill, kind="fill"),
            rotations=tuple(rotations_of(days)),
            events=journal.events,
        )
        _check_order(record)
        return record
    decisions, fills, rotations = rows_of_files(folder)
    record = begun(
        decisions=decisions,
        fills=fills,
        rotations=rotations,
        events=events_of(
            config=config,
            synthetic=bool(summary.get("synthetic")),
            decisions=decisions,
            fills=fills,
            log=lines_of(folder / LOG_FILE) if (folder / LOG_FILE).exists() else (),
        ),
    )
    _check_order(record)
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
    summary = object_of(path, summary_content)
    if not summary.get("mode"):
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


def _equity(path: Path) -> tuple[Sequence[date] | None, Mapping[str, Mapping[date, float] | None]]:
    """Read the days of `equity.csv` and the benchmarks; None and nothing where there is no such file."""
    if not path.exists():
        return None, {}
    header, cells = table_of(path, EQUITY_COLUMNS)
    rows = rows_of(path, cells, equity_reader(header))
    curves = {
        column.removeprefix(HOLD_COLUMN): {row["day"]: row[column] for row in rows if row[column] is not None} or None
        for column in header
        if column.startswith(HOLD_COLUMN)
    }
    return [row["day"] for row in rows], curves
