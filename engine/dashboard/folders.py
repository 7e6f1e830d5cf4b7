"""The run folders below one folder: which there are, and a line on each. Only looks; follows no link.

A name that comes from outside is looked for in this list and never made into a path.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from engine.core.errors import DataError
from engine.journal.lock import writer_of
from engine.journal.sqlite import JOURNAL_FILE
from engine.record.run_files import (
    CONFIG_FILE,
    DECISIONS_FILE,
    EQUITY_FILE,
    FILLS_FILE,
    LOG_FILE,
    REPORT_FILE,
    ROTATIONS_FILE,
    SUMMARY_FILE,
)
from engine.record.run_list import may_be_run
from engine.record.run_outline import RunOutline, outline_of, sentence_of
from engine.record.run_record import ONE_SHOT_MODES
from engine.report.run_words import run_words

MOST_RUNS = 2000
MEBIBYTE = 1024 * 1024
MOST_BYTES = {SUMMARY_FILE: 4 * MEBIBYTE, CONFIG_FILE: 4 * MEBIBYTE, JOURNAL_FILE: 128 * MEBIBYTE}
MOST_BYTES_OF_ANOTHER = 64 * MEBIBYTE
"""Of a file that is read; a folder with a larger one is not looked into, so that none holds up the pages of others."""
LARGE_BYTES = 8 * MEBIBYTE
"""Of all that is read of a run: some years of days are a few; more take seconds."""
MOST_FILES = 1000
SHOWN_FILES = (SUMMARY_FILE, DECISIONS_FILE, FILLS_FILE, JOURNAL_FILE, f"{JOURNAL_FILE}-wal", REPORT_FILE)

READ_FILES = (*SHOWN_FILES[:-1], CONFIG_FILE, ROTATIONS_FILE, EQUITY_FILE, LOG_FILE)

Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list.

    Attributes:
        outline: what can be said of it at a glance, or why it cannot be read.
        changed: when its files were last written.
        is_running: whether a bot holds the journal's lock now.
        may_grow: whether it has the journal of a run that goes on.
        has_decisions, has_report: what there is to look at; report_is_current: nothing was written since.
    """

    outline: RunOutline
    changed: datetime
    is_running: bool = False
    may_grow: bool = False
    has_decisions: bool = False
    has_report: bool = False
    report_is_current: bool = False

    @property
    def name(self) -> str:
        """The folder's."""
        return self.outline.folder.name

    @property
    def words(self) -> str:
        """What tells it from others: strategy, label, keys of its own; empty where it has neither of these two."""
        return run_words(self.outline) if self.outline.is_run else ""


class RunFolders:
    """The run folders below `out`; what was read of one is kept until its files change.

    Args:
        out: may not be there yet: then there are no runs.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self._read: dict[str, _Kept] = {}

    def rows(self) -> list[RunRow]:
        """Give a row a run: the running ones first, then the newest.

        Raises:
            DataError: the folder cannot be read.
        """
        names = self._names()
        self._read = {name: kept for name, kept in self._read.items() if name in names}
        newest_first = sorted((self._row(name) for name in names), key=lambda row: row.changed, reverse=True)
        return sorted(newest_first, key=lambda row: not row.is_running)[:MOST_RUNS]

    def row(self, name: str) -> RunRow | None:
        """Give the row of one run; None where the list holds no such name."""
        return self._row(name) if name in self._names() else None

    def is_large(self, name: str) -> bool:
        """Tell whether a run takes seconds to read.

        Raises:
            DataError: the folder of all runs cannot be read.
        """
        return name in self._names() and sum(_facts(self.out / name, file)[3] for file in READ_FILES) > LARGE_BYTES

    def signature(self, name: str) -> Signature:
        """Give what changes when one of a run's shown files does: name, inode, time and size of each."""
        return tuple(_facts(self.out / name, file) for file in SHOWN_FILES)

    def _names(self) -> set[str]:
        try:
            with os.scandir(self.out) as entries:
                return {
                    entry.name
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False) and _is_text(entry.name) and may_be_run(Path(entry.path))
                }
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise DataError(f"{self.out}: cannot be read: {error.strerror}") from error

    def _row(self, name: str) -> RunRow:
        kept, stamp = self._read.get(name), _stamp(f"{self.out}{os.sep}{name}")
        # A run that is over stays as it is: one look at its folder and its summary tells that it did.
        if kept is not None and kept.stamp == stamp and not (kept.row.may_grow or kept.row.outline.problem):
            return kept.row
        signature = self.signature(name)
        if kept is None or kept.signature != signature:
            kept = _Kept(stamp=stamp, signature=signature, row=_read_row(self.out / name, signature))
            self._read[name] = kept
        if not kept.row.may_grow:
            self._read[name] = replace(kept, stamp=stamp)
            return kept.row
        return replace(kept.row, is_running=writer_of(self.out / name / JOURNAL_FILE) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A row, and what its folder was when it was read: at a glance, and file by file."""

    stamp: tuple[int, ...]
    signature: Signature
    row: RunRow


def problem_of(folder: Path) -> str:
    """Say why a folder is not read: it holds what is no plain file, or too much; empty where it is."""
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                facts = entry.stat(follow_symlinks=False)
                if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
                    return f"{entry.name!r} is no plain file; nothing of this folder is read"
                most = MOST_BYTES.get(entry.name, MOST_BYTES_OF_ANOTHER)
                if entry.name in READ_FILES and facts.st_size > most:
                    return f"{entry.name} holds {facts.st_size:,} bytes; up to {most:,} are read here"
                if number >= MOST_FILES:
                    return f"holds more than {MOST_FILES:,} files; it is not looked through"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""


def _read_row(folder: Path, signature: Signature) -> RunRow:
    changed = {file: at for file, inode, at, _ in signature if inode}
    outline = RunOutline(folder=folder, mode="", name="", problem=problem_of(folder))
    if not outline.problem:
        try:
            outline = outline_of(folder)
        except DataError as error:
            outline = replace(outline, problem=sentence_of(error, folder))
    return RunRow(
        outline=outline,
        changed=datetime.fromtimestamp(_last_change(folder, changed), UTC),
        may_grow=JOURNAL_FILE in changed and outline.mode not in ONE_SHOT_MODES,
        has_decisions=DECISIONS_FILE in changed,
        has_report=REPORT_FILE in changed,
        report_is_current=JOURNAL_FILE not in changed or changed.get(REPORT_FILE, 0) >= _last_record(changed),
    )


def _stamp(folder: str) -> tuple[int, ...]:
    found: list[int] = []
    for path in (folder, f"{folder}{os.sep}{SUMMARY_FILE}"):
        try:
            facts = os.lstat(path)
        except OSError:
            found.append(0)
        else:
            found += facts.st_ino, facts.st_mtime_ns, facts.st_size
    return tuple(found)


def _facts(folder: Path, file: str) -> tuple[str, int, int, int]:
    try:
        facts = os.lstat(folder / file)
    except OSError:
        return file, 0, 0, 0
    return file, facts.st_ino, facts.st_mtime_ns, facts.st_size


def _last_change(folder: Path, changed: Mapping[str, int]) -> float:
    times = [at for file, at in changed.items() if file != REPORT_FILE]
    if times:
        return max(times) / 1e9
    try:
        return os.lstat(folder).st_mtime
    except OSError:
        return 0.0


def _last_record(changed: Mapping[str, int]) -> int:
    # A bot that ends writes the report, and then folds the log into the journal: that writes no record.
    return max(changed.get(DECISIONS_FILE, 0), changed.get(FILLS_FILE, 0))


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
