"""Tables in CSV files: a date and numbers a row, read fast; a row that is not of that form is named with its line.

The columns may stand in any order and more may be there; dates are ISO, numbers plain decimals. Nothing is repaired.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Days
from engine.core.errors import DataError
from engine.core.market import Floats
from engine.data.bounded_lines import LONGEST_LINE_BYTES, LongLineError, read_lines
from engine.data.csv_faults import MISSING_MARKS, first_fault, numbered_rows

DATE = "date"
MOST_FILES_NAMED = 12

EPOCH_YEAR, MONTHS_A_YEAR = 1970, 12
NO_ROW = "holds a header and no row"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DATE_WIDTH = len("2024-01-31")
DATE_CELL = f"S{DATE_WIDTH + 1}"
"""One byte more than a date has: bytes are far cheaper than strings, and a longer cell still shows."""
PLAIN_LETTERS = np.array([letter in b"0123456789+-.eE,\nNaninf" for letter in range(256)])
"""By byte: whether it may stand in a cell that is a date, a number (inf is one, and refused later), NaN, or empty."""
LONE_STOP = re.compile(rb",\.(?=[,\n]|\Z)")
DIGIT_POSITIONS = (0, 1, 2, 3, 5, 6, 8, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableForm:
    """What the rows of a file are to hold, beside their date.

    Attributes:
        row: what one is, in a word: `bar`.
        required: columns of numbers that have to be there.
        optional: columns that may be.
        may_be_empty: columns of which a cell may be empty.
        folder_key: the key of the configuration that names the folder.
        also: other heads, in small letters, by which a column is known.
    """

    row: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    may_be_empty: tuple[str, ...]
    folder_key: str
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, the date first."""
        return (DATE, *self.required, *self.optional)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """The rows of a file.

    Attributes:
        numbers: by the name of the column; NaN where a cell is empty.
    """

    path: Path
    days: Days
    numbers: Mapping[str, Floats]
    text: str

    def place(self, row: int) -> str:
        """Give the place of a row, counted from 0: `data/BTC.csv, line 12`."""
        return f"{self.path}, line {_line_of(self.text, row)}"


def read_table(path: Path, form: TableForm) -> Table:
    """Read a file.

    Args:
        path: UTF-8, with or without byte order mark, any line ends.

    Raises:
        DataError: it is missing, unreadable, empty or a row is bad; one sentence naming the file, the line, the reason.
    """
    content = _content(path, form)
    text = _text(path, content)
    column_by_name = _columns(path, text, form)
    if content.count(b"\n") == 0:
        raise DataError(f"{path}: {NO_ROW}; a {form.row} a line is wanted")
    try:
        days, numbers = _parse(content, text, column_by_name, form)
    except ValueError as error:
        # None of them names the line.
        fault = first_fault(text, column_by_name, may_be_empty=form.may_be_empty, row_word=form.row)
        raise DataError(f"{path}, {fault}" if fault else f"{path}: not readable as {form.row}s: {error}") from error
    return Table(path=path, days=days, numbers=numbers, text=text)


def _content(path: Path, form: TableForm) -> bytes:
    try:
        content = read_lines(path)
    except LongLineError as error:
        raise DataError(
            f"{path}, line {error.line}: is longer than {LONGEST_LINE_BYTES:,} bytes; a {form.row} a line is wanted"
        ) from error
    except FileNotFoundError:
        raise DataError(_missing_file(path, form)) from None
    except NotADirectoryError:
        raise DataError(f"{path}: no such file, because {path.parent} is not a folder; see {form.folder_key}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; a CSV file of {form.row}s is wanted") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    content = content.removeprefix(BYTE_ORDER_MARK)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    content = content.rstrip()
    if not content:
        raise DataError(f"{path}: is empty; a header {','.join(form.columns)} and a {form.row} a line are wanted")
    return content


def _missing_file(path: Path, form: TableForm) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"{path}: no such file, because there is no folder {folder}; see {form.folder_key}"
    names = sorted(entry.name for entry in folder.glob("*.csv"))
    if not names:
        return f"{path}: no such file; {folder} holds no CSV file at all"
    more = f" and {len(names) - MOST_FILES_NAMED} more" if len(names) > MOST_FILES_NAMED else ""
    return f"{path}: no such file; {folder} holds {', '.join(names[:MOST_FILES_NAMED])}{more}"


def _text(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: is not UTF-8 text; save the file as CSV in UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}, line {line}: holds a zero byte; a text file in UTF-8 is wanted")
    return text


def _columns(path: Path, text: str, form: TableForm) -> Mapping[str, int]:
    header = text.partition("\n")[0]
    heads = [name.strip().strip('"').strip().lower() for name in header.split(",")]
    names = [form.also.get(head, head) for head in heads]
    for name in form.columns:
        if names.count(name) > 1:
            raise DataError(f"{path}, line 1: the header has the column {name} twice")
        if name not in form.optional and name not in names:
            other = next((mark for mark in (";", "\t", "|") if mark in header and len(names) == 1), None)
            hint = f"columns are separated by {other!r}, commas are wanted" if other else f"it is {header[:80]!r}"
            raise DataError(
                f"{path}, line 1: the header lacks the column {name}; {hint}; {','.join(form.columns)} are allowed"
            )
    return {name: names.index(name) for name in form.columns if name in names}


