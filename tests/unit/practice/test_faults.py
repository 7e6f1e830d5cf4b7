"""Ordered faults: which request they strike, and what the engine has done by then."""

import json
from decimal import Decimal

import pytest

from engine.practice.calls import Answer
from engine.practice.exchange import PracticeExchange
from engine.practice.faults import ANSWER_FAULTS, Fault, fault_of
from tests.support.practice import ask, balance, buy, call, look, practice

ORDER = {"method": "POST", "path": "/api/v3/order"}


def test_a_fault_strikes_the_nth_request_that_it_matches_and_no_other() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "error", "code": -1000, "nth": 2, **ORDER}))

    look(exchange, "ping")
    answers = [buy(exchange, "0.01") for _ in range(3)]

    assert [answer.get("code") for answer in answers] == [None, -1000, None]
    assert exchange.faults.pending == []


def test_a_fault_may_strike_several_times_in_a_row() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "error", "code": -1003, "times": 2, "path": "/api/v3/time"}))

    assert [look(exchange, "time").get("code") for _ in range(3)] == [-1003, -1003, None]


def test_a_fault_of_one_symbol_leaves_the_others_alone() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "error", "code": -1000, "symbol": "BTCUSDT"}))

    assert look(exchange, "avgPrice", symbol="这是测试币456").get("code") is None
    assert look(exchange, "avgPrice", symbol="BTCUSDT").get("code") == -1000


@pytest.mark.parametrize("kind", [kind for kind in ANSWER_FAULTS if kind != "delay"])
@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_the_engine_has_executed_the_order_only_where_the_fault_comes_after(kind: str, when: str, orders: int) -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": kind, "when": when, "code": -1007, **ORDER}))

    result = send(exchange)

    assert spoilt(result)
    assert len(ask(exchange, "GET", "allOrders", symbol="BTCUSDT")) == orders
    # 0.1 at 40020
    assert balance(exchange, "USDT")[0] == ("1000000.00000000" if orders == 0 else "995998.00000000")


@pytest.mark.parametrize(
    ("wanted", "status", "retry_after"),
    [
        ({"kind": "error", "code": -1006}, 500, None),
        ({"kind": "error", "code": -1007}, 504, None),
        ({"kind": "error", "code": -1008}, 503, None),
        ({"kind": "error", "code": -1003, "retry_after": 7}, 429, "7"),
        ({"kind": "error", "code": -1003, "status": 418, "retry_after": 120}, 418, "120"),
        ({"kind": "error", "code": -1015}, 429, None),
        ({"kind": "error", "code": -1021}, 400, None),
        ({"kind": "error", "code": -1022}, 400, None),
        ({"kind": "error", "code": -2015}, 401, None),
        ({"kind": "error", "code": 1}, 503, None),
        ({"kind": "http", "status": 500}, 500, None),
        ({"kind": "http", "status": 429, "retry_after": 3}, 429, "3"),
        ({"kind": "http"}, 502, None),
    ],
)
def test_an_error_comes_with_its_status_and_header(
    wanted: dict[str, object], status: int, retry_after: str | None
) -> None:
    exchange = practice()
    exchange.add_fault(fault_of(wanted))

    result = send(exchange)

    assert (result.status, result.headers.get("Retry-After")) == (status, retry_after)
    if wanted["kind"] == "error":
        assert json.loads(result.body)["code"] == wanted["code"]
    else:
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(result.body)


def test_a_delayed_answer_is_the_right_one() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "delay", "seconds": 1.5}))

    result = send(exchange)

    assert (result.delay_seconds, json.loads(result.body)["status"]) == (1.5, "FILLED")


def test_a_part_of_a_market_order_fills_and_the_rest_expires() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "partial", "share": "0.4", **ORDER}))

    order = buy(exchange, "0.5")

    assert (order["status"], order["executedQty"], order["origQty"]) == ("EXPIRED", "0.20000000", "0.50000000")


def test_an_order_may_become_visible_late() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "late", "queries": 2, **ORDER}))
    buy(exchange, "0.1", newClientOrderId="name")

    trades_before = ask(exchange, "GET", "myTrades", symbol="BTCUSDT")
    looks = [ask(exchange, "GET", "order", symbol="BTCUSDT", origClientOrderId="name") for _ in range(3)]

    assert [answer.get("code") for answer in looks] == [-2013, -2013, None]
    assert (trades_before, len(ask(exchange, "GET", "myTrades", symbol="BTCUSDT"))) == ([], 1)


def test_the_trades_of_an_order_may_be_listed_later_than_the_order() -> None:
    exchange = practice()
    exchange.add_fault(fault_of({"kind": "late_trades", "queries": 2, **ORDER}))
    buy(exchange, "0.1", newClientOrderId="name")

    order = ask(exchange, "GET", "order", symbol="BTCUSDT", origClientOrderId="name")
    all_before = ask(exchange, "GET", "myTrades", symbol="BTCUSDT")
    looks = [ask(exchange, "GET", "myTrades", symbol="BTCUSDT", orderId=order["orderId"]) for _ in range(3)]

    assert order["executedQty"] == "0.10000000"
    assert all_before == []
    assert [len(trades) for trades in looks] == [0, 0, 1]


def test_balances_may_lag_behind_the_engine() -> None:
    exchange = practice(allowance={"BTC": Decimal(0)})
    exchange.add_fault(fault_of({"kind": "stale_balances", "queries": 2, **ORDER}))

    buy(exchange, "0.1")

    assert [balance(exchange, "BTC")[0] for _ in range(3)] == ["0.00000000", "0.00000000", "0.09990000"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({}, "kind: None is not allowed"),
        ({"kind": "explode"}, "kind: 'explode' is not allowed; allowed are drop, reset"),
        ({"kind": "drop", "nht": 2}, "nht: unknown key of a fault; known are kind, when"),
        ({"kind": "drop", "nth": 0}, "nth: 0"),
        ({"kind": "drop", "nth": "2"}, "nth: '2' is not allowed"),
        ({"kind": "drop", "when": "during"}, "when: 'during' is not allowed"),
        ({"kind": "partial", "share": "half"}, "share: 'half' is not allowed"),
        ({"kind": "error"}, "code: is missing"),
    ],
)
def test_a_fault_that_does_not_exist_is_answered_with_what_does(wanted: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence):
        fault_of(wanted)


def test_a_fault_matches_everything_unless_it_is_told_otherwise() -> None:
    assert Fault(kind="drop").matches(method="GET", path="/api/v3/time", symbol=None)


def send(exchange: PracticeExchange) -> Answer:
    return call(exchange, "POST", "order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")


def spoilt(result: Answer) -> bool:
    try:
        content = json.loads(result.body)
    except ValueError:
        return True
    return result.delivery != "send" or content.get("status") != "FILLED"
