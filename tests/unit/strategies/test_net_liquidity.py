"""Net liquidity, beside a computation of its own kind: with pandas, row by row, from the files of the shared data."""

import os
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import Setting
from engine.core.series import SeriesKind, ValueSeries
from engine.data.csv_files import read_csv_bars
from engine.data.csv_values import CsvValues
from engine.data.series_table import series_rule
from strategies.rotating.rule_files import confirmation
from tests.support.command import PRICES
from tests.support.markets import coin_bars

MACRO = PRICES.parent / "macro"
needs_series = pytest.mark.skipif(
    not ((PRICES / "BTC.csv").exists() and (MACRO / "WALCL.csv").exists()), reason="the real series are not at hand"
)
FIRST = date(2024, 1, 1)
"""A Monday."""
SETTING = Setting(core="BTC", index="RUT", basket={"ETH": 1.0})
NEEDS = ("WALCL", "WTREGEN", "RRPONTSYD")


def series(name: str, values: Mapping[int, float], kind: SeriesKind = SeriesKind.WEEKLY) -> ValueSeries:
    """Build a series by the number of the day from `FIRST` on; known at the end of the day after."""
    days = np.array(list(values), dtype=np.int64) + FIRST.toordinal()
    return ValueSeries(
        name=name,
        kind=kind,
        ordinals=days,
        values=np.array(list(values.values())),
        known_at=(days + 2 - date(1970, 1, 1).toordinal()).astype("datetime64[D]").astype("datetime64[s]"),
    )


def readings(*given: ValueSeries, weeks: int = 1, absent: Mapping[str, str] | None = None) -> list[Reading]:
    coins = coin_bars("BTC", FIRST, [1.0] * 60)
    history = History(series={"BTC": coins}, values={each.name: each for each in given}, absent=absent or {})
    observed = confirmation({"net_liquidity": {"weeks": weeks}})(SETTING).rule.observe(history)
    return [observed.at(FIRST + timedelta(days=n)) for n in range(60)]


def test_it_is_assets_less_the_treasury_less_a_thousand_times_the_repos() -> None:
    found = readings(
        series("WALCL", {2: 7_000_000.0, 9: 7_050_000.0}),
        series("WTREGEN", {2: 700_000.0, 9: 710_000.0}),
        series("RRPONTSYD", {2: 600.0, 9: 570.5}, SeriesKind.DAILY),
    )

    # +50,000 - 10,000 + 29,500; all three are known at the end of the tenth day.
    assert (found[9].holds, found[10].holds, found[10].value) == (None, True, 69_500.0)
    assert (found[10].threshold, found[10].distance, found[10].since) == (0.0, 69_500.0, FIRST + timedelta(days=10))


def test_no_change_is_no_growth() -> None:
    flat = {2: 1.0, 9: 1.0}

    found = readings(*(series(name, flat) for name in NEEDS))

    assert (found[10].holds, found[10].value) == (False, 0.0)


def test_what_is_missing_is_said_by_its_name() -> None:
    assets, treasury = series("WALCL", {2: 1.0, 9: 2.0}), series("WTREGEN", {2: 1.0, 9: 1.0})
    repos = series("RRPONTSYD", {9: 1.0}, SeriesKind.DAILY)

    found = readings(assets, treasury, repos)
    none = readings(assets, treasury, absent={"RRPONTSYD": "fred RRPONTSYD: FRED has no such series"})

    assert found[2].reason == "no value of WALCL is known yet"
    assert found[10].reason == "RRPONTSYD: there is none of 1 weeks before the last one"
    assert found[30].reason == "the last value of RRPONTSYD is of 2024-01-10, which is stale"
    assert found[31].reason == "the last value of WALCL is of 2024-01-10, which is stale"
    assert none[10].reason == "RRPONTSYD could not be had: fred RRPONTSYD: FRED has no such series"
    assert {reading.holds for reading in none} == {None}


def test_its_sentence_says_by_how_much_and_since_when() -> None:
    rule = confirmation("net_liquidity")(SETTING).rule
    reading = Reading(holds=True, value=69_500.4, threshold=0.0, distance=69_500.4, since=FIRST)

    assert rule.sentence(reading) == "net liquidity has grown: USD +69,500 million in 13 weeks, since 2024-01-01"


WEEKS = 13
EASTERN = "America/New_York"


def published(name: str) -> pd.DataFrame:
    """Give date, value and the UTC instant of publication of each row, by an own reading of the rules."""
    rows = pd.read_csv(MACRO / f"{name}.csv", parse_dates=["date"])
    holidays = pd.tseries.holiday.USFederalHolidayCalendar().holidays("2000-01-01", "2027-12-31")
    business = pd.offsets.CustomBusinessDay(holidays=list(holidays))
    if name == "RRPONTSYD":
        local = rows["date"] + pd.Timedelta(hours=13, minutes=30)
    else:
        thursdays = rows["date"].map(lambda day: day + pd.offsets.Week(weekday=3))
        local = thursdays.map(business.rollforward) + pd.Timedelta(hours=16, minutes=30)
    rows["known"] = local.dt.tz_localize(EASTERN).dt.tz_convert("UTC")
    return rows


def change(rows: pd.DataFrame, day: pd.Timestamp, *, stale_days: int) -> float | None:
    end = (day + pd.Timedelta(days=1)).tz_localize("UTC")
    known = rows.iloc[: rows["known"].searchsorted(end, side="right")]
    if not len(known) or (day - known["date"].iloc[-1]).days > stale_days:
        return None
    wanted = known["date"].iloc[-1] - pd.Timedelta(days=7 * WEEKS)
    before = known.iloc[: known["date"].searchsorted(wanted, side="right")]
    if not len(before) or (wanted - before["date"].iloc[-1]).days > stale_days:
        return None
    return float(known["value"].iloc[-1] - before["value"].iloc[-1])


@needs_series
def test_on_the_shared_data_every_day_is_that_of_an_independent_computation() -> None:
    core = read_csv_bars(PRICES / "BTC.csv", "BTC", index=False)
    files = CsvValues(MACRO, series_rule)
    history = History(series={"BTC": core}, values={name: files.load(name).series for name in NEEDS})
    observed = confirmation("net_liquidity")(SETTING).rule.observe(history)
    theirs = {name: published(name) for name in NEEDS}
    every = 1 if os.environ.get("EVERY_DAY") else 5
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(0, 4018, every)]
    stale_days = {"WALCL": 21, "WTREGEN": 21, "RRPONTSYD": 14}

    compared, held = 0, 0
    for day in days:
        changes = [change(theirs[name], pd.Timestamp(day), stale_days=stale_days[name]) for name in NEEDS]
        assert None not in changes, f"the page says that it is known on every day; {day}"
        assets, treasury, repos = (part or 0.0 for part in changes)
        value = round(assets - treasury - 1000 * repos, 10)
        reading = observed.at(day)
        assert (reading.value, reading.holds) == (pytest.approx(value, abs=1e-6), value > 0), day
        compared, held = compared + 1, held + (value > 0)
    assert (compared, 1000 < held * every < 3500) == (len(days), True)
