"""Daily returns: one fewer than days, by the later day, to the last bit."""

from datetime import timedelta

import pytest

from engine.core.errors import DataError
from engine.record.exports.daily_returns import returns_of
from engine.record.review.returns import daily_returns
from engine.wiring.analysis.export import EXPORTS
from tests.support.booked import record_with_equity
from tests.support.fakes import DAY

NEXT, THIRD = DAY + timedelta(days=1), DAY + timedelta(days=2)


def test_a_return_belongs_to_the_day_at_whose_close_it_was_reached() -> None:
    assert daily_returns(record_with_equity({DAY: 100.0, NEXT: 110.0, THIRD: 99.0})) == [(NEXT, 0.1), (THIRD, -0.1)]


def test_a_run_of_one_day_has_no_return() -> None:
    record = record_with_equity({DAY: 100.0})

    assert daily_returns(record) == []
    assert returns_of(record).empty


def test_rows_give_back_the_same_bits() -> None:
    record = record_with_equity({DAY: 100.0, NEXT: 100.0 / 3, THIRD: 7.7})

    header, *rows = (row.split(",") for row in EXPORTS["returns"](record).splitlines())

    assert header == ["date", "return"]
    assert [(day, float(value)) for day, value in rows] == [(str(day), value) for day, value in daily_returns(record)]


def test_a_series_is_indexed_by_days_and_named() -> None:
    series = returns_of(record_with_equity({DAY: 100.0, NEXT: 110.0, THIRD: 99.0}))

    assert (series.name, series.index.name, str(series.dtype)) == ("return", "date", "float64")
    assert [day.date() for day in series.index] == [NEXT, THIRD]
    assert series.tolist() == [0.1, -0.1]


def test_everything_can_be_lost_but_from_nothing_there_is_no_return() -> None:
    assert daily_returns(record_with_equity({DAY: 100.0, NEXT: 0.0})) == [(NEXT, -1.0)]
    with pytest.raises(DataError, match=r"has no returns: the equity of 2024-01-02 is 0\.0"):
        daily_returns(record_with_equity({DAY: 100.0, NEXT: 0.0, THIRD: 1.0}))
