"""When a value became known: the dated examples of the rules, and mistakes of which each must change one of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from engine.core.calendar import Days, Instants
from engine.core.series import SeriesKind
from engine.data.federal_holidays import business_days_from, next_business_days
from engine.data.publication import Publication, new_york_instants, same_day
from engine.data.series_table import SERIES, any_other

EXAMPLES = [
    ("WALCL", "2024-11-27", "2024-11-29 21:30"),  # Thanksgiving
    ("WALCL", "2025-08-20", "2025-08-21 20:30"),
    ("WTREGEN", "2025-01-15", "2025-01-16 21:30"),
    ("NFCI", "2025-01-17", "2025-01-23 13:30"),  # Martin Luther King
    ("NFCI", "2025-08-15", "2025-08-20 12:30"),
    ("NFCI", "2025-12-19", "2025-12-24 13:30"),  # Christmas is the day after
    ("NFCI", "2024-12-20", "2024-12-26 13:30"),  # Christmas is the Wednesday
    ("M2SL", "2025-08-01", "2025-09-23 17:00"),
    ("M2SL", "2018-11-01", "2018-12-26 18:00"),  # Christmas is the fourth Tuesday
    ("FEDFUNDS", "2025-12-01", "2026-01-05 14:00"),
    ("DFF", "2025-11-07", "2025-11-10 14:00"),
    ("DFF", "2025-11-08", "2025-11-10 14:00"),
    ("DFF", "2025-11-09", "2025-11-10 14:00"),
    ("DFF", "2025-11-10", "2025-11-12 14:00"),  # Veterans Day
    ("HY_OAS", "2025-08-21", "2025-08-22 13:00"),
    ("DGS2", "2025-08-21", "2025-08-22 20:15"),
    ("DXY", "2025-08-28", "2025-09-02 20:15"),  # Labor Day
    ("DXY", "2025-08-31", "2025-09-02 20:15"),  # the Sunday of that week
    ("DXY", "2025-09-01", "2025-09-08 20:15"),
    ("TGA_DTS", "2025-07-03", "2025-07-07 20:00"),
    ("RRPONTSYD", "2025-07-04", "2025-07-04 17:30"),
    ("BTC_ETF_FLOW", "2025-10-31", "2025-11-01 13:00"),
    ("IWM_FLOW", "2024-05-08", "2024-05-10 00:00"),
    ("IWM_ADJCLOSE", "2025-07-03", "2025-07-03 20:15"),
    ("VIX_CBOE", "2025-01-03", "2025-01-03 21:15"),
]


def known(rule: Publication, day: str) -> str:
    instant = rule.known_at(np.array([day], dtype="datetime64[D]"))[0].item()
    return f"{instant:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(("name", "day", "instant"), EXAMPLES)
def test_a_value_is_known_when_its_source_publishes_it(name: str, day: str, instant: str) -> None:
    assert known(SERIES[name].publication, day) == instant


def decision_day(name: str, day: str) -> date:
    instant = datetime.fromisoformat(known(SERIES[name].publication, day))
    return instant.date() if instant.time() > time(0) else instant.date() - timedelta(days=1)


def test_the_flow_of_a_friday_is_for_the_decision_of_the_saturday() -> None:
    assert decision_day("BTC_ETF_FLOW", "2025-10-31") == date(2025, 11, 1)


def as_of_its_date(rule: Publication) -> Publication:
    return replace(rule, day=same_day, any_day=True)


def a_week_late(rule: Publication) -> Publication:
    return replace(rule, day=lambda days: rule.day(days) + np.timedelta64(7, "D"))


def a_week_early(rule: Publication) -> Publication:
    return replace(rule, day=lambda days: rule.day(days) - np.timedelta64(7, "D"))


def whatever_the_holiday(rule: Publication) -> Publication:
    return replace(rule, any_day=True)


def by_the_day_after(rule: Publication) -> Publication:
    return replace(rule, day=next_business_days)


class AtUtc(Publication):
    """Takes the hour of New York for one of UTC, or, with `hours_behind`, New York for so far behind all year."""

    hours_behind = 0

    def known_at(self, dates: Days) -> Instants:
        days = self.day(dates) if self.any_day else business_days_from(self.day(dates))
        at = self.at or time(0)
        after_midnight = timedelta(hours=at.hour + self.hours_behind, minutes=at.minute)
        instants = [datetime.combine(day, time(0)) + after_midnight for day in days.tolist()]
        return np.array(instants, dtype="datetime64[s]")


class AlwaysWinter(AtUtc):
    hours_behind = 5


def in_utc(rule: Publication) -> Publication:
    return AtUtc(day=rule.day, at=rule.at, any_day=rule.any_day)


def without_summer_time(rule: Publication) -> Publication:
    return AlwaysWinter(day=rule.day, at=rule.at, any_day=rule.any_day)


@pytest.mark.parametrize(
    ("mistake", "name"),
    [
        *((as_of_its_date, name) for name in ("WALCL", "NFCI", "M2SL", "FEDFUNDS", "DFF", "HY_OAS", "DGS2", "DXY")),
        *((as_of_its_date, name) for name in ("TGA_DTS", "BTC_ETF_FLOW")),
        *((a_week_late, name) for name in ("WALCL", "WTREGEN", "NFCI", "DXY", "M2SL")),
        *((a_week_early, name) for name in ("WALCL", "WTREGEN", "NFCI", "DXY", "M2SL")),
        *((whatever_the_holiday, name) for name in ("WALCL", "M2SL", "DXY")),
        *((by_the_day_after, name) for name in ("NFCI", "M2SL", "FEDFUNDS", "DXY", "RRPONTSYD")),
        *((in_utc, name) for name in sorted({name for name, _, _ in EXAMPLES})),
        *((without_summer_time, name) for name in ("WALCL", "NFCI", "M2SL", "HY_OAS", "DGS2", "DXY", "TGA_DTS")),
        *((without_summer_time, name) for name in ("RRPONTSYD", "BTC_ETF_FLOW", "IWM_ADJCLOSE")),
    ],
)
def test_no_mistake_of_publication_gets_by_the_examples(
    mistake: Callable[[Publication], Publication], name: str
) -> None:
    wrong = mistake(SERIES[name].publication)

    assert any(known(wrong, day) != instant for example, day, instant in EXAMPLES if example == name)


@pytest.mark.parametrize(
    ("kind", "lag_days", "day", "instant"),
    [
        (SeriesKind.DAILY, None, "2025-08-20", "2025-08-22 00:00"),  # the end of Thursday
        (SeriesKind.DAILY, None, "2025-08-22", "2025-08-26 00:00"),  # Friday: Saturday waits for Monday
        (SeriesKind.DAILY, 0, "2025-08-20", "2025-08-21 00:00"),
        (SeriesKind.WEEKLY, None, "2025-08-20", "2025-08-28 00:00"),
        (SeriesKind.MONTHLY, None, "2025-08-01", "2025-09-16 00:00"),
        (SeriesKind.MONTHLY, 31, "2025-08-01", "2025-09-03 00:00"),  # Labor Day
    ],
)
def test_any_other_series_is_known_some_days_later_at_the_end_of_the_day(
    kind: SeriesKind, lag_days: int | None, day: str, instant: str
) -> None:
    assert known(any_other(kind, lag_days).publication, day) == instant


def test_an_hour_of_new_york_is_another_one_in_summer() -> None:
    days = np.array(["2025-03-07", "2025-03-10"], dtype="datetime64[D]")

    found = [at.replace(tzinfo=UTC).hour for at in new_york_instants(days, time(16, 15)).tolist()]

    assert found == [21, 20]


@pytest.mark.parametrize("name", SERIES)
def test_no_later_value_is_known_earlier(name: str) -> None:
    rule = SERIES[name]
    step = {SeriesKind.DAILY: 1, SeriesKind.WEEKLY: 7, SeriesKind.MONTHLY: None}[rule.kind]
    days = np.arange("2014-12-31", "2026-12-31", dtype="datetime64[D]")[:: step or 1]
    if step is None:
        days = np.arange("2014-12", "2026-12", dtype="datetime64[M]").astype("datetime64[D]")

    instants = rule.publication.known_at(days)

    assert (np.diff(instants) >= np.timedelta64(0, "s")).all()
    assert (instants >= days.astype("datetime64[s]")).all()


def test_a_series_without_values_has_no_instants() -> None:
    assert not len(SERIES["DXY"].publication.known_at(np.array([], dtype="datetime64[D]")))
