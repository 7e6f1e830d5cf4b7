"""Daily returns of a run as a pandas series, for whoever measures them with libraries of their own."""

import pandas as pd

from engine.record.review.returns import daily_returns
from engine.record.run_record import RunRecord


def returns_of(record: RunRecord) -> "pd.Series[float]":
    """Give the daily simple returns of a run's equity.

    Returns:
        Fractions, shape (decision days - 1,), indexed by the UTC day at whose close each was reached, named `return`.

    Raises:
        DataError: the equity of a day that another follows is not positive.
    """
    returns = daily_returns(record)
    index = pd.DatetimeIndex([day for day, _ in returns], name="date")
    return pd.Series([value for _, value in returns], index=index, name="return", dtype="float64")
