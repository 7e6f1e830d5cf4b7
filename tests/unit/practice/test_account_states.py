"""What an account and its markets can be made to be: fees in a coin, no orders, delisted, renamed, limited."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.core.market import BarSeries
from engine.practice.exchange import PracticeExchange
from tests.support.markets import coin_bars
from tests.support.practice import FIRST, ask, balance, bitcoin, buy, instant, look, practice, steer

INVALID_SYMBOL = -1121


def exchange_with_bnb(bnb: str) -> PracticeExchange:
    exchange = practice(bitcoin(*[40_000.0] * 3), _bnb(), at=instant(FIRST), slippage=Decimal(0))
    steer(exchange, "account", {"fees_in": "BNB", "balances": {"BNB": bnb}})
    return exchange


def _bnb() -> BarSeries:
    return coin_bars("BNB", FIRST, [300.0] * 3)


def fees(order: Any) -> list[tuple[str, str]]:
    return [(fill["commission"], fill["commissionAsset"]) for fill in order["fills"]]


def test_a_fee_in_bnb_is_three_quarters_of_the_commission_at_its_price() -> None:
    # 40,000 x 0.001 x 0.75 / 300 = 0.1 BNB.
    exchange = exchange_with_bnb("0.3")

    assert fees(buy(exchange, "1")) == [("0.10000000", "BNB")]
    assert balance(exchange, "BNB")[0] == "0.20000000"
    assert balance(exchange, "BTC")[0] == "2.00000000"
    assert ask(exchange, "GET", "account/commission", symbol="BTCUSDT")["discount"]["enabledForAccount"] is True


def test_where_too_little_bnb_is_there_the_fee_is_taken_of_what_is_received() -> None:
    exchange = exchange_with_bnb("0.05")

    assert fees(buy(exchange, "1")) == [("0.00100000", "BTC")]
    assert balance(exchange, "BNB")[0] == "0.05000000"


def test_bnb_that_is_bought_pays_its_own_fee() -> None:
    exchange = exchange_with_bnb("0")

    assert fees(buy(exchange, "2", symbol="BNBUSDT")) == [("0.00150000", "BNB")]
    assert balance(exchange, "BNB")[0] == "1.99850000"


def test_fees_are_paid_only_in_a_coin_that_has_a_market() -> None:
    assert "'NIX' has no market here" in steer(practice(), "account", {"fees_in": "NIX"})["error"]


def test_an_account_that_may_not_trade_is_refused_until_it_may() -> None:
    exchange = practice()

    steer(exchange, "account", {"may_trade": False})
    refused = buy(exchange, "1")
    cannot = ask(exchange, "GET", "account")["canTrade"]
    steer(exchange, "account", {"may_trade": True})

    assert (refused["code"], refused["msg"]) == (-2010, "This action is disabled on this account.")
    assert not cannot
    assert buy(exchange, "1")["status"] == "FILLED"


def test_a_delisted_symbol_is_unknown_and_its_coins_stay() -> None:
    exchange = practice()
    buy(exchange, "1")

    steer(exchange, "symbols", {"symbol": "BTCUSDT", "delisted": True})

    assert buy(exchange, "1")["code"] == INVALID_SYMBOL
    assert look(exchange, "klines", symbol="BTCUSDT", interval="1d")["code"] == INVALID_SYMBOL
    assert ask(exchange, "GET", "myTrades", symbol="BTCUSDT")["code"] == INVALID_SYMBOL
    assert [row["symbol"] for row in look(exchange, "exchangeInfo")["symbols"] if row["symbol"] == "BTCUSDT"] == []
    assert balance(exchange, "BTC")[0] == "1.99900000"


def test_an_order_that_rests_ends_when_its_symbol_is_delisted() -> None:
    exchange = practice(bitcoin(*[40_000.0] * 3), at=instant(FIRST))
    buy(exchange, "1", type="LIMIT", price="30000", timeInForce="GTC")

    steer(exchange, "symbols", {"symbol": "BTCUSDT", "delisted": True})
    exchange.set_clock(exchange.now + timedelta(days=1))

    assert balance(exchange, "USDT") == ("1000000.00000000", "0.00000000")


def test_a_renamed_coin_is_held_and_traded_under_its_other_name() -> None:
    exchange = practice()

    steer(exchange, "symbols", {"symbol": "BTCUSDT", "renamed": "XBT"})

    assert buy(exchange, "1")["code"] == INVALID_SYMBOL
    assert buy(exchange, "1", symbol="XBTUSDT")["status"] == "FILLED"
    assert balance(exchange, "XBT")[0] == "1.99900000"
    assert "is taken" in steer(exchange, "symbols", {"symbol": "XBTUSDT", "renamed": "BTC"})["error"]


def test_no_more_may_be_held_than_the_most_of_a_symbol() -> None:
    exchange = practice()

    steer(exchange, "symbols", {"symbol": "BTCUSDT", "max_position": "1.5"})
    filters = look(exchange, "exchangeInfo", symbol="BTCUSDT")["symbols"][0]["filters"]

    assert buy(exchange, "0.6")["msg"] == "Filter failure: MAX_POSITION"
    assert buy(exchange, "0.5")["status"] == "FILLED"
    assert buy(exchange, "0.5", side="SELL")["status"] == "FILLED"
    assert {"filterType": "MAX_POSITION", "maxPosition": "1.50000000"} in filters
