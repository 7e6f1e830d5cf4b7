"""A line on a run, read quickly: its summary and, of a paper run, the ends of its decisions; not what lies between.

A paper run's decisions are written as they are taken, its summary with each change of position.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from engine.core.errors import DataError
from engine.journal.chain import Head
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, records_after
from engine.record.configured import kept_config
from engine.record.file_reading import no_file
from engine.record.record_rows import DecisionRow
from engine.record.row_reading import decision_row
from engine.record.run_files import DECISIONS_FILE
from engine.record.run_log import is_synthetic
from engine.record.run_record import ONE_SHOT_MODES, PAPER, RunRecord, mode_of, read_summary
from engine.record.strict_json import strict_object

LONGEST_LINE = 1 << 16
LONG_AGO = datetime.min.replace(tzinfo=UTC)
REVIEWABLE = ("backtest", "paper", "rehearsal")
"""The modes whose folders hold one run; others hold several, or what was learnt of many."""

FIRST_AND_LAST = ("first_day", "last_day")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutline:
    """What can be said of a run at a glance; None where that is not on record.

    Attributes:
        at: what runs are ordered by.
        mode: `backtest`, `paper`; for a journal without a summary what the folder's name says; `parity` and the like
            for folders that hold no run of their own; empty: not known.
        name: the configuration's; of a paper run without one what the folder's says of it, else empty.
        total_return, excess: fractions; the excess is over holding Bitcoin for the same days.
        rotations: of the summary, or counted.
        strategy: its name; empty: not on record.
        label: what a person called it by; empty: nothing.
        settings: the keys that differ from the default configuration of the strategy, with their values, as a summary
            says; those written before it did say none.
        study: what a study of its bars says of the claims behind an entry, as its summary has it; None: nothing, or the
            summary is older than the last decision.
        writer: the process of the bot that runs in it now; None: none.
        problem: why it cannot be read, in a sentence without the folder's name; empty: it can.
    """

    folder: Path
    at: datetime = LONG_AGO
    mode: str
    name: str
    first_day: date | None = None
    last_day: date | None = None
    total_return: float | None = None
    excess: float | None = None
    rotations: int | None = None
    synthetic: bool | None = None
    writer: int | None = None
    problem: str = ""
    strategy: str = ""
    label: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    study: Mapping[str, Any] | None = None

    @property
    def is_run(self) -> bool:
        """Whether it can be reviewed."""
        return not self.problem and self.mode in REVIEWABLE


def outline_of(folder: Path) -> RunOutline:
    """Look at one run folder.

    Raises:
        DataError: it is no run folder, or what is looked at is damaged or of a newer version.
    """
    has_journal = (folder / JOURNAL_FILE).exists()
    summary = read_summary(folder, wanted=not has_journal)
    mode = mode_of(folder, summary)
    if not has_journal or mode in ONE_SHOT_MODES:
        total_return = summary.get("total_return")
        first, last = (date.fromisoformat(day) if (day := summary.get(key)) else None for key in FIRST_AND_LAST)
        return RunOutline(
            folder=folder,
            mode=mode,
            name=summary.get("name") or "",
            first_day=first,
            last_day=last,
            total_return=total_return,
            excess=excess_of(total_return, summary),
            rotations=summary.get("rotations"),
            synthetic=summary.get("synthetic"),
            study=summary.get("study"),
            **_told(summary),
        )
    path = folder / DECISIONS_FILE
    ends = [_decision(path, line) for line in ends_of(path) if line] if path.exists() else []
    total_return = ends[-1].equity / ends[0].equity - 1 if ends and ends[0].equity > 0 else None
    is_current = bool(ends) and summary.get("last_day") == ends[-1].day.isoformat()
    return RunOutline(
        folder=folder,
        mode=mode,
        # The name is the summary's or, before there is one, the configuration's.
        name=_name(folder, summary, {} if "name" in summary else kept_config(folder)),
        first_day=ends[0].day if ends else None,
        last_day=ends[-1].day if ends else None,
        total_return=total_return,
        excess=excess_of(total_return, summary) if is_current else None,
        synthetic=_synthetic(folder, summary),
        study=summary.get("study") if is_current else None,
        **_told(summary),
    )


def name_of(record: RunRecord) -> str:
    """Give the configuration's name, or what the folder's says of it while neither is on record."""
    return _name(record.folder, record.summary, record.config)


def excess_of(total_return: float | None, summary: Mapping[str, Any]) -> float | None:
    """Give the return over that of holding Bitcoin, as a summary has it; None where it has none."""
    held = (summary.get("benchmarks") or {}).get("BTC")
    return None if held is None or total_return is None else total_return - float(held["return"])


def ends_of(path: Path) -> tuple[str, str]:
    """Read the first and the last whole line; both are empty where there is none.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(LONGEST_LINE)
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_LINE))
            tail = file.read(LONGEST_LINE)
    except FileNotFoundError as error:
        raise no_file(path) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    # What a bot is writing now ends without a line break.
    whole = tail[: tail.rfind(b"\n") + 1]
    last = whole.rstrip(b"\n").rpartition(b"\n")[2]
    return (first.decode("utf-8", "replace").rstrip("\n"), last.decode("utf-8", "replace")) if whole else ("", "")


def sentence_of(error: Exception, folder: Path) -> str:
    """Give an error's sentence without the path that the reader sees anyway."""
    text = str(error).replace(f"{folder}/", "").removeprefix(f"{folder}: ")
    return text.replace(f"{folder.absolute()}/", "")


def _told(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "strategy": summary.get("strategy") or "",
        "label": summary.get("label") or "",
        "settings": summary.get("settings") or {},
    }


def _synthetic(folder: Path, summary: Mapping[str, Any]) -> bool:
    if summary:
        return bool(summary.get("synthetic"))
    path = folder / JOURNAL_FILE
    records = records_after(path, Head())
    codec = EventCodec()
    return is_synthetic(codec.decode(each.type, each.body, where=f"{path}, record 1") for each in records[:1])


def _decision(path: Path, line: str) -> DecisionRow:
    try:
        return decision_row(strict_object(line))
    except ValueError as error:
        raise DataError(f"{path}: is damaged: a line is no decision: {error}") from error


def _name(folder: Path, summary: Mapping[str, Any], config: Mapping[str, Any] | None) -> str:
    return str(summary.get("name") or (config or {}).get("name") or folder.name.removeprefix(f"{PAPER}-"))
