"""No system knows the future: proved on days of a made-up market with all that they look at, and by mistakes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.core.calendar import decision_instant
from engine.core.errors import LookAheadError
from engine.core.market import BarSeries, History
from engine.core.rule import System
from engine.core.series import ValueSeries
from strategies.rotating.rule_files import confirmation, rule_class, rule_names
from strategies.rules.cheap_capital import CheapCapital
from strategies.rules.small_over_large import SmallOverLarge
from strategies.signals.sight import Sight, SightedSystem
from tests.support.look_ahead import require_causal_rule
from tests.support.markets import COINS, CORE, INDEX, faulty_market
from tests.support.rule_settings import setting_of
from tests.support.series_market import with_faulty_series

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

SETTING = setting_of(
    {
        "basket": {"ETH": 0.4},
        "basket_equal": list(COINS[1:]),
        "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2},
    }
)
SHORT: Mapping[str, Mapping[str, Any]] = {
    "record_after_drought": {"drought_days": 60, "valid_weeks": 6},
    "retest_held": {"touch": 0.05},
    "value_record": {"within_sessions": 60},
    "altseason": {"days": 20},
    "alts_down_only": {"fall": 0.2, "weeks": 10},
    "quiet_90": {"days": 10, "lookback_days": 250},
    "long_trend": {"weeks": 30},
    "correlation_back": {"level": 0.0},
    "lag_gap": {"near": 0.1, "below": 0.05},
    "phase": {"change_weeks": 8, "scale_weeks": 30, "scale_least": 12, "hold_weeks": 2},
    "series": {"of": "DXY", "over": "WALCL", "transform": "zscore", "window": 20, "unit": "weeks", "above": 0},
}
"""Parameters under which four years are enough to be lit and unlit."""
SYSTEMS = [name for name in rule_names() if issubclass(rule_class(name, "test"), System)]
NEVER_UNKNOWN = ("season",)
STRIDE = 29
"""Coprime to 7: all days of the week are among the sample."""


@pytest.fixture(scope="module")
def market() -> History:
    made = with_faulty_series(faulty_market(3, years=4), 5)
    # The core is there before the index: of that nothing is known at first.
    return replace(made, series={**made.series, INDEX: _without_first(made[INDEX], 20)})


def _without_first(bars: BarSeries, count: int) -> BarSeries:
    columns = ("days", "open", "high", "low", "close", "volume", "known_at")
    return replace(bars, **{column: getattr(bars, column)[count:] for column in columns})


def system(name: str) -> System[Any]:
    rule = confirmation({name: dict(SHORT.get(name, {}))})(SETTING).rule
    assert isinstance(rule, System)
    return rule


def seen_by(rule: System[Any], market: History) -> History:
    """Give what the rule looks at: whatever else would be replaced by garbage costs time and proves nothing."""
    symbols = {CORE, INDEX, *COINS, *rule.needs}
    return replace(
        market,
        series={name: bars for name, bars in market.series.items() if name in symbols},
        values={name: values for name, values in market.values.items() if name in symbols},
    )


def sampled(market: History, stride: int = STRIDE) -> list[date]:
    return [date.fromordinal(ordinal) for ordinal in market[CORE].ordinals[400::stride].tolist()]


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_reading_depends_on_what_comes_after_its_day(name: str, market: History) -> None:
    rule = system(name)
    history = seen_by(rule, market)

    require_causal_rule(rule, history, sampled(market))

    if not isinstance(rule, SightedSystem):
        return  # a user's own, of which nothing is known
    column = rule.observe(history)
    states = {column.at(date.fromordinal(ordinal)).holds for ordinal in market[CORE].ordinals.tolist()}
    assert {True, False} <= states
    assert (None in states) is (name not in NEVER_UNKNOWN)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_reading_is_the_same_from_what_was_known_then(name: str, market: History) -> None:
    rule = system(name)
    history = seen_by(rule, market)
    whole = rule.observe(history)

    for day in sampled(market, 131):
        assert rule.observe(history.known_by(decision_instant(day))).at(day) == whole.at(day)


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_is_not_known_says_why_and_what_is_known_is_a_sentence(name: str, market: History) -> None:
    rule = system(name)
    column = rule.observe(seen_by(rule, market))
    readings = [column.at(date.fromordinal(ordinal)) for ordinal in market[CORE].ordinals.tolist()]

    for reading in readings:
        assert (reading.holds is None) is bool(reading.reason)
        sentence = rule.sentence(reading)
        assert not {"nan", "None"} & set(re.findall(r"\w+", sentence))
        assert reading.holds is not None or (reading.value is None and sentence == f"not known: {reading.reason}")


def published_a_week_early(series: ValueSeries) -> ValueSeries:
    return replace(series, known_at=series.known_at - np.timedelta64(7, "D"))


def test_a_value_known_too_early_is_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Sight.series
    monkeypatch.setattr(Sight, "series", lambda sight, name: published_a_week_early(true(sight, name)))
    rule = system("cheap_capital")
    assert isinstance(rule, CheapCapital)

    with pytest.raises(LookAheadError):
        require_causal_rule(rule, seen_by(rule, market), sampled(market))


def test_a_week_that_has_not_ended_is_caught(market: History, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Sight.weekly

    def this_week(sight: Sight, series: ValueSeries, weeks: int) -> Any:
        sight.days = sight.days + 6
        return true(sight, series, weeks)

    monkeypatch.setattr(Sight, "weekly", this_week)
    rule = system("small_over_large")
    assert isinstance(rule, SmallOverLarge)

    with pytest.raises(LookAheadError):
        require_causal_rule(rule, seen_by(rule, market), sampled(market))
