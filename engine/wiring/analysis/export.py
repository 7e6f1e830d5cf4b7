"""A run's record -> one of the forms that others take."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from engine.core.errors import ConfigError
from engine.record.exports.beancount import beancount_text
from engine.record.exports.ledger_csv import LEDGER_COLUMNS, ledger_rows
from engine.record.exports.transactions import book_of
from engine.record.review.returns import daily_returns
from engine.record.run_record import RunRecord, read_run


def export_run(folder: Path, kind: str, *, to: TextIO) -> None:
    """Write a run's record as `kind`: `csv` and `beancount` are its ledger, `returns` its daily returns.

    Raises:
        ConfigError: there is no such kind.
        DataError: the folder is no run's, or damaged; nothing is written then.
    """
    if kind not in EXPORTS:
        raise ConfigError(f"--export {kind}: is not known; allowed are {', '.join(EXPORTS)}")
    to.write(EXPORTS[kind](read_run(folder)))


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Write a table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


EXPORTS: Mapping[str, Callable[[RunRecord], str]] = {
    "csv": lambda record: csv_text(LEDGER_COLUMNS, ledger_rows(book_of(record))),
    "beancount": beancount_text,
    # To the last bit.
    "returns": lambda record: csv_text(
        ("date", "return"), ((str(day), repr(value)) for day, value in daily_returns(record))
    ),
}
