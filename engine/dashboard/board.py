"""What the server shows, read when it is asked for and kept while nothing changes.

Blocking. `folders`, `run` and `report` share nothing that changes: each wants one thread at a time of its own.
"""

import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import DataError
from engine.dashboard.folders import RunFolders, RunRow, Signature, problem_of
from engine.dashboard.live import LiveRun, LiveState
from engine.dashboard.record import RecordState, record_state
from engine.journal.chain import Head, head_of
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, OtherJournalError, records_after
from engine.record.configured import kept_config
from engine.record.run_files import REPORT_FILE
from engine.record.run_outline import sentence_of
from engine.record.run_record import read_run, read_summary
from engine.report.caveats import claims_behind

MOST_KEPT = 4
"""Runs that are kept in memory; the one looked at longest ago is read anew when it is wanted again."""
MOST_REPORT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What there is to show of one run: of a paper run its live state, of another its record, or its summary alone.

    Attributes:
        problem: why there is no more, in a sentence; what was read before is still there.
    """

    row: RunRow
    live: LiveState | None = None
    record: RecordState | None = None
    summary: Mapping[str, Any] | None = None
    problem: str = ""

    @property
    def claims(self) -> str:
        """What a study of the run's bars says of the claims behind an entry; empty where there is none."""
        study = self.row.outline.study
        return "" if study is None else claims_behind(study)


class Board:
    """The run folders below `out`, and what they hold.

    Attributes:
        folders: the list of runs, and which of them take seconds to read.
    """

    def __init__(self, out: Path) -> None:
        self.folders = RunFolders(out)
        self._runs = RunFolders(out)
        self._reports = RunFolders(out)
        self._journals: OrderedDict[str, _Followed] = OrderedDict()
        self._records: OrderedDict[str, tuple[Signature, RunView]] = OrderedDict()
        self._report: tuple[str, Signature, bytes] | None = None

    def run(self, name: str) -> RunView | None:
        """Give what there is of a run; None where there is no run of that name.

        Raises:
            DataError: the folder of all runs cannot be read.
        """
        row = self._runs.row(name)
        if row is None:
            return None
        # A bot that was seen to have a journal is followed on, whatever becomes of the file.
        if row.may_grow or name in self._journals:
            return self._followed(row)
        return self._recorded(row)

    def report(self, name: str) -> bytes | None:
        """Give the report of a run: the file, or, where there is none or it is older than the journal, one made now.

        Returns:
            None where there is no such run, or it is none of which a report can be made.

        Raises:
            DataError: the run, or its report, cannot be read.
        """
        row = self._reports.row(name)
        if row is None:
            return None
        folder = row.outline.folder
        problem = row.outline.problem or problem_of(folder)
        if problem:
            raise DataError(problem)
        if row.has_report and row.report_is_current:
            return _report_file(folder)
        if not (row.has_decisions or row.may_grow):
            return None
        signature = self._reports.signature(name)
        if self._report is None or self._report[:2] != (name, signature):
            self._report = name, signature, _made_report(folder)
        return self._report[2]

    def _followed(self, row: RunRow) -> RunView:
        folder = row.outline.folder
        followed = self._journals.pop(row.name, None) or _Followed(folder)
        self._journals[row.name] = followed
        while len(self._journals) > MOST_KEPT:
            self._journals.popitem(last=False)
        problem = problem_of(folder) or followed.look(self._runs.signature(row.name), row.outline.study)
        state = followed.state
        return RunView(row=row, live=state if state is not None and state.records else None, problem=problem)

    def _recorded(self, row: RunRow) -> RunView:
        signature = self._runs.signature(row.name)
        kept = self._records.pop(row.name, None)
        if kept is None or kept[0] != signature:
            kept = signature, _read_record(row)
        self._records[row.name] = kept
        while len(self._records) > MOST_KEPT:
            self._records.popitem(last=False)
        return kept[1]


class _Followed:
    """A journal that is read on from where it was read to."""

    def __init__(self, folder: Path) -> None:
        self.state: LiveState | None = None
        self._folder = folder
        self._seen: Signature | None = None
        self._study: Mapping[str, Any] | None = None
        self._begin()

    def _begin(self) -> None:
        self._head = Head()
        self._codec = EventCodec()
        # It only adds for how long a signal counts.
        self._run = LiveRun(self._folder, kept_config(self._folder))

    def look(self, signature: Signature, study: Mapping[str, Any] | None) -> str:
        """Read what is new; give a sentence where that fails.

        Args:
            study: the one that the run quotes now.
        """
        if signature == self._seen:
            return ""
        try:
            try:
                self._read_on(study)
            except OtherJournalError:
                # Another bot began in this folder, or a copy was put back: this is another run.
                self._begin()
                self._read_on(study)
        except DataError as error:
            # What was read of it in part is read again.
            self._begin()
            return sentence_of(error, self._folder)
        self._seen = signature
        return ""

    def _read_on(self, study: Mapping[str, Any] | None) -> None:
        path = self._folder / JOURNAL_FILE
        records = records_after(path, self._head)
        self._run.take([*self._codec.events(records, path)])
        if records:
            self._head = head_of(records[-1])
        if records or self.state is None or study != self._study:
            self.state, self._study = self._run.state(study), study


def _read_record(row: RunRow) -> RunView:
    folder = row.outline.folder
    problem = row.outline.problem or problem_of(folder)
    if problem:
        return RunView(row=row, problem=problem)
    try:
        if not row.has_decisions:
            return RunView(row=row, summary=read_summary(folder))
        return RunView(row=row, record=record_state(read_run(folder)))
    except DataError as error:
        return RunView(row=row, problem=sentence_of(error, folder))


def _report_file(folder: Path) -> bytes:
    try:
        # Not by a link, and not of a pipe that nobody writes to.
        descriptor = os.open(folder / REPORT_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(MOST_REPORT_BYTES + 1)
    except OSError as error:
        raise DataError(f"report.html: cannot be read: {error.strerror}") from error
    if len(content) > MOST_REPORT_BYTES:
        raise DataError(f"report.html: is larger than {MOST_REPORT_BYTES:,} bytes")
    return content


def _made_report(folder: Path) -> bytes:
    # Heavy, and seldom wanted: a run has its report with it.
    from engine.report.html.page import report_html  # noqa: PLC0415

    try:
        return report_html(read_run(folder)).encode("utf-8")
    except DataError as error:
        raise DataError(sentence_of(error, folder)) from error
