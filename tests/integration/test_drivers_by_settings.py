"""The two drivers of history, setting by setting: each case shows what it is about, and the records are equal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.core.events import AssetDelisted, DayDecided, Event, OrderFilled, OrderWaits
from engine.core.fills import Costs
from engine.core.volatility_target import VolatilityTarget
from engine.settings.registry import params_of, strategy_factory
from tests.support.driven import Account, both_records, rotation, whole_span
from tests.support.markets import CORE, faulty_market

pytestmark = pytest.mark.no_cover

HALF = 0.5
"""No basket leaves so much in cash of its own accord."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Settings of the rotation and of the account, and how often what they are about is found in the record."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    seed: int = 3
    shows: Callable[[Sequence[Event]], int]


def days(events: Sequence[Event]) -> list[DayDecided]:
    return [event for event in events if isinstance(event, DayDecided)]


def reasons(*wanted: str) -> Callable[[Sequence[Event]], int]:
    return lambda events: sum(day.reason in wanted for day in days(events))


def of(kind: type[Event]) -> Callable[[Sequence[Event]], int]:
    return lambda events: sum(isinstance(event, kind) for event in events)


CASES: Mapping[str, Case] = {
    "exits of the MACD and the equity": Case(
        settings={"exits": ["macd_death_cross", {"basket_stop": {"limit": 0.1}}]},
        shows=reasons("macd_death_cross", "basket_stop"),
    ),
    "an exit that follows the equity": Case(
        settings={"exits": [{"basket_drawdown": {"limit": 0.1}}, "time_exit"]}, shows=reasons("basket_drawdown")
    ),
    "changes in parts": Case(
        settings={"tranches": {"entry": 3, "exit": 2}},
        shows=lambda events: sum(day.changed and day.state == day.next_state for day in days(events)),
    ),
    "weights by volatility": Case(settings={"weights": {"inverse_volatility": {"days": 60}}}, shows=reasons("entry")),
    "weights by momentum": Case(settings={"weights": {"momentum": {"days": 60, "top": 2}}}, shows=reasons("entry")),
    "delisted coins": Case(settings={"delisted_after_days": 7}, seed=5, shows=of(AssetDelisted)),
    "a target of volatility": Case(
        account=Account(sizing=VolatilityTarget(0.2)),
        shows=lambda events: sum(day.changed and sum(day.targets.values()) < HALF for day in days(events)),
    ),
    "a kill switch": Case(
        account=Account(max_drawdown=0.2), shows=lambda events: sum(day.killed for day in days(events))
    ),
    "buys that wait for no sell": Case(account=Account(sell_wait_days=0), seed=0, shows=of(OrderWaits)),
    "dear trading": Case(
        account=Account(costs=Costs(commission=Decimal("0.01"), slippage=Decimal("0.03"))), shows=of(OrderFilled)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_setting_leaves_the_same_record_under_both_drivers(name: str) -> None:
    case = CASES[name]

    events = both_records(rotation(**case.settings), faulty_market(case.seed), case.account)

    assert case.shows(events) > 0


@pytest.mark.parametrize("weekday", [1, 4, 6])
def test_a_run_that_begins_within_a_week_leaves_the_same_record(weekday: int) -> None:
    strategy, history = rotation(), faulty_market(5)
    whole = whole_span(strategy, history)
    core = history[CORE].ordinals
    first = int(next(day for day in core if day > whole.first_day.toordinal() + 200 and (day - 1) % 7 == weekday))

    events = both_records(strategy, history, span=replace(whole, first_day=date.fromordinal(first)))

    assert days(events)[0].day.weekday() == weekday


@pytest.mark.parametrize(("name", "settings"), [("macd_timing", {"macd": {"warmup_weeks": 30}}), ("hold", {})])
def test_other_strategies_leave_the_same_record(name: str, settings: Mapping[str, Any]) -> None:
    strategy = strategy_factory(name)(params_of(name).model_validate(settings))

    events = both_records(strategy, faulty_market(2))

    assert of(OrderFilled)(events) > 0
