"""What a series says on a day: last values and staleness, weeks and months, changes, ratios; worked out by hand."""

from collections.abc import Mapping
from datetime import date, timedelta
from math import isnan

import numpy as np
import pytest

from engine.core.calendar import decision_instant
from engine.core.market import closes_of
from engine.core.series import SeriesKind, ValueSeries, no_values, ratio
from engine.core.series_columns import (
    changes_over_weeks,
    distances,
    last_n,
    last_positions,
    last_values,
    monthly_values,
    rounded,
    sample_deviations,
    weekly_values,
)
from tests.support.markets import coin_bars, index_bars

DAILY, WEEKLY, MONTHLY = SeriesKind.DAILY, SeriesKind.WEEKLY, SeriesKind.MONTHLY
NAN = float("nan")


def series(
    values: Mapping[str, float], *, kind: SeriesKind = DAILY, lag_days: int = 1, known: Mapping[str, str] | None = None
) -> ValueSeries:
    """Build a series; a value is known at noon so many days after its date, or when `known` says."""
    instants = [
        np.datetime64((known or {}).get(day) or f"{date.fromisoformat(day) + timedelta(days=lag_days)}T12:00", "s")
        for day in values
    ]
    return ValueSeries(
        name="X",
        kind=kind,
        ordinals=np.array([date.fromisoformat(day).toordinal() for day in values]),
        values=np.array(list(values.values())),
        known_at=np.array(instants, dtype="datetime64[s]"),
    )


