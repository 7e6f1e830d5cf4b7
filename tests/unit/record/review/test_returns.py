"""Returns by calendar month and year."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.record.review.returns import returns_by_year

# A fall by to less than a millionth leaves too few digits of a return of nearly -1 to multiply up again.
CURVES = st.lists(st.floats(min_value=1, max_value=1e6), min_size=1, max_size=900)


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def test_a_month_begins_where_the_one_before_it_ended() -> None:
    curve = [(date(2023, 12, 30), 100.0), (date(2023, 12, 31), 110.0), (date(2024, 1, 31), 99.0)]

    first, second = returns_by_year(curve)

    # December from its first equity on: 110 / 100; January from December's last: 99 / 110.
    assert (first.year, second.year) == (2023, 2024)
    assert [first.months[11], first.whole] == pytest.approx([0.1, 0.1])
    assert [second.months[0], second.whole] == pytest.approx([-0.1, -0.1])
    assert [*first.months[:11], *second.months[1:]] == [None] * 22


def test_no_days_have_no_years() -> None:
    assert returns_by_year([]) == []


@given(CURVES, st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_months_and_years_multiply_up_to_the_whole_return(curve: list[float], first: date) -> None:
    years = returns_by_year(zip(days_from(first, len(curve)), curve, strict=True))

    whole = curve[-1] / curve[0]
    assert math.prod(1 + year.whole for year in years) == pytest.approx(whole)
    months = [month for year in years for month in year.months if month is not None]
    assert math.prod(1 + month for month in months) == pytest.approx(whole)
