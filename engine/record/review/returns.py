"""Returns of a run, as fractions: by day, by calendar month, by calendar year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from engine.core.errors import DataError
from engine.record.run_record import RunRecord

MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfReturns:
    """Returns of one calendar year, as fractions.

    Attributes:
        months: by month, January first; None where the curve has no day.
        whole: of the days of the year that the curve has.
    """

    year: int
    months: Sequence[float | None]
    whole: float


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


def returns_by_year(curve: Iterable[tuple[date, float]]) -> list[YearOfReturns]:
    """Give each year's returns, oldest first; they multiply up to the curve's whole return.

    Args:
        curve: equity by day, ascending, positive. A period begins at the last equity of the one before it, the first at
            the first equity there is.
    """
    points = list(curve)
    months = _period_returns([((day.year, day.month), equity) for day, equity in points])
    years = _period_returns([((day.year, 0), equity) for day, equity in points])
    return [
        YearOfReturns(year=year, months=[months.get((year, month)) for month in MONTHS], whole=whole)
        for (year, _), whole in years.items()
    ]


def _period_returns(points: Sequence[tuple[tuple[int, int], float]]) -> dict[tuple[int, int], float]:
    last_of = dict(points)
    returns = {}
    start = points[0][1] if points else 0.0
    for period, end in last_of.items():
        # Of nothing there is no return.
        if start:
            returns[period] = end / start - 1
        start = end
    return returns