def on(*days: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array([date.fromisoformat(day).toordinal() for day in days])


def listed(column: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> object:
    return [[None if isnan(value) else value for value in row] for row in column.reshape(len(column), -1).tolist()]


def test_a_value_is_there_from_the_day_on_that_it_became_known() -> None:
    of = series({"2025-01-06": 1.0, "2025-01-07": 2.0})

    found = last_values(of, on("2025-01-06", "2025-01-07", "2025-01-08"))

    assert listed(found) == [[None], [1.0], [2.0]]


def test_what_becomes_known_at_the_very_end_of_a_day_is_known_on_it() -> None:
    of = series({"2025-01-06": 1.0}, known={"2025-01-06": "2025-01-08T00:00"})

    assert listed(last_values(of, on("2025-01-06", "2025-01-07"))) == [[None], [1.0]]


@pytest.mark.parametrize(("kind", "days"), [(DAILY, 14), (WEEKLY, 21), (MONTHLY, 100)])
def test_a_value_is_stale_after_so_many_days(kind: SeriesKind, days: int) -> None:
    of = series({"2025-01-06": 1.0}, kind=kind)
    last = date(2025, 1, 6) + timedelta(days=days)

    assert listed(last_values(of, on(str(last), str(last + timedelta(days=1))))) == [[1.0], [None]]
    assert last_positions(of, on(str(last + timedelta(days=1)))).tolist() == [0]


def test_the_last_values_are_the_observations_of_the_series_whatever_the_days_between() -> None:
    of = series({"2025-01-03": 1.0, "2025-01-04": 2.0, "2025-01-09": 3.0})

    assert listed(last_n(of, on("2025-01-05", "2025-01-10", "2025-02-01"), 3)) == [
        [None] * 3,
        [1.0, 2.0, 3.0],
        [None] * 3,  # the last one is stale
    ]


def test_a_change_over_weeks_goes_by_dates_and_not_by_publication() -> None:
    # The first Wednesday's value came out on a Friday for a holiday; nothing moves for that.
    weekly = {"2025-01-01": 10.0, "2025-01-08": 13.0, "2025-01-15": 11.0, "2025-01-22": 20.0}
    of = series(weekly, kind=WEEKLY, known={"2025-01-01": "2025-01-03T21:30"})

    found = changes_over_weeks(of, on("2025-01-16", "2025-01-23", "2025-01-30"), 2)

    assert listed(found) == [[1.0], [7.0], [7.0]]


def test_a_change_takes_the_last_value_at_or_before_its_other_end() -> None:
    of = series({"2025-01-02": 1.0, "2025-01-03": 2.0, "2025-01-13": 5.0})

    # A week before the 13th is the 6th; the value of the 3rd stands for it.
    assert listed(changes_over_weeks(of, on("2025-01-14"), 1)) == [[3.0]]


def test_a_change_has_no_other_end_that_was_stale() -> None:
    of = series({"2025-01-01": 1.0, "2025-01-22": 5.0})

    assert listed(changes_over_weeks(of, on("2025-01-23"), 1)) == [[5.0 - 1.0]]
    # A day later in the file, and the first value is 15 days older than the day that it would stand for.
    later = series({"2025-01-01": 1.0, "2025-01-23": 5.0})
    assert listed(changes_over_weeks(later, on("2025-01-24"), 1)) == [[None]]
    assert listed(changes_over_weeks(later, on("2025-01-24"), 4)) == [[None]]


def test_a_coins_week_ends_with_sundays_close() -> None:
    # 2025-01-06 is a Monday.
    of = closes_of(coin_bars("BTC", date(2025, 1, 6), [float(n) for n in range(1, 15)]))

    found = weekly_values(of, on("2025-01-11", "2025-01-12", "2025-01-18", "2025-01-19"), 1)

    assert listed(found) == [[None], [7.0], [7.0], [14.0]]


def test_a_us_symbols_week_ends_with_its_last_session() -> None:
    of = closes_of(index_bars("SPY", date(2025, 1, 6), [1.0, 2.0, 3.0, 4.0, 5.0]))

    assert listed(weekly_values(of, on("2025-01-12"), 1)) == [[5.0]]


def test_a_week_has_what_became_known_in_it_not_what_it_is_dated_in() -> None:
    # The dollar of a week comes out on the Monday after it.
    of = series(
        {"2025-01-09": 1.0, "2025-01-10": 2.0, "2025-01-16": 3.0},
        known={
            "2025-01-09": "2025-01-13T21:15",
            "2025-01-10": "2025-01-13T21:15",
            "2025-01-16": "2025-01-21T21:15",
        },
    )

    assert listed(weekly_values(of, on("2025-01-12", "2025-01-19", "2025-01-26"), 1)) == [[None], [2.0], [3.0]]


def test_a_sundays_last_instant_belongs_to_its_own_week() -> None:
    of = series({"2025-01-06": 1.0}, known={"2025-01-06": "2025-01-13T00:00"})

    assert listed(weekly_values(of, on("2025-01-12", "2025-01-19"), 1)) == [[1.0], [None]]


def test_one_week_without_a_value_leaves_no_row() -> None:
    of = series({"2025-01-07": 1.0, "2025-01-21": 3.0, "2025-01-28": 4.0})

    found = weekly_values(of, on("2025-01-12", "2025-01-26", "2025-02-02"), 2)

    assert listed(found) == [[None, None], [None, None], [3.0, 4.0]]


def test_a_month_is_complete_on_its_last_day() -> None:
    of = closes_of(coin_bars("BTC", date(2025, 1, 1), [float(n) for n in range(1, 61)]))

    found = monthly_values(of, on("2025-01-30", "2025-01-31", "2025-02-27", "2025-02-28"), 1)

    assert listed(found) == [[None], [31.0], [31.0], [59.0]]
    assert listed(monthly_values(of, on("2025-02-28"), 2)) == [[31.0, 59.0]]


def test_a_ratio_has_the_dates_of_both_and_is_known_when_both_are() -> None:
    over = series({"2025-01-06": 8.0, "2025-01-07": 9.0, "2025-01-08": 10.0}, kind=DAILY, lag_days=1)
    under = series({"2025-01-06": 2.0, "2025-01-08": 5.0}, kind=WEEKLY, lag_days=2)

    found = ratio(over, under)

    assert (found.kind, found.values.tolist(), found.first_day, found.last_day) == (
        WEEKLY,
        [4.0, 2.0],
        date(2025, 1, 6),
        date(2025, 1, 8),
    )
    assert [str(at) for at in found.known_at] == ["2025-01-08T12:00:00", "2025-01-10T12:00:00"]


def test_a_ratio_to_nothing_is_no_value() -> None:
    over, under = series({"2025-01-06": 8.0, "2025-01-07": 9.0}), series({"2025-01-06": 0.0, "2025-01-07": 3.0})

    assert ratio(over, under).values.tolist() == [3.0]


def test_the_last_value_is_in_the_mean_that_it_is_measured_against() -> None:
    rows = np.array([[1.0, 2.0, 6.0], [NAN, NAN, NAN], [-1.0, 0.0, 1.0]])

    # 6 / 3 - 1; a mean of 0 measures nothing.
    assert listed(distances(rows)) == [[1.0], [None], [None]]


def test_the_sample_deviation_divides_by_one_less_and_is_nothing_of_equals() -> None:
    rows = np.array([[1.0, 3.0], [0.1, 0.1], [NAN, NAN]])
    thirds = np.full((1, 3), 0.1)

    # Mean 2, squares 1 + 1, over 1.
    assert listed(sample_deviations(rows)) == [[2**0.5], [0.0], [None]]
    assert sample_deviations(thirds).tolist() == [0.0]


def test_what_is_compared_is_rounded_to_ten_decimals_large_or_small() -> None:
    column = np.array([0.15000000004, 0.15000000006, 6640618.1, NAN])

    assert listed(rounded(column)) == [[0.15], [0.1500000001], [6640618.1], [None]]


def test_cut_at_an_instant_a_series_says_the_same_of_every_day_before() -> None:
    chance = np.random.default_rng(11)
    days = np.unique(chance.integers(735000, 735400, size=150))
    lags = np.sort(chance.integers(0, 9, size=len(days)))
    instants = (days - 719163 + 1 + lags).astype("datetime64[D]").astype("datetime64[s]")
    whole = ValueSeries(
        name="X", kind=WEEKLY, ordinals=days, values=chance.normal(size=len(days)), known_at=np.sort(instants)
    )
    decision_days = np.arange(735000, 735420)
    for day in range(735000, 735420, 7):
        cut = whole.known_by(decision_instant(date.fromordinal(day)))
        before = decision_days[decision_days <= day]
        for reading in (last_values, lambda s, d: last_n(s, d, 4), lambda s, d: changes_over_weeks(s, d, 3)):
            np.testing.assert_array_equal(reading(cut, before), reading(whole, before))
        for period in (weekly_values, monthly_values):
            np.testing.assert_array_equal(period(cut, before, 2), period(whole, before, 2))


def test_a_series_of_nothing_says_nothing() -> None:
    none, days = no_values("X"), on("2025-01-06", "2025-01-07")

    assert listed(last_values(none, days)) == [[None], [None]]
    assert listed(changes_over_weeks(none, days, 1)) == [[None], [None]]
    assert listed(weekly_values(none, days, 2)) == [[None] * 2] * 2
    assert not len(ratio(none, none))
