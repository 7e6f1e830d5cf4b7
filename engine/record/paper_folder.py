"""The folder of a paper run: a journal that is the source, and files that are written again from it.

A decision's line is appended as the day is decided; the other files follow each change of position.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.core.errors import ConfigError, DataError
from engine.core.events import Event
from engine.core.market import Floats
from engine.journal.sqlite import JOURNAL_FILE
from engine.machine.fresh_files import fresh_file
from engine.ports import Journal
from engine.record.context_file import context_rows
from engine.record.file_reading import object_of
from engine.record.projections import booked_fills, decided_days, decision_lines, rotations_of
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
from engine.record.run_folder import write_run_files
from engine.record.run_log import LogLine, is_synthetic, log_line
from engine.record.strict_json import strict_object

RUN_FILES = (DECISIONS_FILE, SUMMARY_FILE, FILLS_FILE, ROTATIONS_FILE, EQUITY_FILE, LOG_FILE, REPORT_FILE)
"""What a run leaves once something has happened; none of them empty."""
TEMPORARY_FOLDER = re.compile(r"\.files-[a-z0-9_]{8}")
TEMPORARY_FILE = re.compile(rf"\.({re.escape(CONFIG_FILE)}|{re.escape(DECISIONS_FILE)})-[a-z0-9_]{{8}}")
"""As `tempfile` and `fresh_files` name them."""
ORDERED_SECTION = "strategy"
FREE_KEYS = ("live", "notify", "study", "window")
FREE_INNER_KEYS = {"data": ("cache_dir", "jumps"), "venue": ("base_url", "max_retries", "timeout_seconds")}
"""What may change under a running track record: how it runs, not what it does."""

LogWriter = Callable[[Iterable[Any]], None]
Completion = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class RecordedJournal:
    """A journal that also appends each decision to `decisions.jsonl` and each event to `run.log`."""

    def __init__(
        self,
        journal: Journal,
        events: Iterable[Event],
        folder: Path,
        write_log: LogWriter,
        told: Callable[[LogLine], None] | None = None,
    ) -> None:
        self.events = list(events)
        self._journal = journal
        self._folder = folder
        self._write_log = write_log
        self._told = told
        self._synthetic = is_synthetic(self.events)
        # A crash may have cut the last line, or come before it: the journal has it.
        _write_whole(folder / DECISIONS_FILE, _lines(self.events))

    def append_all(self, events: Sequence[Event]) -> None:
        """Write events that belong to one act."""
        self._journal.append_all(events)
        self.events.extend(events)
        self._synthetic = self._synthetic or is_synthetic(events)
        if lines := _lines(events):
            with one_sentence(self._folder), (self._folder / DECISIONS_FILE).open("a", encoding="utf-8") as file:
                file.write(lines)
        lines_of_log = [log_line(event, synthetic=self._synthetic) for event in events]
        with one_sentence(self._folder):
            self._write_log(lines_of_log)
        if self._told is not None:
            for line in lines_of_log:
                self._told(line)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


def _lines(events: Iterable[Event]) -> str:
    return "".join(f"{line}\n" for line in decision_lines(decided_days(events)))


def write_projections(
    folder: Path,
    events: Sequence[Event],
    summary: Mapping[str, object],
    benchmarks: Mapping[str, Floats | None] = MappingProxyType({}),
) -> None:
    """Write every file but the log again from the journal, each whole or not at all.

    Args:
        benchmarks: the equity of each on the decision days; None for one that was not tradable.

    Raises:
        DataError: the folder cannot be written.
    """
    days, fills = decided_days(events), booked_fills(events)
    with one_sentence(folder), tempfile.TemporaryDirectory(prefix=".files-", dir=folder) as name:
        fresh = Path(name)
        write_run_files(
            fresh,
            summary=summary,
            days=days,
            fills=fills,
            rotations=rotations_of(days),
            benchmarks=benchmarks,
            context=context_rows(events),
        )
        for path in fresh.iterdir():
            path.replace(folder / path.name)


def keep_config(folder: Path, effective: Mapping[str, Any], *, accept: bool, completed: Completion = dict) -> None:
    """Hold a folder to the configuration that it began with.

    Args:
        accept: take a changed configuration from today on.
        completed: gives a configuration that was kept with the keys that came since at their defaults.

    Raises:
        ConfigError: it changed; names the first keys that differ.
        DataError: the folder cannot be written.
    """
    if not accept:
        check_config(folder, effective, completed=completed)
    _write_whole(folder / CONFIG_FILE, json.dumps(_binding(effective), indent=2) + "\n")


def check_config(folder: Path, effective: Mapping[str, Any], *, completed: Completion = dict) -> None:
    """Check that a folder began with this configuration, if it has begun; nothing is written.

    Args:
        completed: as of `keep_config`.

    Raises:
        ConfigError: it began with another; names the first keys that differ.
    """
    path = folder / CONFIG_FILE
    binding = _binding(effective)
    if path.exists():
        before = _binding(completed(_read_binding(path)))
        differences = list(_differences(before, binding, ""))
        if differences:
            shown = "; ".join(differences[:3]) + (f" (and {len(differences) - 3} more)" if len(differences) > 3 else "")  # noqa: PLR2004
            raise ConfigError(f"{folder}: began with another configuration: {shown}; --accept-config takes the new one")


def check_for_lost_journal(folder: Path) -> None:
    """Check that a folder without a journal holds nothing of a run: a new journal would begin a new track record in it.

    What a crash before the first event leaves is no obstacle.

    Raises:
        DataError: files of a run are there, and its journal is not; names one of them.
    """
    with one_sentence(folder):
        # In this order: a bot that starts at this moment makes the journal before any file.
        found = [name for name in RUN_FILES if (folder / name).exists() and (folder / name).stat().st_size]
        is_lost = found and not (folder / JOURNAL_FILE).exists()
    if is_lost:
        raise DataError(
            f"{folder}: {JOURNAL_FILE} is missing, though {found[0]} of its run is there; put the journal back, "
            "or begin in another folder with --out"
        )


def sweep_leftovers(folder: Path) -> None:
    """Remove the temporary files that a killed run left in its folder; only the holder of the journal's lock may.

    Raises:
        DataError: one cannot be removed.
    """
    with one_sentence(folder):
        for path in folder.iterdir():
            if path.is_symlink():
                continue
            if TEMPORARY_FOLDER.fullmatch(path.name) and path.is_dir():
                shutil.rmtree(path)
            elif TEMPORARY_FILE.fullmatch(path.name) and path.is_file():
                path.unlink()


def _read_binding(path: Path) -> Mapping[str, Any]:
    try:
        return object_of(path, strict_object)
    except DataError as error:
        raise ConfigError(f"{error}; --accept-config writes it anew from the configuration") from error


def _binding(effective: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in effective.items() if key not in FREE_KEYS}
    for section, names in FREE_INNER_KEYS.items():
        if isinstance(kept.get(section), dict):
            kept[section] = {key: value for key, value in kept[section].items() if key not in names}
    return kept


def _differences(before: object, after: object, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        # The order of a basket is the order of its trades. Elsewhere an order has no meaning.
        if path.startswith(ORDERED_SECTION) and before.keys() == after.keys() and list(before) != list(after):
            yield f"the order of {path} was {', '.join(before)}, is {', '.join(after)}"
    elif before != after:
        yield f"{path} was {before!r}, is {after!r}"


def _write_whole(path: Path, text: str) -> None:
    with one_sentence(path.parent):
        descriptor, temporary = fresh_file(path.parent, f".{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def one_sentence(folder: Path) -> Iterator[None]:
    """Put what the operating system has against writing a folder into one sentence.

    Raises:
        DataError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"{folder}: cannot be written: {error.strerror}; the journal has what is missing") from error
