"""Federal holidays and business days, beside the list that pandas keeps."""

from datetime import date

import numpy as np
import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

from engine.data.federal_holidays import (
    business_days_from,
    federal_holidays,
    next_business_days,
    nth_business_days,
)


def days(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array(texts, dtype="datetime64[D]")


def test_the_observed_holidays_are_those_of_an_independent_calendar() -> None:
    theirs = USFederalHolidayCalendar().holidays(pd.Timestamp("1990-01-01"), pd.Timestamp("2040-12-31"))

    ours = {day for year in range(1990, 2042) for day in federal_holidays(year)}

    assert {day.date() for day in theirs} == {day for day in ours if 1990 <= day.year <= 2040}


def test_the_first_juneteenth_fell_on_a_saturday_and_was_observed_on_the_friday() -> None:
    assert date(2021, 6, 18) in federal_holidays(2021)
    assert not [day for day in federal_holidays(2020) if day.month == 6]


def test_a_new_year_on_a_saturday_is_observed_in_the_year_before() -> None:
    assert federal_holidays(2022)[0] == date(2021, 12, 31)
    assert next_business_days(days("2021-12-30")).tolist() == [date(2022, 1, 3)]


def test_the_next_business_day_is_later_than_the_day_itself() -> None:
    # A Thursday, a Friday, a Saturday, and the Friday before Labor Day.
    found = next_business_days(days("2025-08-21", "2025-08-22", "2025-08-23", "2025-08-29"))

    assert found.tolist() == [date(2025, 8, 22), date(2025, 8, 25), date(2025, 8, 25), date(2025, 9, 2)]


def test_a_business_day_stays_and_any_other_day_moves_on() -> None:
    found = business_days_from(days("2024-11-27", "2024-11-28", "2024-11-30"))

    assert found.tolist() == [date(2024, 11, 27), date(2024, 11, 29), date(2024, 12, 2)]


def test_business_days_of_a_month_are_counted_from_the_first_one() -> None:
    # January 2026: the first is a holiday, the second a Friday, the third and fourth a weekend.
    months = np.array(["2026-01", "2025-11"], dtype="datetime64[M]")

    assert nth_business_days(months, 2).tolist() == [date(2026, 1, 5), date(2025, 11, 4)]


def test_no_day_has_no_holiday_to_look_up() -> None:
    assert not len(next_business_days(days()))
