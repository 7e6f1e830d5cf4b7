"""Every system on the real series, against the specification's words worked out one day at a time.

The days are a sample, and those around each change of state; all of them where EVERY_DAY is set.
"""

import os
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import System
from strategies.rotating.rule_files import confirmation, rule_class, rule_names
from tests.support.real_series import AT_HAND, BASKET, PRICES, real_history
from tests.support.rule_settings import setting_of
from tests.support.slow_systems import SYSTEMS, World

pytestmark = [
    pytest.mark.skipif(not AT_HAND, reason="the real prices and series are not at hand"),
    # What runs here is measured by other tests too; measuring takes as long again as the tests.
    pytest.mark.no_cover,
]

SETTING = setting_of({"basket": {}, "basket_equal": list(BASKET)})
FIRST, LAST = date(2015, 1, 1), date(2025, 12, 31)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
EVERY_DAY = bool(os.environ.get("EVERY_DAY"))
STRIDE = 61
"""Coprime to 7: all days of the week are among the sample."""
KNOWN_FROM = {
    "lag_gap": "2015-09-07", "altseason": "2015-11-06", "chain": "2016-01-24", "eth_leads": "2016-01-31",
    "correlation_back": "2016-03-13", "alts_down_only": "2016-06-12", "risk_appetite": "2016-09-04",
    "long_trend": "2017-02-26", "phase": "2017-03-05", "quiet_90": "2017-07-15", "btc_flows": "2024-02-09",
    "eth_flows": "2024-08-20",
}  # fmt: skip
NAMED = [name for name in rule_names() if issubclass(rule_class(name, "test"), System) and name != "series"]


@pytest.fixture(scope="module")
def world() -> World:
    return World(PRICES, BASKET)


@cache
def column_of(name: str) -> Column:
    return observed(name)


def observed(choice: Any) -> Column:
    column = confirmation(choice)(SETTING).rule.observe(real_history())
    assert isinstance(column, Column)
    return column


def state_of(reading: Reading) -> str:
    return {True: "lit", False: "unlit", None: "unknown"}[reading.holds]


def days_to_check(readings: Mapping[date, Reading]) -> list[date]:
    if EVERY_DAY:
        return DAYS
    changes = {day for day in DAYS if readings[day].since == day}
    around = changes | {day - timedelta(days=1) for day in changes} | set(DAYS[::STRIDE]) | {LAST}
    return sorted(around & set(DAYS))


def test_each_system_is_worked_out_here() -> None:
    assert set(NAMED) == set(SYSTEMS)


@pytest.mark.parametrize("name", NAMED)
def test_a_system_says_what_its_definition_says(name: str, world: World) -> None:
    column = column_of(name)
    readings = {day: column.at(day) for day in DAYS}

    for day in days_to_check(readings):
        state, value = SYSTEMS[name](world, day)
        reading = readings[day]
        assert (day, state_of(reading)) == (day, state)
        assert (reading.value is None) is (value is None), day
        # The last decimal may round otherwise where sums are made in another order.
        assert reading.value is None or reading.value == pytest.approx(value, rel=1e-12, abs=1.5e-10), day


@pytest.mark.parametrize("name", NAMED)
def test_a_system_is_known_from_its_day_on(name: str) -> None:
    column = column_of(name)
    known = [day for day in DAYS if column.at(day).holds is not None]

    if name == "small_cap_outflow":
        assert not known
        return
    first = date.fromisoformat(KNOWN_FROM.get(name, "2015-01-01"))
    last = date(2025, 11, 9) if name == "m2_grows" else LAST
    assert (known[0], known[-1], len(known)) == (first, last, (last - first).days + 1)


def lit_spans(choice: Any) -> list[tuple[str, str]]:
    column = observed(choice)
    lit = np.array([column.at(day).holds is True for day in DAYS])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lit, [False]]).astype(int)))
    return [(str(DAYS[begin]), str(DAYS[stop - 1])) for begin, stop in edges.reshape(-1, 2).tolist()]


def test_the_marks_of_the_specification() -> None:
    assert lit_spans("record_after_drought") == [
        ("2016-11-14", "2017-05-15"), ("2020-11-13", "2021-05-14"), ("2025-09-18", "2025-12-31"),
    ]  # fmt: skip
    assert "2020-11-18" in dict(lit_spans("retest_held"))
    assert {"2020-11-30", "2024-11-30", "2025-09-30"} <= set(dict(lit_spans("monthly_record")))
    assert ("2024-09-20", "2025-03-20") in lit_spans("rate_cuts")
    for first, last in (("2021-05-17", "2021-09-09"), ("2022-11-09", "2023-02-18")):
        assert not any(begin <= last and stop >= first for begin, stop in lit_spans("quiet_90"))
    phases = column_of("phase")
    found = {day: phases.at(day).value for day in DAYS}
    assert (found[date(2024, 7, 6)], found[date(2024, 7, 7)]) == (3, 1)
    assert (found[date(2025, 10, 25)], found[date(2025, 10, 26)], found[LAST]) == (1, 2, 2)


@pytest.mark.parametrize(
    ("series", "name"),
    [
        (
            {"of": "IWM", "over": "SPY", "transform": "mean_distance", "window": 20, "unit": "weeks", "above": 0},
            "small_over_large",
        ),
        ({"of": "M2SL", "transform": "growth", "window": 12, "above": 0.05}, "m2_grows"),
    ],
)
def test_a_series_says_the_same_as_the_system_that_it_spells_out(series: Mapping[str, Any], name: str) -> None:
    spelt, named = observed({"series": series}), column_of(name)

    for day in DAYS:
        one, other = spelt.at(day), named.at(day)
        assert (one.holds, one.value, one.threshold) == (other.holds, other.value, other.threshold), day
