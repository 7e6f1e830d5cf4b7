"""The ledger is never edited, and a forecast is scored by the day of the data: before, at and after it is due."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from engine.analysis.study.forecasts import LEDGER, ledger, scored
from engine.analysis.study.record import ALT_COINS, BTC, RUT, Record
from engine.core.calendar import days_between, ordinals_of
from engine.core.market import crypto_series
from engine.core.series import SeriesKind, ValueSeries
from tests.support.markets import index_bars

FORECASTS = {forecast.id: forecast for forecast in ledger()}
FIRST = date(2024, 1, 1)


def record(
    last: date,
    bitcoin: Mapping[date, float] | None = None,
    *,
    alts: float = 0.0,
    assets: Mapping[date, float] | None = None,
) -> Record:
    """Give a market whose Bitcoin stands at 100 but on the given days; coins gain `alts` a day."""
    days = days_between(FIRST, last)
    closes = np.array([(bitcoin or {}).get(day, 100.0) for day in days.tolist()])
    rising = np.exp(alts * np.arange(len(days)))
    bars = {BTC: closes, **dict.fromkeys(ALT_COINS, rising)}
    made = {
        name: crypto_series(name, days=days, open=line, high=line, low=line, close=line, volume=line)
        for name, line in bars.items()
    }
    dates = np.array(sorted(day for day in assets or {} if day <= last), dtype="datetime64[D]")
    series = ValueSeries(
        name="WALCL",
        kind=SeriesKind.WEEKLY,
        ordinals=ordinals_of(dates),
        values=np.array([(assets or {})[day] for day in dates.tolist()]),
        known_at=dates.astype("datetime64[s]"),
    )
    index = index_bars(RUT, FIRST, [1000.0] * 300)
    return Record(bars={**made, RUT: index}, values={"WALCL": series}, absent={}, digests={})


def score(name: str, of: Record) -> bool | None:
    return scored(FORECASTS[name], of).holds


def test_the_file_of_forecasts_is_as_it_was_made() -> None:
    digest = hashlib.sha256(LEDGER.read_bytes()).hexdigest()
    assert digest == "0fe58ed131fb04cfe34d60ad82ccf509875131fdee1b96a71867533a5cd6334d", (
        "forecasts are never edited; one that is added at the end changes this hash, and nothing else may"
    )


def test_no_forecast_keeps_a_score() -> None:
    assert "true" not in LEDGER.read_text(encoding="utf-8").lower().replace("came true", "")
    assert all(forecast.author and forecast.rule for forecast in ledger())


@pytest.mark.parametrize(
    ("last", "alts", "expected"),
    [
        (date(2025, 10, 16), 0.001, None),
        (date(2025, 10, 17), 0.001, True),
        (date(2025, 10, 17), -0.001, False),
        (date(2025, 12, 31), 0.001, True),
    ],
)
def test_alts_against_bitcoin_are_compared_on_the_due_day(last: date, alts: float, expected: bool | None) -> None:
    assert score("000-16a", record(last, alts=alts)) is expected


@pytest.mark.parametrize(
    ("last", "peaks", "expected"),
    [
        (date(2026, 5, 1), {date(2026, 2, 1): 200.0}, None),
        (date(2026, 6, 14), {date(2026, 2, 1): 200.0}, None),
        (date(2026, 6, 15), {date(2026, 2, 1): 200.0}, False),
        (date(2026, 6, 15), {date(2026, 5, 15): 200.0}, None),
        (date(2026, 9, 1), {date(2026, 5, 15): 200.0, date(2026, 8, 1): 201.0}, False),
        (date(2026, 12, 30), {date(2026, 6, 15): 200.0}, None),
        (date(2026, 12, 31), {date(2026, 6, 15): 200.0}, True),
        (date(2027, 3, 1), {date(2026, 6, 15): 200.0, date(2027, 2, 1): 300.0}, True),
        (date(2026, 12, 31), {date(2026, 6, 16): 200.0}, False),
    ],
)
def test_the_peak_of_2026_is_decided_early_only_by_a_higher_close_elsewhere(
    last: date,
    peaks: Mapping[date, float],
    expected: bool | None,
) -> None:
    assert score("001-18b", record(last, peaks)) is expected


def test_the_same_words_are_scored_for_2025_as_they_were_printed() -> None:
    assert score("001-18a", record(date(2025, 12, 31), {date(2025, 10, 6): 200.0})) is False
    assert score("001-18a", record(date(2025, 12, 31), {date(2025, 6, 1): 200.0})) is True
    assert score("001-18a", record(date(2025, 6, 1), {date(2025, 5, 20): 200.0})) is None


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ({}, None),
        ({date(2025, 12, 20): 126.1}, True),
        ({date(2025, 12, 20): 126.0}, None),
        ({date(2025, 12, 20): 63.0}, False),
        ({date(2025, 12, 20): 63.0, date(2025, 12, 25): 130.0}, False),
        ({date(2025, 12, 20): 130.0, date(2025, 12, 25): 50.0}, True),
    ],
)
def test_a_new_high_before_half_of_it(closes: Mapping[date, float], expected: bool | None) -> None:
    found = record(date(2025, 12, 31), {date(2025, 10, 6): 126.0, **closes})
    assert score("002-13a", found) is expected


WEDNESDAYS = [date(2025, 11, 26) + timedelta(weeks=week) for week in range(20)]


@pytest.mark.parametrize(
    ("last", "end_of_file", "gain", "expected"),
    [
        (date(2026, 3, 31), WEDNESDAYS[-1], 50_000, None),
        (date(2026, 4, 1), WEDNESDAYS[-1], 50_000, True),
        (date(2026, 4, 1), WEDNESDAYS[-1], 49_999, False),
        (date(2026, 4, 1), date(2026, 3, 25), 50_000, True),
        (date(2026, 4, 1), date(2026, 3, 18), 50_000, None),
    ],
)
def test_the_balance_sheet_is_compared_once_its_last_week_is_there(
    last: date,
    end_of_file: date,
    gain: float,
    expected: bool | None,
) -> None:
    assets = {day: 6e6 + (gain if day > date(2026, 1, 1) else 0) for day in WEDNESDAYS if day <= end_of_file}
    assert score("002-15a", record(last, assets=assets)) is expected


@pytest.mark.parametrize(
    ("last", "closes", "expected"),
    [
        (date(2025, 12, 31), {date(2025, 10, 6): 126.0}, None),
        (date(2026, 5, 1), {date(2025, 10, 6): 126.0, date(2026, 4, 30): 126.5}, True),
        (date(2026, 12, 30), {date(2025, 10, 6): 126.0}, None),
        (date(2026, 12, 31), {date(2025, 10, 6): 126.0}, False),
        (date(2027, 2, 1), {date(2025, 10, 6): 126.0, date(2027, 1, 5): 150.0}, False),
    ],
)
def test_a_new_high_in_2026(last: date, closes: Mapping[date, float], expected: bool | None) -> None:
    assert score("002-18a", record(last, closes)) is expected


def test_a_score_says_whose_it_is_and_by_which_day() -> None:
    found = scored(FORECASTS["002-18a"], record(date(2025, 12, 31)))

    assert found.n == 1
    assert found.detail["scored_on"] == "2025-12-31"
    assert found.detail["made"] == "2025-12-01"
    assert found.detail["due"] == "2026-12-31"
    assert replace(FORECASTS["002-18a"]).author == found.detail["author"]
