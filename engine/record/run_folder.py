"""The run folder: written under a temporary name beside its place, and renamed when it is whole."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType

from engine.core.errors import ConfigError
from engine.core.events import DayDecided
from engine.core.market import Floats
from engine.core.order import Fill
from engine.machine.fresh_files import fresh_folder
from engine.record.context_file import CONTEXT_COLUMNS
from engine.record.projections import (
    FILL_COLUMNS,
    ROTATION_COLUMNS,
    decision_lines,
    equity_columns,
    equity_rows,
    fill_rows,
    rotation_rows,
)
from engine.record.record_rows import RotationRow
from engine.record.run_files import (
    CONFIG_FILE,
    CONTEXT_FILE,
    DECISIONS_FILE,
    EQUITY_FILE,
    FILLS_FILE,
    ROTATIONS_FILE,
    SUMMARY_FILE,
)

WITHHELD_KEYS = ("notify",)
"""Addresses of alerts hold secrets, and decide nothing."""


def one_shot_name(mode: str, name: str, at: datetime) -> str:
    """Name the folder of a run that is not continued: `backtest-rotation-20260131T235959Z`."""
    return f"{mode}-{without_blanks(name)}-{at:%Y%m%dT%H%M%SZ}"


def without_blanks(name: str) -> str:
    """Give a name as it stands in that of a folder, which is typed again: without blanks that would need quotes."""
    return re.sub(r"\s+", "-", name)


@contextmanager
def whole_folder(parent: Path, name: str) -> Iterator[Callable[[], Path]]:
    """Give a temporary folder that takes its name when the block ends well, and is removed when it does not.

    Yields:
        A function that gives the temporary folder until the block ends, and the final one after it.

    Raises:
        ConfigError: the parent cannot be made or written.
    """
    temporary, made = _begun(parent, lambda: fresh_folder(parent, f".{_plain(name)[:40]}-"))
    final: list[Path] = []
    try:
        yield lambda: final[0] if final else temporary
        final.append(_first_free(parent, name, partial(_rename, temporary)))
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        _remove_empty(made)
        if isinstance(error, OSError):
            raise ConfigError(f"--out {parent}: cannot be written: {error.strerror or error}") from error
        raise


@contextmanager
def growing_folder(parent: Path, name: str) -> Iterator[Path]:
    """Give a new folder under its own name, for a run that is looked at while it is written.

    Where no day was decided, nothing of it is left behind when the block ends, well or not.

    Raises:
        ConfigError: the parent cannot be made or written.
    """
    folder, made = _begun(parent, lambda: _first_free(parent, name, _made))
    try:
        yield folder
    finally:
        decisions = folder / DECISIONS_FILE
        if not decisions.exists() or not decisions.stat().st_size:
            shutil.rmtree(folder, ignore_errors=True)
            _remove_empty(made)


def write_run_files(
    folder: Path,
    *,
    summary: Mapping[str, object],
    days: Sequence[DayDecided],
    fills: Sequence[Fill],
    rotations: Sequence[RotationRow],
    benchmarks: Mapping[str, Floats | None] = MappingProxyType({}),
    context: Sequence[Sequence[str]] = (),
) -> None:
    """Write the files that are rows of the record; numbers and order depend on the events alone.

    Args:
        context: the rows of `context.csv`, which is not there without any.
        benchmarks: the equity of each on the decision days; None for one that was not tradable.
    """
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
    lines = "\n".join(decision_lines(days))
    (folder / DECISIONS_FILE).write_text(lines + "\n", encoding="utf-8")
    _write_csv(folder / FILLS_FILE, FILL_COLUMNS, fill_rows(fills))
    _write_csv(folder / ROTATIONS_FILE, ROTATION_COLUMNS, rotation_rows(rotations))
    _write_csv(folder / EQUITY_FILE, equity_columns(benchmarks), equity_rows(days, benchmarks))
    if context:
        _write_csv(folder / CONTEXT_FILE, CONTEXT_COLUMNS, context)


def write_config(folder: Path, effective: Mapping[str, object]) -> None:
    """Write the configuration that a run had, without what is nobody's business; a later reading starts from it."""
    kept = {key: value for key, value in effective.items() if key not in WITHHELD_KEYS}
    (folder / CONFIG_FILE).write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _begun(parent: Path, make: Callable[[], Path]) -> tuple[Path, Sequence[Path]]:
    """Make a folder below a parent; give it, and the parents that were made for it, the innermost first."""
    missing: list[Path] = []
    try:
        missing += takewhile(lambda folder: not folder.exists(), (parent, *parent.parents))
        parent.mkdir(parents=True, exist_ok=True)
        return make(), missing
    except OSError as error:
        _remove_empty(missing)
        why = "it is not a folder" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigError(f"--out {parent}: cannot be written: {why}; name a folder that can be written") from error


def _first_free(parent: Path, name: str, take: Callable[[Path], Path]) -> Path:
    for number in range(1, 1000):
        # Two runs within one second.
        with suppress(FileExistsError):
            return take(parent / (name if number == 1 else f"{name}-{number}"))
    raise ConfigError(f"--out {parent}: holds a thousand runs named {name}; name another folder")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _rename(temporary: Path, target: Path) -> Path:
    try:
        if not target.exists():
            return temporary.rename(target)
    except OSError:
        if not target.exists():
            raise
    raise FileExistsError(target)


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        # Of a folder that was not made, or in which somebody else wrote meanwhile, nothing is to be removed.
        with suppress(OSError):
            folder.rmdir()


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
