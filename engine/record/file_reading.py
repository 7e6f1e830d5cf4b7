"""The files of a run folder as texts, lines and tables; what is wrong with one is a sentence that names it."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from engine.core.errors import DataError
from engine.machine.regular_files import regular

T = TypeVar("T")
F = TypeVar("F")


def text_of(path: Path) -> str:
    """Read a file.

    Raises:
        DataError: there is none, it cannot be read, or is no text.
    """
    try:
        return regular(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise no_file(path) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is damaged: byte {error.start + 1} is no text") from error


def no_file(path: Path) -> DataError:
    """Give the sentence for a file of a run that is not there."""
    return DataError(f"{path.parent}: has no {path.name}; it is no run folder, or half of one")


def object_of(path: Path, parse: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Read a file that holds an object.

    Raises:
        DataError: as for `text_of`, or `parse` raised a ValueError.
    """
    try:
        return parse(text_of(path))
    except ValueError as error:
        raise DataError(f"{path}: is damaged: {error}") from error


def lines_of(path: Path) -> list[str]:
    """Read lines.

    Raises:
        DataError: as for `text_of`.
    """
    text = text_of(path)
    # Not `splitlines`: a text of the record may hold signs that Unicode calls line ends.
    return text.removesuffix("\n").split("\n") if text else []


def table_of(path: Path, columns: Sequence[str]) -> tuple[Sequence[str], list[Mapping[str, str]]]:
    """Read a CSV file: its columns, and the cells of each row by column, without those that are empty.

    Args:
        columns: those it has to begin with.

    Raises:
        DataError: as for `text_of`; or its columns are others, or a row has not as many.
    """
    try:
        header, *rows = [*csv.reader(io.StringIO(text_of(path), newline=""))] or [[]]
    except csv.Error as error:
        raise DataError(f"{path}: is damaged: {error}") from error
    if header[: len(columns)] != list(columns):
        raise DataError(f"{path}: is damaged: its columns are not {', '.join(columns)}")

    def cells(row: Sequence[str]) -> Mapping[str, str]:
        if len(row) != len(header):
            raise ValueError(f"it has {len(row)} cells, and there are {len(header)} columns")
        return {column: cell for column, cell in zip(header, row, strict=True) if cell}

    return header, [*rows_of(path, rows, cells)]


def rows_of(path: Path, found: Iterable[F], parse: Callable[[F], T], *, kind: str = "row") -> tuple[T, ...]:
    """Read what a file holds many of, one after another.

    Raises:
        DataError: `parse` raised a ValueError; says at which.
    """
    parsed = []
    for number, each in enumerate(found, start=1):
        try:
            parsed.append(parse(each))
        except ValueError as error:
            raise DataError(f"{path}: is damaged in {kind} {number}: {error}") from error
    return tuple(parsed)
