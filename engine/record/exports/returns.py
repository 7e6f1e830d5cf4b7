"""Daily returns of a run, as a series that others take."""

from collections.abc import Iterator

from engine.record.review.returns import daily_returns
from engine.record.run_record import RunRecord

RETURN_COLUMNS = ("date", "return")


def return_rows(record: RunRecord) -> Iterator[tuple[str, ...]]:
    """Write each return as a row, `RETURN_COLUMNS`, to the last bit."""
    for day, value in daily_returns(record):
        yield day.isoformat(), repr(value)
