"""Facts are read exactly, or not at all."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.core.calendar import opening_instant
from engine.core.order import Side
from engine.venues.answers import Balance, OrderProgress, Quote
from engine.venues.binance import reading
from engine.venues.binance.reading import UnreadableError

# Recorded shapes of the documentation (rest-api.md, 2026-07); 1507725176595 ms is 2017-10-11 12:32:56.595 UTC.
FULL: dict[str, Any] = json.loads("""{
  "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "6gCrw2kRUAF9CvJDGP16IP",
  "transactTime": 1507725176595, "price": "0.00000000", "origQty": "10.00000000", "executedQty": "10.00000000",
  "origQuoteOrderQty": "0.000000", "cummulativeQuoteQty": "39998.00000000", "status": "FILLED", "timeInForce": "GTC",
  "type": "MARKET", "side": "SELL", "workingTime": 1507725176595, "selfTradePreventionMode": "NONE",
  "fills": [
    {"price": "4000.00000000", "qty": "1.00000000", "commission": "4.00000000", "commissionAsset": "USDT",
     "tradeId": 56},
    {"price": "3999.77777777", "qty": "9.00000000", "commission": "0.00000001", "commissionAsset": "BNB",
     "tradeId": 57}
  ]}""")
QUERIED: dict[str, Any] = {key: value for key, value in FULL.items() if key not in {"fills", "transactTime"}} | {
    "time": 1507725176000,
    "updateTime": 1507725176595,
    "isWorking": True,
}
TRADE: dict[str, Any] = {
    "symbol": "BNBBTC",
    "id": 28457,
    "orderId": 100234,
    "price": "4.00000100",
    "qty": "12.00000000",
    "quoteQty": "48.00001200",
    "commission": "10.10000000",
    "commissionAsset": "BNB",
    "time": 1507725176595,
    "isBuyer": True,
    "isMaker": False,
}
AT = datetime(2017, 10, 11, 12, 32, 56, 595000, tzinfo=UTC)


def test_an_executed_order_has_its_trades_with_fees_in_the_assets_they_were_taken_in() -> None:
    order = reading.order(FULL, "BTC/USDT", "6gCrw2kRUAF9CvJDGP16IP")

    assert (order.order_id, order.side, order.progress) == ("28", Side.SELL, OrderProgress.FILLED)
    assert (order.quantity, order.executed_quantity) == (Decimal(10), Decimal(10))
    assert order.at == AT
    assert order.trades is not None
    assert [(each.trade_id, each.quantity, each.price, each.fee, each.fee_asset) for each in order.trades] == [
        ("56", Decimal(1), Decimal(4000), Decimal(4), "USDT"),
        ("57", Decimal(9), Decimal("3999.77777777"), Decimal("1E-8"), "BNB"),
    ]
    assert {(each.order_id, each.symbol, each.side, each.at) for each in order.trades} == {
        ("28", "BTC/USDT", Side.SELL, AT)
    }


def test_a_queried_order_does_not_list_its_trades() -> None:
    order = reading.order(QUERIED, "BTC/USDT")

    assert order.trades is None
    assert order.at == AT


def test_trades_that_do_not_add_up_to_the_executed_quantity_are_not_all() -> None:
    assert reading.order(FULL | {"fills": FULL["fills"][:1]}, "BTC/USDT").trades is None


def test_an_order_of_which_nothing_was_executed_has_no_trades() -> None:
    order = reading.order(QUERIED | {"status": "EXPIRED", "executedQty": "0.00000000"}, "BTC/USDT")

    assert (order.progress, order.trades) == (OrderProgress.ENDED, ())


@pytest.mark.parametrize(
    ("status", "progress"),
    [
        ("NEW", OrderProgress.OPEN),
        ("PENDING_NEW", OrderProgress.OPEN),
        ("PARTIALLY_FILLED", OrderProgress.OPEN),
        ("FILLED", OrderProgress.FILLED),
        ("CANCELED", OrderProgress.ENDED),
        ("EXPIRED", OrderProgress.ENDED),
        ("EXPIRED_IN_MATCH", OrderProgress.ENDED),
        ("REJECTED", OrderProgress.ENDED),
    ],
)
def test_an_order_that_ended_may_have_a_part_executed(status: str, progress: OrderProgress) -> None:
    order = reading.order(QUERIED | {"status": status, "executedQty": "3.5"}, "BTC/USDT")

    assert order.progress is progress
    assert order.executed_quantity == Decimal("3.5")


@pytest.mark.parametrize(
    "change",
    [
        {"orderId": None},
        {"orderId": "28"},
        {"orderId": -1},
        {"status": None},
        {"status": "SOMETHING_NEW"},
        {"clientOrderId": "another"},
        {"clientOrderId": ""},
        {"symbol": "ETHUSDT"},
        {"side": "SHORT"},
        {"executedQty": "10.1"},
        {"executedQty": "-1"},
        {"executedQty": None},
        {"executedQty": "NaN"},
        {"executedQty": "1e999999999999999999999"},
        {"executedQty": "ten"},
        {"executedQty": True},
        {"executedQty": 10.0},
        {"transactTime": "soon"},
        {"transactTime": 10**30},
        {"fills": {}},
        {"fills": [{}]},
        {"fills": [None]},
    ],
)
def test_an_order_that_is_not_whole_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(UnreadableError):
        reading.order(FULL | change, "BTC/USDT", "6gCrw2kRUAF9CvJDGP16IP")


@pytest.mark.parametrize("content", [None, [], {}, "", "<html>", 1, [FULL], {"orderId": 28}])
def test_what_is_no_order_is_unreadable(content: object) -> None:
    with pytest.raises(UnreadableError):
        reading.order(content, "BTC/USDT")


def test_decimals_are_those_of_the_text_also_where_they_are_written_as_numbers() -> None:
    content = {
        "balances": [
            {"asset": "BTC", "free": "0.10000000000000000001", "locked": "0"},
            {"asset": "这是测试币456", "free": Decimal("0.1"), "locked": 3},
        ]
    }

    assert reading.balances(content) == {
        "BTC": Balance(free=Decimal("0.10000000000000000001"), locked=Decimal(0)),
        "这是测试币456": Balance(free=Decimal("0.1"), locked=Decimal(3)),
    }


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"balances": []},
        {"balances": None},
        {"balances": [{"asset": "BTC", "free": "1"}]},
        {"balances": [{"asset": "BTC", "free": "-1", "locked": "0"}]},
        {"balances": [{"asset": "BTC", "free": "1", "locked": "0"}, {"asset": "BTC", "free": "2", "locked": "0"}]},
        [],
        None,
    ],
)
def test_an_account_without_balances_is_unreadable(content: object) -> None:
    with pytest.raises(UnreadableError):
        reading.balances(content)


ODD_ROWS: list[Any] = [None, [], "BTC", 7, {}, {"asset": ""}, {"asset": None, "symbol": []}, {"symbol": ""}]
"""Nobody's rows."""
ODD_BALANCES: list[dict[str, Any]] = [
    {"free": "-0.00000001", "locked": "0"},
    {"free": "1"},
    {"free": "much", "locked": "0"},
    {"free": "1", "locked": None},
    {"free": [], "locked": "0"},
]