def _parse(
    content: bytes, text: str, column_by_name: Mapping[str, int], form: TableForm
) -> tuple[Days, dict[str, Floats]]:
    """Read the rows; any ValueError means that some row is not of the form it should have."""
    header, _, body = content.partition(b"\n")
    names = sorted(column_by_name, key=lambda name: column_by_name[name])
    # What stays is allocated before what goes: the other way round, every file leaves a hole of megabytes on the heap.
    room = np.empty((len(names), body.count(b"\n") + 1))
    if not PLAIN_LETTERS[np.frombuffer(body, dtype=np.uint8)].all() or LONE_STOP.search(body):
        cells = _walked(text, column_by_name, form)
    elif _all_lines_have(body, commas=header.count(b",")):
        cells = _plain_cells(body, [column_by_name[name] for name in names], names)
    else:
        raise ValueError("a row has more or fewer columns than the header")
    # A quoted cell may span lines, so there may be fewer rows than lines.
    kept = dict(zip(names, room[:, : len(cells[DATE])], strict=True))
    dates = kept.pop(DATE).view("datetime64[D]")
    dates[:] = _days(np.ascontiguousarray(cells[DATE]))
    for name, column in kept.items():
        column[:] = cells[name]
        if name not in form.may_be_empty and np.isnan(column).any():
            raise ValueError(f"{name} is missing")
    return dates, kept


def _plain_cells(body: bytes, columns: Sequence[int], names: Sequence[str]) -> Mapping[str, NDArray[Any]]:
    """Read cells that are nothing but dates and numbers, or empty."""
    # Twice: the second of three commas in a row ends one empty cell and begins the next.
    filled = body.replace(b",,", b",nan,").replace(b",,", b",nan,").replace(b",\n", b",nan\n")
    lines = (filled + b"nan" if filled.endswith(b",") else filled).decode().split("\n")
    kinds = [(name, DATE_CELL if name == DATE else "f8") for name in names]
    cells: NDArray[Any] = np.loadtxt(lines, dtype=kinds, comments=None, delimiter=",", usecols=columns, ndmin=1)
    return {name: cells[name] for name in names}


def _walked(text: str, column_by_name: Mapping[str, int], form: TableForm) -> Mapping[str, NDArray[Any]]:
    """Read cells with quotes, spaces or marks, slowly: only a walk can tell which commas separate columns."""
    if first_fault(text, column_by_name, may_be_empty=form.may_be_empty, row_word=form.row) is not None:
        raise ValueError("a row is not of the form of the header")
    _, *rows = (row for _, row in numbered_rows(text))
    return {
        name: np.array([row[at] for row in rows], dtype=DATE_CELL)
        if name == DATE
        else np.array([np.nan if row[at].strip() in MISSING_MARKS else float(row[at]) for row in rows])
        for name, at in column_by_name.items()
    }


def _all_lines_have(body: bytes, *, commas: int) -> bool:
    letters = np.frombuffer(body + b"\n", dtype=np.uint8)
    marks = letters[(letters == ord(",")) | (letters == ord("\n"))]
    line = np.frombuffer(b"," * commas + b"\n", dtype=np.uint8)
    return len(marks) % len(line) == 0 and bool((marks.reshape(-1, len(line)) == line).all())


def _days(cells: NDArray[np.bytes_]) -> Days:
    # numpy would also take 2024, 2024-01, today and now; only the full form is let through to it.
    letters = cells.view(np.uint8).reshape(len(cells), DATE_WIDTH + 1)
    digits = letters[:, DIGIT_POSITIONS]
    if not (
        (letters[:, DATE_WIDTH] == 0).all()
        and (letters[:, (4, 7)] == ord("-")).all()
        and ((digits >= ord("0")) & (digits <= ord("9"))).all()
    ):
        raise ValueError("a date is not of the form 2024-01-31")
    # numpy 2.4 crashes on casting an impossible date of many; integers cannot.
    number = (digits - ord("0")).astype(np.int64)
    year = number[:, :4] @ np.array([1000, 100, 10, 1])
    month, day = number[:, 4:6] @ np.array([10, 1]), number[:, 6:] @ np.array([10, 1])
    months = (year - EPOCH_YEAR) * MONTHS_A_YEAR + month - 1
    days: Days = months.view("datetime64[M]").astype("datetime64[D]") + (day - 1).view("timedelta64[D]")
    possible = (year >= 1) & (month >= 1) & (month <= MONTHS_A_YEAR) & (day >= 1)
    if not (possible & (days.astype("datetime64[M]").view(np.int64) == months)).all():
        raise ValueError("a date is none of the calendar's")
    return days


def _line_of(text: str, row: int) -> int:
    if '"' not in text:
        return row + 2
    # A quoted cell may span lines.
    return next(line for number, (line, _) in enumerate(numbered_rows(text)) if number == row + 1)
