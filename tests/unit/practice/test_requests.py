"""What the exchange answers to requests that are wrong: the documented code, status and text."""

import hmac
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from engine.practice.api import answer
from engine.practice.calls import Call
from engine.practice.exchange import PracticeExchange
from engine.practice.signatures import HmacKey
from tests.support.practice import FIRST, KEY, WallClock, ask, bitcoin, buy, call, instant, look, practice, signed_query

DECIMALS = r"legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'."
MISSING = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "price": "40000"}


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"quantity": "1e-05"}, -1100, f"Illegal characters found in parameter 'quantity'; {DECIMALS}"),
        ({"quantity": "-1"}, -1100, None),
        ({"quantity": "0.123456789"}, -1111, "Parameter 'quantity' has too much precision."),
        ({"quantity": "0"}, -1013, "Invalid quantity."),
        ({"quantity": ""}, -1105, "Parameter 'quantity' was empty."),
        ({"quantity": None}, -1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
        ({"quoteOrderQty": "10"}, -1128, "Combination of optional parameters invalid."),
        ({"price": "40000"}, -1106, "Parameter 'price' sent when not required."),
        ({"timeInForce": "GTC"}, -1106, "Parameter 'timeInForce' sent when not required."),
        ({**LIMIT, "timeInForce": None}, -1102, MISSING.format("timeInForce")),
        ({**LIMIT, "price": None}, -1102, MISSING.format("price")),
        ({**LIMIT, "timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"type": "LIMITED"}, -1116, "Invalid orderType."),
        ({"side": "LONG"}, -1117, "Invalid side."),
        ({"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
        ({"symbol": "btcusdt"}, -1100, None),
        ({"symbol": None}, -1102, MISSING.format("symbol")),
        ({"newClientOrderId": "with blank"}, -1100, None),
        ({"newClientOrderId": "x" * 37}, -1100, None),
        ({"unheard": "of"}, -1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'."),
        ({"recvWindow": "60001"}, -1131, "recvWindow must be less than 60000."),
        ({"type": "STOP_LOSS", "stopPrice": "1"}, -1013, "Stop loss orders are not supported for this symbol."),
        ({"icebergQty": "0.1"}, -1013, "Iceberg orders are not supported for this symbol."),
        ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
        ({"quantity": "1000"}, -1013, "Filter failure: MARKET_LOT_SIZE"),
        ({"quantity": "100"}, -2010, "Account has insufficient balance for requested action."),
    ],
)  # fmt: skip
def test_a_wrong_order_is_answered_with_the_documented_code(
    changed: dict[str, str | None], code: int, message: str | None
) -> None:
    exchange = practice()
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1", **changed}
    result = call(exchange, "POST", "order", **{name: value for name, value in wanted.items() if value is not None})

    content = json.loads(result.body)
    assert (result.status, content["code"]) == (400, code)
    assert message is None or content["msg"] == message
    assert ask(exchange, "GET", "allOrders", symbol="BTCUSDT") == []


def test_a_parameter_that_is_there_twice_is_refused() -> None:
    assert raw(practice(), "symbol=BTCUSDT&symbol=BTCUSDT&limit=1", path="klines")["code"] == -1101


def test_an_endpoint_without_parameters_takes_none() -> None:
    assert look(practice(), "ping", x=1) == {
        "code": -1101,
        "msg": "Too many parameters; expected '0' and received '1'.",
    }


def test_a_parameter_in_query_and_body_counts_as_the_query_says() -> None:
    exchange = practice()
    query, body = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1", f"quantity=0.2&timestamp={exchange.clock.now()}"
    signature = hmac_of(query + body)

    result = answer(
        exchange,
        Call(
            method="POST",
            path="/api/v3/order",
            query=query,
            body=f"{body}&signature={signature}",
            api_key=KEY.name,
        ),
    )

    assert json.loads(result.body)["executedQty"] == "0.10000000"


@pytest.mark.parametrize(
    ("name", "status", "code"), [(None, 401, -2014), ("with blank", 401, -2014), ("unknown", 401, -2015)]
)
def test_a_key_that_opens_nothing_is_refused(name: str | None, status: int, code: int) -> None:
    exchange = practice()

    result = answer(
        exchange, Call(method="GET", path="/api/v3/account", query=signed_query(exchange, {}), api_key=name)
    )

    assert (result.status, json.loads(result.body)["code"]) == (status, code)


def test_a_signature_by_another_secret_is_refused() -> None:
    exchange = practice()
    query = signed_query(exchange, {}, key=HmacKey(name=KEY.name, secret="another"))

    result = answer(exchange, Call(method="GET", path="/api/v3/account", query=query, api_key=KEY.name))

    assert json.loads(result.body) == {"code": -1022, "msg": "Signature for this request is not valid."}


@pytest.mark.parametrize(
    ("offset", "window", "code"),
    [
        (0, None, None),
        (999, None, None),
        (1000, 60_000, -1021),  # a wide window does not help a clock that is fast
        (-5000, None, None),
        (-5001, None, -1021),
        (-5001, 6000, None),
    ],
)
def test_a_time_stamp_is_accepted_from_a_window_ago_to_a_second_ahead(
    offset: int, window: int | None, code: int | None
) -> None:
    exchange = practice()
    parameters = {} if window is None else {"recvWindow": window}

    content = ask(exchange, "GET", "account", timestamp=exchange.clock.now() + offset, **parameters)

    assert content.get("code") == code


def test_a_client_whose_watch_runs_on_while_the_clock_stands_is_not_ahead() -> None:
    wall = WallClock()
    exchange = practice(wall=wall)

    wall.run(30)

    assert "code" not in ask(exchange, "GET", "account", timestamp=exchange.clock.now() + 30_000)
    assert ask(exchange, "GET", "account", timestamp=exchange.clock.now() + 31_000)["code"] == -1021


def test_microseconds_are_taken_too() -> None:
    exchange = practice()

    assert "code" not in ask(exchange, "GET", "account", timestamp=exchange.clock.now() * 1000)


@pytest.mark.parametrize("missing", ["timestamp", "signature"])
def test_a_signed_request_needs_time_stamp_and_signature(missing: str) -> None:
    exchange = practice()
    sent = {"timestamp": exchange.clock.now(), "signature": "00"}
    sent.pop(missing)

    content = raw(exchange, urlencode(sent), path="account")

    assert content == {
        "code": -1102,
        "msg": f"Mandatory parameter '{missing}' was not sent, was empty/null, or malformed.",
    }


@pytest.mark.parametrize("path", ["/sapi/v1/capital/config/getall", "/api/v3/nothing", "/"])
def test_what_is_not_there_is_404_and_not_json(path: str) -> None:
    result = answer(practice(), Call(method="GET", path=path))

    assert (result.status, result.content_type) == (404, "text/html")


@pytest.mark.parametrize(
    ("path", "parameters", "weight"),
    [
        ("ping", {}, 1),
        ("exchangeInfo", {}, 20),
        ("klines", {"symbol": "BTCUSDT", "interval": "1d"}, 2),
        ("depth", {"symbol": "BTCUSDT", "limit": "500"}, 25),
        ("depth", {"symbol": "BTCUSDT", "limit": "5000"}, 250),
        ("ticker/price", {"symbol": "BTCUSDT"}, 2),
        ("ticker/bookTicker", {}, 4),
        ("ticker/24hr", {}, 80),
        ("ticker/24hr", {"symbols": '["BTCUSDT"]'}, 2),
        ("account", {}, 20),
        ("openOrders", {"symbol": "BTCUSDT"}, 6),
        ("openOrders", {}, 80),
        ("order", {"symbol": "BTCUSDT", "orderId": "1"}, 4),
        ("myTrades", {"symbol": "BTCUSDT", "orderId": "1"}, 5),
        ("myTrades", {"symbol": "BTCUSDT"}, 20),
        ("allOrders", {"symbol": "BTCUSDT"}, 20),
        ("rateLimit/order", {}, 40),
    ],
)
def test_a_request_weighs_what_the_documentation_says(path: str, parameters: dict[str, str], weight: int) -> None:
    exchange = practice()
    signed = path in {"account", "openOrders", "order", "myTrades", "allOrders", "rateLimit/order"}
    if signed:
        result = call(exchange, "GET", path, **parameters)
    else:
        result = answer(exchange, Call(method="GET", path=f"/api/v3/{path}", query=urlencode(parameters)))

    assert result.headers["x-mbx-used-weight-1m"] == str(weight)


def test_an_order_answer_carries_the_order_counts() -> None:
    exchange = practice()
    resting = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.1", **LIMIT, "price": "30000"}

    result = call(exchange, "POST", "order", **resting)

    assert (result.headers["x-mbx-order-count-10s"], result.headers["x-mbx-order-count-1d"]) == ("1", "1")
    buy(exchange, "0.1")  # filled at once, and so given back
    assert [row["count"] for row in ask(exchange, "GET", "rateLimit/order")] == [1, 1]


def test_an_order_is_found_by_number_and_by_name_on_its_own_symbol_only() -> None:
    exchange = practice()
    buy(exchange, "0.1", newClientOrderId="name")
    nothing = {"code": -2013, "msg": "Order does not exist."}

    by_number = ask(exchange, "GET", "order", symbol="BTCUSDT", orderId=1)
    by_name = ask(exchange, "GET", "order", symbol="BTCUSDT", origClientOrderId="name")

    assert by_number == by_name
    assert ask(exchange, "GET", "order", symbol="BTCUSDT", orderId=2) == nothing
    assert ask(exchange, "GET", "order", symbol="BTCUSDT", orderId=1, origClientOrderId="other") == nothing
    assert ask(exchange, "GET", "order", symbol="BTCUSDT")["code"] == -1102


def test_order_test_checks_and_places_nothing() -> None:
    exchange = practice()
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}

    assert ask(exchange, "POST", "order/test", quantity="0.1", **wanted) == {}
    assert ask(exchange, "POST", "order/test", quantity="100", **wanted)["code"] == -2010
    assert ask(exchange, "GET", "allOrders", symbol="BTCUSDT") == []


def test_orders_and_trades_come_in_pages() -> None:
    exchange = practice()
    for _ in range(5):
        buy(exchange, "0.01")

    def ids(path: str, key: str, **parameters: object) -> list[int]:
        return [row[key] for row in ask(exchange, "GET", path, symbol="BTCUSDT", **parameters)]

    now = exchange.clock.now()
    assert ids("allOrders", "orderId", limit=2) == [4, 5]
    assert ids("allOrders", "orderId", orderId=2, limit=2) == [2, 3]
    assert ids("allOrders", "orderId", startTime=now, limit=2) == [1, 2]
    assert ids("allOrders", "orderId", startTime=now + 1) == []
    assert ids("myTrades", "id", fromId=4) == [4, 5]
    assert ids("myTrades", "id", orderId=3) == [3]
    assert ids("myTrades", "id", endTime=now - 1) == []
    too_long = ask(exchange, "GET", "myTrades", symbol="BTCUSDT", startTime=now, endTime=now + 86_400_001)
    assert too_long == {"code": -1127, "msg": "More than 24 hours between startTime and endTime."}


def test_the_trades_of_one_order_are_its_most_recent_ones_unless_an_id_to_begin_at_is_given() -> None:
    exchange = practice()
    buy(exchange, "0.01")
    order = exchange.records.find("BTCUSDT", order_id=1, client_order_id=None)
    assert order is not None
    order.trades = [replace(order.trades[0], trade_id=number) for number in range(1, 6)]

    def ids(**parameters: object) -> list[int]:
        return [row["id"] for row in ask(exchange, "GET", "myTrades", symbol="BTCUSDT", orderId=1, **parameters)]

    assert ids(limit=2) == [4, 5]
    assert ids(limit=2, fromId=0) == [1, 2]
    assert ids(limit=2, fromId=3) == [3, 4]
    assert ids(fromId=6) == []


def test_the_account_holds_hundreds_of_coins_that_nobody_asked_for() -> None:
    assets = [row["asset"] for row in ask(practice(), "GET", "account")["balances"]]

    assert len(assets) > 400
    assert {"USDT", "BTC", "这是测试币", "456"} <= set(assets)
    assert len(set(assets)) == len(assets)


def test_a_symbol_that_is_not_ascii_is_listed_and_traded() -> None:
    exchange = practice()

    assert "这是测试币456" in {row["symbol"] for row in look(exchange, "exchangeInfo")["symbols"]}
    assert buy(exchange, "100", symbol="这是测试币456")["status"] == "FILLED"


def test_a_coin_is_unknown_before_its_first_bar() -> None:
    late = bitcoin(1.0, first=FIRST.replace(day=3))
    exchange = practice(bitcoin(*[1.0] * 5), type(late)(**{**vars(late), "symbol": "ETH"}), at=instant(FIRST))

    before = {row["symbol"] for row in look(exchange, "exchangeInfo")["symbols"]}
    asked_before = look(exchange, "ticker/price", symbol="ETHUSDT")
    exchange.set_clock(instant(FIRST.replace(day=3)))
    after = {row["symbol"] for row in look(exchange, "exchangeInfo")["symbols"]}

    assert after - before == {"ETHUSDT"}
    assert asked_before == {"code": -1121, "msg": "Invalid symbol."}


def test_prices_are_given_for_one_symbol_for_some_and_for_all() -> None:
    exchange = practice()

    one = look(exchange, "ticker/bookTicker", symbol="BTCUSDT")
    some = look(exchange, "ticker/bookTicker", symbols='["BTCUSDT"]')
    every = look(exchange, "ticker/bookTicker")

    # 40000 worsened by 0.0005 is 20 on either side.
    assert (one["bidPrice"], one["askPrice"]) == ("39980.00000000", "40020.00000000")
    assert (some, every[0]) == ([one], one)
    assert look(exchange, "ticker/price", symbol="BTCUSDT")["price"] == "40000.00000000"
    assert look(exchange, "avgPrice", symbol="BTCUSDT")["price"] == "40000.00000000"
    assert look(exchange, "depth", symbol="BTCUSDT")["asks"][0][0] == "40020.00000000"
    assert look(exchange, "ticker/24hr", symbol="BTCUSDT")["lastPrice"] == "40000.00000000"
    assert look(exchange, "ticker/price", symbols='["BTCUSDT","BTCUSDT"]')["code"] == -1151
    assert look(exchange, "ticker/price", symbol="BTCUSDT", symbols='["BTCUSDT"]')["code"] == -1128


def raw(exchange: PracticeExchange, query: str, *, path: str) -> dict[str, object]:
    result = answer(exchange, Call(method="GET", path=f"/api/v3/{path}", query=query, api_key=KEY.name))
    content: dict[str, object] = json.loads(result.body)
    return content


def hmac_of(text: str) -> str:
    return hmac.new(KEY.secret.encode(), text.encode(), "sha256").hexdigest()