@pytest.mark.parametrize("odd", [*ODD_ROWS, *({"asset": "JUNK", **row} for row in ODD_BALANCES)])
def test_an_odd_row_of_somebody_elses_asset_costs_no_balance_of_ours(odd: Any) -> None:
    rows = [odd, {"asset": "BTC", "free": "1", "locked": "2"}, {"asset": "OTHER", "free": "3", "locked": "0"}]

    assert reading.balances({"balances": rows}, ours=("BTC", "ETH")) == {
        "BTC": Balance(free=Decimal(1), locked=Decimal(2)),
        "OTHER": Balance(free=Decimal(3), locked=Decimal(0)),
    }


@pytest.mark.parametrize("odd", ODD_BALANCES)
def test_an_odd_row_of_ours_is_not_taken_for_nothing(odd: dict[str, Any]) -> None:
    rows = [{"asset": "BTC", **odd}, {"asset": "ETH", "free": "1", "locked": "2"}]

    with pytest.raises(UnreadableError):
        reading.balances({"balances": rows}, ours=("BTC", "ETH"))


def test_two_balances_of_one_asset_are_unreadable_where_it_is_ours() -> None:
    rows = [{"asset": "BTC", "free": "1", "locked": "0"}, {"asset": "BTC", "free": "2", "locked": "0"}]

    with pytest.raises(UnreadableError, match="two balances of BTC"):
        reading.balances({"balances": rows}, ours=("BTC",))
    others = reading.balances({"balances": [*rows, {"asset": "ETH", "free": "3", "locked": "0"}]}, ours=("ETH",))
    assert others["ETH"].free == 3


@pytest.mark.parametrize("odd", [*ODD_ROWS, {"symbol": "JUNKUSDT"}, {"symbol": "JUNKUSDT", "bidPrice": "-1"}])
def test_an_odd_row_of_somebody_elses_market_costs_no_quote_of_ours(odd: Any) -> None:
    row = {"symbol": "BTCUSDT", "bidPrice": "9", "bidQty": "1", "askPrice": "10", "askQty": "2"}

    assert list(reading.quotes([odd, row], ("BTC/USDT",))) == ["BTC/USDT"]


