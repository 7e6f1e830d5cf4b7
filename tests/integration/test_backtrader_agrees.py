"""backtrader's own books, kept by its analyzers, agree with the ledger's; and where they would not, the run ends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import backtrader as bt
import numpy as np
import pytest

from engine.core.errors import EngineError
from engine.core.events import DayDecided
from engine.core.fills import Execution, execute_at
from engine.core.market import Floats, History
from engine.core.performance import performance_of
from engine.core.strategy import AnyStrategy
from engine.settings.registry import params_of, strategy_factory
from engine.trading.drivers.backtrader_venue import HEADROOM
from tests.integration.test_second_driver import DAY, Restless, Scripted
from tests.support.driven import QUICK, Account, historical_events, rotation, whole_span
from tests.support.markets import MONDAY, coin_bars, faulty_market, history_of

RELATIVE = 1e-9
CASH = Decimal(100_000)


class DailyReturn(bt.analyzers.TimeReturn):  # type: ignore[misc] # backtrader's classes are Any
    params = (("timeframe", bt.TimeFrame.Days),)


class DailyValue(bt.Analyzer):  # type: ignore[misc] # backtrader's classes are Any
    """The broker's value after each bar, by day."""

    def create_analysis(self) -> None:
        self.rets: dict[date, float] = {}

    def next(self) -> None:
        self.rets[self.strategy.datetime.date()] = self.strategy.broker.get_value()


ANALYZERS = (bt.analyzers.DrawDown, DailyReturn, DailyValue)


STRATEGIES: Mapping[str, Callable[[], AnyStrategy]] = {
    "rotation": rotation,
    "rotation, rebalanced": lambda: rotation(rebalance_drift=0.03, exit_to="cash"),
    "macd_timing": lambda: _built("macd_timing", macd=QUICK["macd"]),
    "hold": lambda: _built("hold"),
    "restless": lambda: Restless(5),
}


@pytest.fixture(params=[(name, seed) for name in STRATEGIES for seed in range(3)], ids=str)
def run(request: pytest.FixtureRequest) -> tuple[list[DayDecided], Any]:
    """Give the decided days of a run, and the analyzers that ran along."""
    name, seed = request.param
    # Without days on which only coins have bars, the analyzers see just the days that are decided.
    return _analysed(STRATEGIES[name](), faulty_market(seed, core_is_whole=True))


def test_the_value_of_every_day_is_the_broker_s(run: tuple[list[DayDecided], Any]) -> None:
    days, analyzers = run

    values = analyzers.dailyvalue.get_analysis()

    assert list(values) == [day.day for day in days]
    np.testing.assert_allclose(list(values.values()), _equity_with_headroom(days), rtol=RELATIVE)


def test_the_daily_returns_are_the_analyzer_s(run: tuple[list[DayDecided], Any]) -> None:
    days, analyzers = run
    equity = _equity_with_headroom(days)

    returns = analyzers.dailyreturn.get_analysis()

    # The analyzer's first return is against the cash that the run began with.
    before = np.append(float(CASH) * (1 + HEADROOM), equity[:-1])
    assert [at.date() for at in returns] == [day.day for day in days]
    np.testing.assert_allclose(list(returns.values()), equity / before - 1, rtol=RELATIVE, atol=RELATIVE)


def test_the_maximum_drawdown_is_the_analyzer_s(run: tuple[list[DayDecided], Any]) -> None:
    days, analyzers = run

    ours = performance_of(_equity_with_headroom(days), days=len(days) - 1).max_drawdown

    # DrawDown counts in percent, downwards positive.
    assert ours == pytest.approx(-analyzers.drawdown.get_analysis().max.drawdown / 100, rel=RELATIVE)


def test_a_day_without_a_bar_of_the_core_leaves_the_other_days_values_alone() -> None:
    days, analyzers = _analysed(rotation(), faulty_market(0))

    values = analyzers.dailyvalue.get_analysis()

    assert len(values) > len(days)
    np.testing.assert_allclose([values[day.day] for day in days], _equity_with_headroom(days), rtol=RELATIVE)


def test_a_coin_that_was_held_and_is_ordered_on_its_last_day_can_still_be_valued() -> None:
    history = history_of(coin_bars("BTC", MONDAY, [100.0] * 12), coin_bars("ETH", MONDAY, [10.0] * 7))
    script = {DAY[0]: {"ETH": 0.5}, DAY[2]: {"BTC": 0.5}, DAY[6]: {"BTC": 0.2, "ETH": 0.5}}

    days, analyzers = _analysed(Scripted(script, assets=("BTC", "ETH")), history)

    values = analyzers.dailyvalue.get_analysis()
    np.testing.assert_allclose(list(values.values()), _equity_with_headroom(days), rtol=RELATIVE)


BROKEN: Mapping[str, Callable[[Execution], Execution]] = {
    "price": lambda done: replace(done, price=done.price * Decimal("1.000001")),
    "fee": lambda done: replace(done, fee=done.fee * Decimal("1.00001")),
    "notional": lambda done: replace(done, notional=done.notional * Decimal("1.000001")),
    "no fee": lambda done: replace(done, fee=Decimal(0)),
}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_a_fill_rule_that_backtrader_does_not_follow_ends_the_run(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def executed(order: Any, **known: Any) -> Any:
        return BROKEN[broken](execute_at(order, **known))

    monkeypatch.setattr("engine.trading.drivers.backtrader_venue.execute_at", executed)
    history = faulty_market(0)

    with pytest.raises(EngineError, match=r"backtrader's (price|fee|cash) .* is not the ledger's"):
        historical_events(rotation(), history, whole_span(rotation(), history), Account(cash=CASH))


def test_a_fill_that_the_cash_does_not_pay_for_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # A rule that forgets to trim: the purchase costs more than there is, and backtrader answers Margin.
    monkeypatch.setattr(
        "engine.trading.drivers.backtrader_venue.execute_at",
        lambda order, **known: execute_at(order, **{**known, "cash": Decimal(10**9)}),
    )
    history = history_of(coin_bars("BTC", MONDAY, [100.0] * 4, opens=[100.0, 130.0, 100.0, 100.0]))
    strategy = Scripted({DAY[0]: {"BTC": 1.0}}, assets=("BTC",))

    with pytest.raises(EngineError, match="backtrader answered Margin"):
        historical_events(strategy, history, whole_span(strategy, history), Account(cash=CASH))


def _built(name: str, **settings: Any) -> AnyStrategy:
    return strategy_factory(name)(params_of(name).model_validate(settings))


def _analysed(strategy: AnyStrategy, history: History) -> tuple[list[DayDecided], Any]:
    span = whole_span(strategy, history)
    events, player = historical_events(strategy, history, span, Account(cash=CASH), analyzers=ANALYZERS)
    return [event for event in events if isinstance(event, DayDecided)], player.analyzers


def _equity_with_headroom(days: Sequence[DayDecided]) -> Floats:
    # The broker holds HEADROOM of the starting cash more than the ledger knows of.
    return np.array([float(day.equity) for day in days]) + float(CASH) * HEADROOM
