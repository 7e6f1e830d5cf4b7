"""The matching engine, through the orders that a client sends: fills, fees, rests, and every balance afterwards."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.practice.exchange import PracticeExchange
from tests.support.practice import FIRST, ask, balance, bitcoin, buy, instant, practice


def exchange_at_40000(**options: Any) -> PracticeExchange:
    """Give one at 40,000 without slippage, with 100,000 USDT and 2 BTC; the next day opens at 42,000."""
    bars = bitcoin(40_000.0, 44_000.0, opens=[40_000.0, 42_000.0])
    allowance = {"USDT": Decimal(100_000), "BTC": Decimal(2)}
    return practice(bars, at=instant(FIRST), slippage=Decimal(0), allowance=allowance, **options)


def limit(exchange: PracticeExchange, side: str, quantity: str, price: str, time_in_force: str = "GTC") -> Any:
    return ask(
        exchange,
        "POST",
        "order",
        symbol="BTCUSDT",
        side=side,
        type="LIMIT",
        quantity=quantity,
        price=price,
        timeInForce=time_in_force,
    )


def test_a_buy_pays_its_commission_in_the_bought_coin() -> None:
    exchange = exchange_at_40000()

    order = buy(exchange, "1.5")

    assert (order["status"], order["executedQty"], order["cummulativeQuoteQty"]) == (
        "FILLED",
        "1.50000000",
        "60000.00000000",
    )
    assert order["fills"] == [
        {
            "price": "40000.00000000",
            "qty": "1.50000000",
            "commission": "0.00150000",
            "commissionAsset": "BTC",
            "tradeId": 1,
        }
    ]
    assert balance(exchange, "BTC") == ("3.49850000", "0.00000000")
    assert balance(exchange, "USDT") == ("40000.00000000", "0.00000000")


def test_a_sell_pays_its_commission_in_quote_currency() -> None:
    exchange = exchange_at_40000()

    order = buy(exchange, "0.5", side="SELL")

    # 20000 less a thousandth.
    assert (order["fills"][0]["commission"], order["fills"][0]["commissionAsset"]) == ("20.00000000", "USDT")
    assert balance(exchange, "USDT")[0] == "119980.00000000"
    assert balance(exchange, "BTC")[0] == "1.50000000"


def test_commission_keeps_eight_decimals() -> None:
    exchange = exchange_at_40000(commission=Decimal("0.00075"))

    # 0.00013 * 0.00075 = 0.0000000975
    assert buy(exchange, "0.00013")["fills"][0]["commission"] == "0.00000009"


def test_a_quote_amount_is_spent_to_the_last_whole_lot() -> None:
    exchange = exchange_at_40000()

    order = ask(exchange, "POST", "order", symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="1000.3")

    # 1000.3 / 40000 = 0.0250075, of which 0.02500 is on the lot step.
    assert (order["executedQty"], order["cummulativeQuoteQty"]) == ("0.02500000", "1000.00000000")
    assert order["origQuoteOrderQty"] == "1000.30000000"


def test_more_than_the_account_holds_is_refused_and_changes_nothing() -> None:
    exchange = exchange_at_40000()
    refused = {"code": -2010, "msg": "Account has insufficient balance for requested action."}

    assert buy(exchange, "2.50001") == refused
    assert buy(exchange, "2.00001", side="SELL") == refused
    assert limit(exchange, "BUY", "2.50001", "40000") == refused
    assert balance(exchange, "USDT") == ("100000.00000000", "0.00000000")
    assert ask(exchange, "GET", "allOrders", symbol="BTCUSDT") == []


def test_a_filled_market_order_that_is_sent_again_is_executed_again() -> None:
    exchange = exchange_at_40000()

    first = buy(exchange, "0.1", newClientOrderId="name")
    second = buy(exchange, "0.1", newClientOrderId="name")

    assert (first["orderId"], second["orderId"]) == (1, 2)
    assert balance(exchange, "USDT")[0] == "92000.00000000"
    # Asked by name, the exchange only knows the later one.
    assert ask(exchange, "GET", "order", symbol="BTCUSDT", origClientOrderId="name")["orderId"] == 2


def test_a_name_is_refused_only_while_its_order_is_open() -> None:
    exchange = exchange_at_40000()
    resting = {"side": "BUY", "type": "LIMIT", "price": "30000", "timeInForce": "GTC", "newClientOrderId": "name"}

    first = buy(exchange, "0.1", **resting)
    while_open = buy(exchange, "0.1", newClientOrderId="name")
    ask(exchange, "DELETE", "order", symbol="BTCUSDT", orderId=first["orderId"])
    afterwards = buy(exchange, "0.1", newClientOrderId="name")

    assert while_open == {"code": -2010, "msg": "Duplicate order sent."}
    assert afterwards["status"] == "FILLED"


def test_a_limit_order_rests_locks_its_price_and_fills_when_the_market_comes_to_it() -> None:
    exchange = exchange_at_40000()

    order = limit(exchange, "SELL", "1", "43000")
    locked = balance(exchange, "BTC")
    exchange.advance(timedelta(hours=24))  # 42000
    waiting = ask(exchange, "GET", "openOrders", symbol="BTCUSDT")
    exchange.advance(timedelta(hours=12))  # half way to 44000
    filled = ask(exchange, "GET", "order", symbol="BTCUSDT", orderId=order["orderId"])
    trade = ask(exchange, "GET", "myTrades", symbol="BTCUSDT")[0]

    assert (order["status"], locked) == ("NEW", ("1.00000000", "1.00000000"))
    assert [row["orderId"] for row in waiting] == [1]
    # It made the price, so it gets its own and not a better one.
    assert (filled["status"], trade["price"], trade["isMaker"]) == ("FILLED", "43000.00000000", True)
    assert balance(exchange, "BTC") == ("1.00000000", "0.00000000")
    assert balance(exchange, "USDT")[0] == "142957.00000000"
    assert ask(exchange, "GET", "openOrders") == []


def test_cancelling_gives_back_what_was_locked() -> None:
    exchange = exchange_at_40000()
    order = limit(exchange, "BUY", "1", "30000")

    locked = balance(exchange, "USDT")
    cancelled = ask(exchange, "DELETE", "order", symbol="BTCUSDT", origClientOrderId=order["clientOrderId"])
    again = ask(exchange, "DELETE", "order", symbol="BTCUSDT", orderId=order["orderId"])

    assert locked == ("70000.00000000", "30000.00000000")
    assert (cancelled["status"], cancelled["origClientOrderId"]) == ("CANCELED", order["clientOrderId"])
    assert balance(exchange, "USDT") == ("100000.00000000", "0.00000000")
    assert again == {"code": -2011, "msg": "Unknown order sent."}


def test_a_limit_order_that_crosses_takes_the_better_price() -> None:
    order = limit(exchange_at_40000(), "BUY", "1", "41000")

    assert (order["status"], order["cummulativeQuoteQty"]) == ("FILLED", "40000.00000000")


@pytest.mark.parametrize(
    ("time_in_force", "status", "executed"),
    [("IOC", "EXPIRED", "0.50000000"), ("FOK", "EXPIRED", "0.00000000"), ("GTC", "PARTIALLY_FILLED", "0.50000000")],
)
def test_a_thin_book_leaves_a_rest_that_time_in_force_decides_on(
    time_in_force: str, status: str, executed: str
) -> None:
    exchange = exchange_at_40000()
    exchange.thin("BTCUSDT", Decimal(1))

    # Half of the book stands at 40000, the rest is dearer.
    order = limit(exchange, "BUY", "0.8", "40000", time_in_force)

    assert (order["status"], order["executedQty"]) == (status, executed)


def test_a_market_order_that_runs_out_of_book_expires_with_a_part_filled() -> None:
    exchange = exchange_at_40000()
    exchange.thin("BTCUSDT", Decimal(1))

    order = buy(exchange, "1.2")

    # 0.5 at 40000, 0.3 at 40008, 0.2 at 40016.
    assert (order["status"], order["executedQty"], order["origQty"]) == ("EXPIRED", "1.00000000", "1.20000000")
    assert order["cummulativeQuoteQty"] == "40005.60000000"
    assert [fill["qty"] for fill in order["fills"]] == ["0.50000000", "0.30000000", "0.20000000"]
    assert ask(exchange, "GET", "order", symbol="BTCUSDT", orderId=1)["expiryReason"] == "INSUFFICIENT_LIQUIDITY"


def test_an_order_that_only_makes_a_price_may_not_take_one() -> None:
    exchange = exchange_at_40000()
    maker = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.1"}

    taking = ask(exchange, "POST", "order", price="40000", **maker)
    making = ask(exchange, "POST", "order", price="39999", **maker)

    assert taking == {"code": -2010, "msg": "Order would immediately match and take."}
    # LIMIT_MAKER is answered with ACK unless more is asked for.
    assert making.keys() == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}


def test_a_closed_market_refuses_orders_and_lets_cancel() -> None:
    exchange = exchange_at_40000()
    limit(exchange, "BUY", "1", "30000")
    exchange.halt("BTCUSDT", "HALT")

    assert buy(exchange, "0.1") == {"code": -1013, "msg": "Market is closed."}
    assert ask(exchange, "DELETE", "openOrders", symbol="BTCUSDT")[0]["status"] == "CANCELED"


def test_ids_count_for_each_symbol() -> None:
    bars = [bitcoin(40_000.0)]
    other = bitcoin(10.0)
    exchange = practice(*bars, type(other)(**{**vars(other), "symbol": "ETH"}))

    orders = [buy(exchange, "1", symbol=symbol) for symbol in ("BTCUSDT", "ETHUSDT", "ETHUSDT")]

    assert [order["orderId"] for order in orders] == [1, 1, 2]


ORDERS = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["MARKET", "GTC", "IOC", "FOK"]),
    st.integers(1, 60_000),
    st.integers(3_000_000, 5_000_000),
    st.sampled_from(["none", "none", "thin", "deep", "day", "cancel"]),
)


@settings(max_examples=40)
@given(st.lists(ORDERS, max_size=12))
def test_no_sequence_of_orders_makes_or_loses_money(orders: list[tuple[str, str, int, int, str]]) -> None:
    exchange = exchange_at_40000()

    for side, kind, lots, cents, event in orders:
        quantity, price = str(Decimal(lots) / 100_000), str(Decimal(cents) / 100)
        if kind == "MARKET":
            buy(exchange, quantity, side=side)
        else:
            limit(exchange, side, quantity, price, kind)
        if event in {"thin", "deep"}:
            exchange.thin("BTCUSDT", Decimal("0.3") if event == "thin" else None)
        elif event == "day" and exchange.now < instant(FIRST, hours=40):
            exchange.advance(timedelta(hours=7))
        elif event == "cancel":
            ask(exchange, "DELETE", "openOrders", symbol="BTCUSDT")

    coins, cash = Decimal(2), Decimal(100_000)
    for trade in ask(exchange, "GET", "myTrades", symbol="BTCUSDT", limit=1000):
        sign = 1 if trade["isBuyer"] else -1
        assert Decimal(trade["quoteQty"]) == Decimal(trade["price"]) * Decimal(trade["qty"])
        coins += sign * Decimal(trade["qty"])
        cash -= sign * Decimal(trade["quoteQty"])
        if trade["isBuyer"]:
            coins -= Decimal(trade["commission"])
        else:
            cash -= Decimal(trade["commission"])
    open_orders = ask(exchange, "GET", "openOrders")
    reserved = {"BTC": Decimal(0), "USDT": Decimal(0)}
    for order in open_orders:
        left = Decimal(order["origQty"]) - Decimal(order["executedQty"])
        asset, amount = ("USDT", left * Decimal(order["price"])) if order["side"] == "BUY" else ("BTC", left)
        reserved[asset] += amount
    for asset, total in (("BTC", coins), ("USDT", cash)):
        free, locked = map(Decimal, balance(exchange, asset))
        assert (free + locked, locked) == (total, reserved[asset])
        assert free >= 0