@pytest.mark.parametrize("odd", [*ODD_ROWS, {"symbol": "JUNKUSDT", "origQty": "-1"}])
def test_an_odd_row_of_somebody_elses_market_costs_no_open_order_of_ours(odd: Any) -> None:
    (order,) = reading.orders([odd, QUERIED], ("BTC/USDT",))

    assert order.order_id == "28"


def test_a_book_with_an_empty_or_crossed_side_gives_no_quote() -> None:
    def row(symbol: str, bid: str, ask: str) -> dict[str, str]:
        return {"symbol": symbol, "bidPrice": bid, "bidQty": "1", "askPrice": ask, "askQty": "2"}

    content = [row("BTCUSDT", "9.99", "10.01"), row("ETHUSDT", "0.00000000", "10"), row("XRPUSDT", "2", "1")]

    assert reading.quotes(content, ("BTC/USDT", "ETH/USDT", "XRP/USDT")) == {
        "BTC/USDT": Quote(bid=Decimal("9.99"), bid_quantity=Decimal(1), ask=Decimal("10.01"), ask_quantity=Decimal(2))
    }
    with pytest.raises(UnreadableError, match="no book of ADA/USDT"):
        reading.quotes(content, ("ADA/USDT",))


def test_trades_are_read_with_their_fee() -> None:
    (trade,) = reading.trades([TRADE], "BNB/BTC")

    assert (trade.trade_id, trade.order_id, trade.side, trade.at) == ("28457", "100234", Side.BUY, AT)
    assert (trade.quantity, trade.price, trade.fee, trade.fee_asset) == (
        Decimal(12),
        Decimal("4.000001"),
        Decimal("10.1"),
        "BNB",
    )


@pytest.mark.parametrize("change", [{"isBuyer": None}, {"symbol": "BTCUSDT"}, {"commission": None}, {"id": None}])
def test_a_trade_that_is_not_whole_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(UnreadableError):
        reading.trades([TRADE | change], "BNB/BTC")


def test_a_trade_of_another_order_than_asked_for_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="a trade of order 100234 among those of order 7"):
        reading.trades([TRADE], "BNB/BTC", order_id="7")


def test_candles_keep_the_texts_of_the_exchange() -> None:
    # 1714521600000 ms is 1 May 2024.
    row = [1714521600000, "60672.00000000", "60841.63", "56552.82", "58364.97", "81166.46823000", 1714607999999, "0"]

    (candle,) = reading.candles([row])

    assert (candle.day, candle.open, candle.close) == (date(2024, 5, 1), "60672.00000000", "58364.97")
    assert (candle.high, candle.low, candle.volume) == ("60841.63", "56552.82", "81166.46823000")
    assert reading.milliseconds_of(opening_instant(candle.day)) == 1714521600000


DAY = 86_400_000


@pytest.mark.parametrize(
    "rows",
    [
        [[1, "1", "1", "1", "1", "1"]],
        [[DAY, "1", "1", "1", "1"]],
        [[DAY, "0", "1", "1", "1", "1"]],
        [[DAY, "1", "1", "1", "1", "-1"]],
        [[DAY, "1", None, "1", "1", "1"]],
        [[DAY, "1", "inf", "1", "1", "1"]],
        [[DAY, "1", "1", "1", "1", "1"]] * 2,
        [[2 * DAY, "1", "1", "1", "1", "1"], [DAY, "1", "1", "1", "1", "1"]],
        [[DAY * 10**12, "1", "1", "1", "1", "1"]],
        [None],
        ["1714521600000"],
        None,
        {},
    ],
)
def test_a_candle_that_cannot_be_makes_the_page_unreadable(rows: object) -> None:
    with pytest.raises(UnreadableError):
        reading.candles(rows)


@pytest.mark.parametrize("content", [{}, {"serverTime": None}, {"serverTime": "1"}, {"serverTime": 10**30}, [1], None])
def test_what_is_no_time_is_unreadable(content: object) -> None:
    with pytest.raises(UnreadableError):
        reading.server_time(content)


def test_open_orders_in_other_markets_are_left_out() -> None:
    rows = [QUERIED | {"status": "NEW", "executedQty": "0"}, QUERIED | {"symbol": "这是测试币456456"}]

    assert [order.symbol for order in reading.orders(rows, ("BTC/USDT",))] == ["BTC/USDT"]
