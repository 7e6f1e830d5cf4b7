"""Steering: clock, keys, symbols, reset and state under /practice/."""

import json
from datetime import timedelta

import pytest

from engine.practice.api import answer
from engine.practice.calls import Call
from engine.practice.exchange import PracticeExchange
from tests.support.practice import FIRST, KEY, WallClock, ask, balance, bitcoin, buy, instant, look, practice, steer


def state(exchange: PracticeExchange) -> dict[str, object]:
    content: dict[str, object] = json.loads(answer(exchange, Call(method="GET", path="/practice/state")).body)
    return content


def test_the_clock_is_put_to_an_instant_or_forward_by_seconds() -> None:
    exchange = practice(at=instant(FIRST))

    at = steer(exchange, "clock", {"at": "2024-01-02"})
    later = steer(exchange, "clock", {"advance_seconds": 90})

    assert (at["at"], later["at"]) == ("2024-01-02T00:00:00+00:00", "2024-01-02T00:01:30+00:00")
    assert look(exchange, "time") == {"serverTime": later["server_time"]}
    assert steer(exchange, "clock", {"at": "2024-01-01T00:00:00Z"})["error"].endswith("it only goes forward")
    assert "is not an instant" in steer(exchange, "clock", {"at": "tomorrow"})["error"]


def test_a_clock_can_be_let_run() -> None:
    wall = WallClock()
    exchange = practice(at=instant(FIRST), wall=wall)

    steer(exchange, "clock", {"speed": 3600})
    wall.run(2)

    assert exchange.now == instant(FIRST, hours=2)
    assert exchange.limits.enforced


def test_a_resting_order_is_matched_while_the_clock_runs() -> None:
    wall = WallClock()
    exchange = practice(bitcoin(44_000.0, opens=[40_000.0]), at=instant(FIRST), speed=3600, wall=wall)
    buy(exchange, "1", side="SELL", type="LIMIT", price="42000", timeInForce="GTC")

    wall.run(13)

    assert ask(exchange, "GET", "openOrders", symbol="BTCUSDT") == []


def test_a_reset_restores_balances_forgets_orders_and_keeps_keys() -> None:
    exchange = practice(bitcoin(*[40_000.0] * 10), at=instant(FIRST + timedelta(days=5)))
    for _ in range(3):
        buy(exchange, "0.1", newClientOrderId="name")

    steer(exchange, "reset", {})

    assert balance(exchange, "USDT") == ("1000000.00000000", "0.00000000")
    assert ask(exchange, "GET", "order", symbol="BTCUSDT", origClientOrderId="name")["code"] == -2013
    assert ask(exchange, "GET", "myTrades", symbol="BTCUSDT") == []
    assert len(look(exchange, "klines", symbol="BTCUSDT", interval="1d")) == 1
    # The number of an order of before now means another.
    assert buy(exchange, "0.2", newClientOrderId="other")["orderId"] == 1
    assert exchange.epoch == 2


def test_a_reset_may_keep_the_klines() -> None:
    exchange = practice(bitcoin(*[40_000.0] * 10), at=instant(FIRST + timedelta(days=5)))

    steer(exchange, "reset", {"keep_klines": True})

    assert len(look(exchange, "klines", symbol="BTCUSDT", interval="1d")) == 6


def test_an_open_order_is_forgotten_by_a_reset_with_what_it_had_locked() -> None:
    exchange = practice()
    buy(exchange, "1", type="LIMIT", price="30000", timeInForce="GTC")

    exchange.reset()

    assert ask(exchange, "GET", "openOrders") == []
    assert balance(exchange, "USDT") == ("1000000.00000000", "0.00000000")


def test_keys_are_added_and_revoked() -> None:
    exchange = practice()

    added = steer(exchange, "keys", {"api_key": "second", "secret": "s"})
    steer(exchange, "keys", {"revoke": KEY.name})

    assert added == {"keys": [KEY.name, "second"]}
    assert ask(exchange, "GET", "account")["code"] == -2015
    assert "secret: is missing" in steer(exchange, "keys", {"api_key": "third"})["error"]
    assert "error" in steer(exchange, "keys", {"api_key": "third", "public_key": "no PEM"})


def test_a_symbol_is_halted_thinned_and_limited() -> None:
    exchange = practice()

    halted = steer(exchange, "symbols", {"symbol": "BTCUSDT", "status": "HALT"})
    refused = buy(exchange, "0.1")
    steer(exchange, "symbols", {"symbol": "BTCUSDT", "status": None, "depth": "0.05", "market_max_quantity": "1"})

    assert (halted["status"], refused["msg"]) == ("HALT", "Market is closed.")
    assert buy(exchange, "0.1")["status"] == "EXPIRED"
    assert buy(exchange, "1.00001")["msg"] == "Filter failure: MARKET_LOT_SIZE"
    assert "known are BTCUSDT" in steer(exchange, "symbols", {"symbol": "X"})["error"]
    assert "allowed are HALT" in steer(exchange, "symbols", {"symbol": "BTCUSDT", "status": "OFF"})["error"]


def test_faults_are_ordered_listed_and_cleared() -> None:
    exchange = practice()

    ordered = steer(exchange, "faults", [{"kind": "drop"}, {"kind": "partial", "share": "0.25"}])
    wrong = steer(exchange, "faults", {"kind": "nonsense"})

    assert [(fault["kind"], fault["share"]) for fault in ordered] == [("drop", "0.5"), ("partial", "0.25")]
    assert wrong["error"].startswith("kind: 'nonsense' is not allowed")
    assert steer(exchange, "faults", {"clear": True}) == []


def test_the_state_shows_what_the_account_did_and_no_secret() -> None:
    exchange = practice()
    buy(exchange, "0.1", newClientOrderId="name")

    content = state(exchange)

    assert content["balances"] == {"USDT": "995998", "BTC": "1.0999"}  # 0.1 at 40020
    assert content["orders"] == [
        {
            "symbol": "BTCUSDT",
            "order_id": 1,
            "client_order_id": "name",
            "side": "buy",
            "type": "MARKET",
            "status": "FILLED",
            "quantity": "0.1",
            "executed": "0.1",
            "spent": "4002",
            "time": exchange.clock.now(),
            "trades": [1],
        }
    ]
    assert content["requests"] == {"POST /api/v3/order": 1}
    assert KEY.secret not in json.dumps(content)


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        ("clock", {"to": "2024-01-02"}, "to: unknown key; known here are at, advance_seconds, speed"),
        ("clock", {"advance_seconds": "1"}, "advance_seconds: '1' is not allowed; a number is wanted"),
        ("clock", [], "a JSON object is wanted"),
        ("nothing", {}, "POST /practice/nothing: known are GET /practice/clock"),
    ],
)
def test_a_wrong_wish_is_answered_with_a_sentence(path: str, content: object, sentence: str) -> None:
    assert steer(practice(), path, content)["error"].startswith(sentence)
