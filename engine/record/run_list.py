"""The runs below a folder, newest first: what each came to, or the one sentence that says why it cannot be read.

Newest: a one-shot run's time is the one in its name, its end; a run that is continued (`paper`) counts from the last
change of its record's files. A run is looked at by its summary and the ends of its files, and a paper run by its
decisions, which is quick; what lies between is checked when it is reviewed.
"""

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from engine.core.errors import ConfigError, DataError
from engine.core.rotation_equity import ROTATED
from engine.journal.lock import writer_of
from engine.journal.sqlite import JOURNAL_FILE, check_journal
from engine.record.projections import FILL_COLUMNS, ROTATION_COLUMNS
from engine.record.run_files import (
    DECISIONS_FILE,
    EQUITY_FILE,
    FILLS_FILE,
    ROTATIONS_FILE,
    STUDY_FILE,
    STUDY_PAGE,
    SUMMARY_FILE,
)
from engine.record.run_outline import LONG_AGO, REVIEWABLE, RunOutline, ends_of, outline_of, sentence_of
from engine.record.run_record import ONE_SHOT_MODES, read_run

ONE_SHOT = re.compile(r"(?P<mode>[a-z]+)-(?P<name>.*)-(?P<time>\d{8}T\d{6}Z)(-(?P<number>\d+))?", re.DOTALL)
NO_RUN = re.compile(r"(context|study|compare)-.*", re.DOTALL)
"""Folders of what was computed without a run; a run by such a name has a summary or a journal."""
CHANGING_FILES = (JOURNAL_FILE, f"{JOURNAL_FILE}-wal", DECISIONS_FILE, SUMMARY_FILE)
MOST_NEAR_NAMES = 3


def list_runs(out: Path) -> list[RunOutline]:
    """Give every folder below `out`, newest first; a folder that is being made (its name begins with a dot) is left.

    Raises:
        ConfigError: `out` is no folder, or cannot be read.
    """
    return [entry_of(folder) for folder in _newest_first(out)]


def newest_run(out: Path) -> tuple[RunOutline, list[RunOutline]]:
    """Give the newest run that can be reviewed, and the newer ones that are damaged; what is no run is passed over.

    Raises:
        ConfigError: there is none.
    """
    damaged: list[RunOutline] = []
    for folder in _newest_first(out):
        entry = entry_of(folder)
        if entry.is_run:
            return entry, damaged
        if entry.problem and entry.mode:
            damaged.append(entry)
    also = f", and {len(damaged)} that cannot be read (`review --list` says why)" if damaged else ""
    raise ConfigError(f"--out {out}: there is no run{also}; `backtest` and `paper` make some")


def find_run(run: str, out: Path) -> Path:
    """Find the folder of a run that is named by a path or by a name below `out`.

    Raises:
        ConfigError: there is none, or it holds several runs.
    """
    folder = next((folder for folder in (Path(run), out / run) if run.strip() and _is_folder(folder)), None)
    if folder is None:
        raise ConfigError(f"RUN {run!r}: there is no such folder, here or in {out}; {_near(run, out)}")
    if folder.resolve() == out.resolve():
        raise ConfigError(f"RUN {run!r}: is the folder of all runs; {_near(run, out)}")
    if not (folder / JOURNAL_FILE).exists() and all((folder / part).is_dir() for part in ("backtest", "live")):
        raise ConfigError(f"RUN {run!r}: holds two runs; name {folder / 'backtest'} or {folder / 'live'}, or both")
    if _is_study(folder):
        raise ConfigError(f"RUN {run!r}: is a study of the thesis, not a run; open {folder / STUDY_PAGE}")
    return folder


def entry_of(folder: Path) -> RunOutline:
    """Look at one folder; whatever is wrong with it is said in the entry."""
    named = ONE_SHOT.fullmatch(folder.name)
    mode, name = (named["mode"], named["name"]) if named else ("", folder.name)
    at = _age(folder)[0]
    try:
        outline = outline_of(folder)
        mode = outline.mode
        return _checked(replace(outline, at=at), name)
    except DataError as error:
        return RunOutline(folder=folder, at=at, mode=mode, name=name, problem=sentence_of(error, folder))


def may_be_run(folder: Path) -> bool:
    """Tell whether a folder is to be looked at: one that is being made is not, nor what was computed without a run."""
    if folder.name.startswith("."):
        return False
    return not NO_RUN.fullmatch(folder.name) or any((folder / name).exists() for name in CHANGING_FILES)


