"""What systems share when they look back: records, falls, sums, weeks."""

from datetime import date

import numpy as np

from engine.core.market import closes_of
from strategies.signals.records import falls, is_record, last_marked
from strategies.signals.sums import sums_between
from strategies.signals.weeks import complete_sundays, in_last_week, values_by_week
from tests.support.markets import coin_bars

MONDAY = date(2024, 1, 1)


def test_a_record_is_strictly_above_all_before_and_the_first_value_is_none() -> None:
    values = np.array([2.0, 2.0, 3.0, 1.0, 3.0, 4.0])

    assert is_record(values).tolist() == [False, False, True, False, False, True]
    assert last_marked(is_record(values)).tolist() == [-1, -1, 2, 2, 2, 5]
    assert is_record(np.array([])).tolist() == []


def test_a_fall_is_from_the_highest_so_far() -> None:
    assert falls(np.array([4.0, 2.0, 8.0, 6.0])).tolist() == [0, 0.5, 0, 0.25]


def test_sums_are_of_each_part_by_itself() -> None:
    sums = sums_between(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 2, 3]), np.array([2, 3, 2, 3]))

    assert [None if np.isnan(value) else value for value in sums.tolist()] == [3, 6, None, None]
    assert np.isnan(sums_between(np.array([]), np.array([0]), np.array([0]))).all()


def test_a_week_is_complete_on_its_sunday_and_a_day_sees_the_last_complete_one() -> None:
    bars = coin_bars("X", MONDAY, [1.0] * 6 + [2.0] + [None] * 7 + [3.0] * 8)
    series, days = closes_of(bars), bars.ordinals
    sundays = complete_sundays(series, days=days)
    weekly = values_by_week(series, sundays)

    assert [date.fromordinal(int(sunday)).day for sunday in sundays] == [7, 14, 21]
    assert [None if np.isnan(value) else value for value in weekly.tolist()] == [2, None, 3]
    # Monday to Saturday see none, Sunday sees its own week; the day after the gap sees a week without a value.
    seen = in_last_week(np.fmax.accumulate(weekly), sundays, days).tolist()
    assert [None if np.isnan(value) else value for value in seen[:8]] == [*[None] * 6, 2, 2]
    assert seen[-1] == 3
