"""Daily returns of a run, as a series that others take."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from engine.core.errors import DataError
from engine.journal.run_record import RunRecord

RETURN_COLUMNS = ("date", "return")


def daily_returns(record: RunRecord) -> Sequence[tuple[date, float]]:
    """Give the simple return of equity from each decision day's close to the next one's, a fraction, by the later day.

    The first day has none, so that the mean and the deviation are those of the summary.

    Raises:
        DataError: the equity of a day that another follows is not positive.
    """
    for decision in record.decisions[:-1]:
        if not decision.equity > 0:
            raise DataError(f"{record.folder}: has no returns: the equity of {decision.day} is {decision.equity}")
    return [
        (later.day, (later.equity - earlier.equity) / earlier.equity) for earlier, later in pairwise(record.decisions)
    ]


def return_rows(record: RunRecord) -> Iterator[tuple[str, ...]]:
    """Write each return as a row, `RETURN_COLUMNS`, to the last bit."""
    for day, value in daily_returns(record):
        yield day.isoformat(), repr(value)
