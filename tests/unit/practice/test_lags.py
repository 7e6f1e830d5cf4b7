"""Answers that are so many seconds behind the engine, each kind alone."""

from datetime import timedelta

import pytest

from engine.practice.exchange import PracticeExchange
from tests.support.practice import FIRST, WallClock, ask, balance, bitcoin, buy, instant, practice, steer

NOT_THERE = -2013


def lagging(wall: WallClock, **seconds: object) -> PracticeExchange:
    exchange = practice(bitcoin(*[40_000.0] * 3), at=instant(FIRST), wall=wall)
    steer(exchange, "lags", seconds)
    buy(exchange, "1", newClientOrderId="late")
    return exchange


def seen(exchange: PracticeExchange) -> tuple[bool, bool, bool]:
    """Tell whether the order, its trade and the balance are shown."""
    order = ask(exchange, "GET", "order", symbol="BTCUSDT", origClientOrderId="late")
    listed = ask(exchange, "GET", "allOrders", symbol="BTCUSDT")
    trades = ask(exchange, "GET", "myTrades", symbol="BTCUSDT")
    by_order = ask(exchange, "GET", "myTrades", symbol="BTCUSDT", orderId=1)
    assert bool(listed) == (order.get("code") != NOT_THERE)
    assert by_order == trades
    return bool(listed), bool(trades), balance(exchange, "BTC") != ("1.00000000", "0.00000000")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("orders", (False, True, True)), ("trades", (True, False, True)), ("account", (True, True, False))],
)
def test_each_kind_of_answer_lags_alone_by_the_seconds_of_a_watch(kind: str, shown: tuple[bool, bool, bool]) -> None:
    wall = WallClock()
    exchange = lagging(wall, **{kind: 30})

    wall.run(29)
    assert seen(exchange) == shown
    wall.run(1)
    assert seen(exchange) == (True, True, True)


def test_balances_that_lag_show_each_state_in_its_turn() -> None:
    wall = WallClock()
    exchange = lagging(wall, account=30)
    wall.run(20)
    buy(exchange, "2")

    wall.run(10)
    assert balance(exchange, "BTC")[0] == "1.99900000"
    wall.run(20)
    assert balance(exchange, "BTC")[0] == "3.99700000"


def test_balances_that_lag_show_those_of_before_a_reset() -> None:
    wall = WallClock()
    exchange = lagging(wall, account=30)
    wall.run(60)

    steer(exchange, "reset", {})

    assert balance(exchange, "BTC")[0] == "1.99900000"
    exchange.set_clock(exchange.now + timedelta(seconds=30))
    assert balance(exchange, "BTC")[0] == "1.00000000"


def test_a_lag_is_ended_and_a_wrong_one_is_refused_by_name() -> None:
    exchange = practice()

    assert steer(exchange, "lags", {"trades": 2.5}) == {"orders": 0.0, "trades": 2.5, "account": 0.0}
    assert steer(exchange, "lags", {"trades": 0}) == {"orders": 0.0, "trades": 0.0, "account": 0.0}
    assert "known are orders, trades, account" in steer(exchange, "lags", {"klines": 1})["error"]
    assert "-1 is not allowed" in steer(exchange, "lags", {"orders": -1})["error"]
