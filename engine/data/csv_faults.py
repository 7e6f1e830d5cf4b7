"""Why a CSV file was refused: walks it cell by cell, slowly, once something is known to be wrong.

The fast reader in csv_table.py says that a file is bad; this says where, in words a person can act on.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
MISSING_MARKS = ("", ".", "nan", "NaN")
"""How a cell without a value may be written; a full stop in the files of FRED."""
LONGEST_QUOTE = 40


def numbered_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give each row, header included, with the number of the line it starts on, counted from 1.

    Raises:
        csv.Error: a quotation mark is opened and never closed, or a cell is longer than the csv module allows.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def first_fault(
    text: str, column_by_name: Mapping[str, int], *, may_be_empty: Collection[str], row_word: str
) -> str | None:
    """Find the first row that is not of its form, and say what is wrong with it: `line 12: close is empty`.

    Args:
        text: the whole file, header included.
        column_by_name: position of each column that is read.
        may_be_empty: columns of which a cell may be empty.
        row_word: what a row is: `bar`.

    Returns:
        None when every cell has the form it should have; whether the values make sense is for checks.py.
    """
    line, width = 1, 0
    try:
        for line, row in numbered_rows(text):
            if line == 1:
                width = len(row)
                continue
            problem = _row_problem(row, width, column_by_name, may_be_empty, row_word)
            if problem is not None:
                return f"line {line}: {problem}"
    except csv.Error as error:
        return f"after line {line}: not readable as CSV: {error}"
    return None


def _row_problem(
    row: list[str], width: int, column_by_name: Mapping[str, int], may_be_empty: Collection[str], row_word: str
) -> str | None:
    if not row:
        return f"is blank; each line after the header is one {row_word}"
    if len(row) != width:
        return f"has {len(row)} columns where the header has {width}"
    for name, column in column_by_name.items():
        if name != "date" and name in may_be_empty and row[column].strip() in MISSING_MARKS:
            continue
        problem = _date_problem(row[column]) if name == "date" else _number_problem(name, row[column])
        if problem is not None:
            return problem
    return None


def _date_problem(cell: str) -> str | None:
    if DATE.fullmatch(cell):
        try:
            date.fromisoformat(cell)
        except ValueError:
            return f"date {_quoted(cell)} is not in the calendar; dates like 2024-01-31 are wanted"
        return None
    return f"date {_quoted(cell)} is not of the form 2024-01-31"


def _number_problem(name: str, cell: str) -> str | None:
    if cell.strip() in MISSING_MARKS:
        return f"{name} is empty" if not cell.strip() else f"{name} is {cell.strip()}"
    if not NUMBER.fullmatch(cell):
        return f"{name} {_quoted(cell)} is not a plain number like 1234.5"
    return None


def _quoted(cell: str) -> str:
    return repr(cell if len(cell) <= LONGEST_QUOTE else cell[: LONGEST_QUOTE - 3] + "...")
