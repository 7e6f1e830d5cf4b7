"""The runs below a folder, newest first: what each came to, or the one sentence that says why it cannot be read.

Newest: a one-shot run's time is the one in its name, its end; a run that is continued (`paper`) counts from the last
change of its record's files. A backtest is looked at by its summary and the ends of its files, which is quick; what
lies between is checked when it is reviewed. A paper run is read whole.
"""

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from engine.core.errors import ConfigError, DataError
from engine.journal.lock import writer_of
from engine.journal.projections import FILL_COLUMNS, ROTATION_COLUMNS
from engine.journal.run_record import RunRecord, read_run, read_summary
from engine.journal.sqlite import JOURNAL_FILE

REVIEWABLE = ("backtest", "paper")
"""The modes whose folders hold one run; others hold several, or what was learnt of many."""
ONE_SHOT = re.compile(r"(?P<mode>[a-z]+)-(?P<name>.*)-(?P<time>\d{8}T\d{6}Z)(-(?P<number>\d+))?", re.DOTALL)
CHANGING_FILES = (JOURNAL_FILE, f"{JOURNAL_FILE}-wal", "decisions.jsonl", "summary.json")
LONGEST_LINE = 1 << 16
LONG_AGO = datetime.min.replace(tzinfo=UTC)
MOST_NEAR_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One folder of the list.

    Attributes:
        at: what it is ordered by.
        mode: `backtest`, `paper`; `parity` and the like for folders that hold no run of their own; empty: not known.
        name: the configuration's.
        total_return, excess: fractions; the excess is over holding Bitcoin, None where that is not on record.
        synthetic: None where it is not known.
        writer: the process of the bot that runs in it now; None: none.
        problem: why it cannot be read, in a sentence without the folder's name; empty: it can.
    """

    folder: Path
    at: datetime
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

    @property
    def is_run(self) -> bool:
        """Whether it can be reviewed."""
        return not self.problem and self.mode in REVIEWABLE


def list_runs(out: Path) -> list[RunEntry]:
    """Give every folder below `out`, newest first; a folder that is being made (its name begins with a dot) is left.

    Raises:
        ConfigError: `out` is no folder, or cannot be read.
    """
    return [entry_of(folder) for folder in _newest_first(out)]


def newest_run(out: Path) -> tuple[RunEntry, list[RunEntry]]:
    """Give the newest run that can be reviewed, and the newer ones that are damaged; what is no run is passed over.

    Raises:
        ConfigError: there is none.
    """
    damaged: list[RunEntry] = []
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
    return folder


def entry_of(folder: Path) -> RunEntry:
    """Look at one folder; whatever is wrong with it is said in the entry."""
    named = ONE_SHOT.fullmatch(folder.name)
    mode, name = (named["mode"], named["name"]) if named else ("", folder.name)
    at = _age(folder)[0]
    try:
        summary = read_summary(folder, wanted=not (folder / JOURNAL_FILE).exists())
        mode = str(summary.get("mode", "paper"))
        if mode not in REVIEWABLE:
            synthetic = bool(summary.get("synthetic"))
            return RunEntry(folder=folder, at=at, mode=mode, name=str(summary.get("name", name)), synthetic=synthetic)
        if (folder / JOURNAL_FILE).exists():
            return _of_journal(read_run(folder), at)
        return _of_summary(folder, summary, at)
    except DataError as error:
        return RunEntry(folder=folder, at=at, mode=mode, name=name, problem=_without_folder(str(error), folder))


def name_of(record: RunRecord) -> str:
    """Give the configuration's name, or what the folder's says of it while neither is on record."""
    return str(record.summary.get("name") or (record.config or {}).get("name") or record.name.removeprefix("paper-"))


def _of_journal(record: RunRecord, at: datetime) -> RunEntry:
    days, summary = record.decisions, record.summary
    total_return = days[-1].equity / days[0].equity - 1 if days else None
    is_current = bool(days) and summary.get("last_day") == days[-1].day.isoformat()
    return RunEntry(
        folder=record.folder,
        at=at,
        mode=record.mode,
        name=name_of(record),
        first_day=days[0].day if days else None,
        last_day=days[-1].day if days else None,
        total_return=total_return,
        excess=_excess(total_return, summary) if is_current else None,
        rotations=len(record.rotations),
        synthetic=bool(summary.get("synthetic", False)),
        writer=writer_of(record.folder / JOURNAL_FILE),
    )


def _of_summary(folder: Path, summary: Mapping[str, Any], at: datetime) -> RunEntry:
    try:
        entry = RunEntry(
            folder=folder,
            at=at,
            mode=str(summary["mode"]),
            name=str(summary["name"]),
            first_day=date.fromisoformat(summary["first_day"]),
            last_day=date.fromisoformat(summary["last_day"]),
            total_return=float(summary["total_return"]),
            excess=_excess(float(summary["total_return"]), summary),
            rotations=int(summary["rotations"]),
            synthetic=bool(summary["synthetic"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{folder / 'summary.json'}: is damaged: {_words(error)}") from error
    _check_ends(entry)
    return entry


def _excess(total_return: float | None, summary: Mapping[str, Any]) -> float | None:
    held = summary.get("benchmarks", {}).get("BTC")
    return None if held is None or total_return is None else total_return - float(held["return"])


def _check_ends(entry: RunEntry) -> None:
    """Check that the files begin as they should and reach the last day."""
    for name, columns in (
        ("fills.csv", FILL_COLUMNS[:-2]),
        ("rotations.csv", ROTATION_COLUMNS),
        ("equity.csv", ("day",)),
    ):
        if not _ends(entry.folder / name)[0].startswith(",".join(columns)):
            raise DataError(f"{entry.folder / name}: is damaged: its columns are not {', '.join(columns)}")
    first, last = _ends(entry.folder / "decisions.jsonl")
    equity = _ends(entry.folder / "equity.csv")[1].partition(",")[0]
    found = (_day(first), _day(last), equity)
    if found != (str(entry.first_day), str(entry.last_day), str(entry.last_day)):
        raise DataError(
            f"{entry.folder}: is half written or damaged: its decisions go from {found[0]} to {found[1]}, equity to "
            f"{equity or 'no day'}, and its summary says {entry.first_day} to {entry.last_day}"
        )


def _ends(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            first = file.readline(LONGEST_LINE)
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LONGEST_LINE))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except FileNotFoundError as error:
        raise DataError(f"{path.parent}: has no {path.name}; it is no run folder, or half of one") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return first.decode("utf-8", "replace"), last.decode("utf-8", "replace")


def _day(line: str) -> str:
    try:
        return str(json.loads(line)["day"])
    except (ValueError, KeyError, TypeError):
        return "no day"


def _newest_first(out: Path) -> list[Path]:
    try:
        folders = [path for path in out.iterdir() if not path.name.startswith(".") and path.is_dir()]
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


def _without_folder(message: str, folder: Path) -> str:
    return message.removeprefix(str(folder)).removeprefix("/").removeprefix(": ")


def _words(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)