def _checked(outline: RunOutline, name_of_folder: str) -> RunOutline:
    folder = outline.folder
    if outline.mode not in REVIEWABLE:
        name, synthetic = outline.name or name_of_folder, bool(outline.synthetic)
        return RunOutline(folder=folder, at=outline.at, mode=outline.mode, name=name, synthetic=synthetic)
    has_journal = (folder / JOURNAL_FILE).exists()
    if has_journal and outline.mode not in ONE_SHOT_MODES:
        return _of_paper(outline)
    if has_journal:
        check_journal(folder / JOURNAL_FILE)
    _check_summary(outline)
    _check_ends(outline)
    return outline


def _is_study(folder: Path) -> bool:
    return (folder / STUDY_FILE).exists() and not any((folder / name).exists() for name in (SUMMARY_FILE, JOURNAL_FILE))


def _of_paper(entry: RunOutline) -> RunOutline:
    journal, decisions = entry.folder / JOURNAL_FILE, entry.folder / DECISIONS_FILE
    writer = writer_of(journal)
    if decisions.exists():
        check_journal(journal)
        return replace(entry, rotations=_rotations_in(decisions), writer=writer)
    # Somebody took the files away: all of them can be written again from the journal.
    record = read_run(entry.folder)
    days = record.decisions
    return replace(
        entry,
        first_day=days[0].day if days else None,
        last_day=days[-1].day if days else None,
        total_return=days[-1].equity / days[0].equity - 1 if days else None,
        rotations=len(record.rotations),
        synthetic=bool(entry.synthetic),
        writer=writer,
    )


def _rotations_in(path: Path) -> int:
    """Count the decisions that go into the basket."""
    try:
        with path.open(encoding="utf-8") as lines:
            states = [json.loads(line)["next_state"] for line in lines if line.endswith("\n")]
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: is damaged: a line is no decision") from error
    return sum(state == ROTATED != before for before, state in pairwise(["", *states]))


def _check_summary(entry: RunOutline) -> None:
    wanted = ("name", "first_day", "last_day", "total_return", "rotations", "synthetic")
    missing = [key for key in wanted if getattr(entry, key) in (None, "")]
    if missing:
        raise DataError(f"{entry.folder / 'summary.json'}: is damaged: it has no {missing[0]!r}")


def _check_ends(entry: RunOutline) -> None:
    """Check that the files begin as they should and reach the last day."""
    for name, columns in (
        (FILLS_FILE, FILL_COLUMNS[:-2]),
        (ROTATIONS_FILE, ROTATION_COLUMNS),
        (EQUITY_FILE, ("day",)),
    ):
        if not ends_of(entry.folder / name)[0].startswith(",".join(columns)):
            raise DataError(f"{entry.folder / name}: is damaged: its columns are not {', '.join(columns)}")
    first, last = ends_of(entry.folder / DECISIONS_FILE)
    equity = ends_of(entry.folder / EQUITY_FILE)[1].partition(",")[0]
    found = (_day(first), _day(last), equity)
    if found != (str(entry.first_day), str(entry.last_day), str(entry.last_day)):
        raise DataError(
            f"{entry.folder}: is half written or damaged: its decisions go from {found[0]} to {found[1]}, equity to "
            f"{equity or 'no day'}, and its summary says {entry.first_day} to {entry.last_day}"
        )


def _day(line: str) -> str:
    try:
        return str(json.loads(line)["day"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "no day"


def _newest_first(out: Path) -> list[Path]:
    try:
        folders = [path for path in out.iterdir() if path.is_dir() and may_be_run(path)]
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be read: {error.strerror}; `backtest` and `paper` make runs") from error
    return sorted(folders, key=_age, reverse=True)


def _age(folder: Path) -> tuple[datetime, int, str]:
    named = ONE_SHOT.fullmatch(folder.name)
    if named:
        try:
            at = datetime.strptime(named["time"], "%Y%m%dT%H%M%S%z")
            return at, int(named["number"] or 1), folder.name
        except ValueError:
            # Digits, but no time: a folder that somebody else named.
            pass
    changes = list(_changes(folder))
    return max(changes, default=LONG_AGO), 1, folder.name


def _changes(folder: Path) -> Iterator[datetime]:
    for path in (*(folder / name for name in CHANGING_FILES), folder):
        try:
            changed = path.stat().st_mtime
        except OSError:
            continue
        if path != folder or not any((folder / name).exists() for name in CHANGING_FILES):
            yield datetime.fromtimestamp(changed, UTC)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        # A name that is too long, or holds a NUL.
        return False


def _near(run: str, out: Path) -> str:
    names = [folder.name for folder in _newest_first(out)] if _is_folder(out) else []
    near = [name for name in names if run.strip() and run.lower() in name.lower()][:MOST_NEAR_NAMES]
    near = near or difflib.get_close_matches(run, names, n=MOST_NEAR_NAMES)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "`review --list` shows the runs" if names else "there are no runs yet; `backtest` and `paper` make some"
