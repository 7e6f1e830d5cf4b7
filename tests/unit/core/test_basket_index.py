"""The basket as one series: who counts on which day, and what a day without enough of them does."""

from datetime import date

import pytest

from engine.core.basket_index import basket_index, least_assets
from tests.support.markets import coin_bars

FIRST = date(2025, 1, 1)


def test_it_grows_by_the_mean_return_of_the_coins_that_were_tradable_the_day_before() -> None:
    a = coin_bars("A", FIRST, [1.0, 2.0, 2.0])
    b = coin_bars("B", FIRST, [4.0, 4.0, 5.0])

    found = basket_index([a, b], min_history_days=1)

    # +100 % and 0 %; then 0 % and +25 %.
    assert found.values.tolist() == [1.5, 1.5 * 1.125]
    assert (found.first_day, str(found.known_at[0])) == (date(2025, 1, 2), "2025-01-03T00:00:00")


def test_a_coin_counts_from_the_day_after_it_has_bars_enough() -> None:
    old = coin_bars("A", FIRST, [1.0, 1.0, 1.0, 1.0])
    young = coin_bars("B", FIRST, [None, 1.0, 2.0, 4.0])

    # Two bars on the third of January: its return of the fourth is the first that counts, and it takes two coins.
    found = basket_index([old, young], min_history_days=2)

    assert (found.values.tolist(), found.first_day) == ([1.5], date(2025, 1, 4))


def test_a_day_with_too_few_has_no_value_and_its_return_is_left_out() -> None:
    a = coin_bars("A", FIRST, [1.0, 2.0, 4.0, 4.0])
    b = coin_bars("B", FIRST, [1.0, 1.0, None, 1.0])
    c = coin_bars("C", FIRST, [1.0, 1.0, 1.0, 1.0])

    found = basket_index([a, b, c], min_history_days=1)

    # On the third B has no bar; on the fourth it has none of the day before.
    assert found.ordinals.tolist() == [date(2025, 1, 2).toordinal()]
    assert found.values.tolist() == pytest.approx([4 / 3])


def test_it_takes_three_or_all_where_they_are_fewer() -> None:
    assert [least_assets(count) for count in (0, 1, 2, 3, 8)] == [0, 1, 2, 3, 3]


def test_without_coins_it_has_no_value() -> None:
    assert not len(basket_index([], min_history_days=1))
