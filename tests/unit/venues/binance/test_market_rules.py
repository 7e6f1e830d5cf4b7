"""The rules of a market, read from the filters as the testnet has them."""

from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from engine.venues.answers import MarketRules
from engine.venues.binance.filters import is_synthetic, market_rules, weight_limit
from engine.venues.binance.reading import UnreadableError

Filter: TypeAlias = dict[str, Any]

# BTCUSDT on the testnet, June 2026.
PRICE: Filter = {
    "filterType": "PRICE_FILTER",
    "minPrice": "0.01000000",
    "maxPrice": "1000000.00000000",
    "tickSize": "0.01000000",
}
LOT: Filter = {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"}
MARKET_LOT: Filter = {
    "filterType": "MARKET_LOT_SIZE",
    "minQty": "0.00000000",
    "maxQty": "165.02393791",
    "stepSize": "0.00000000",
}
NOTIONAL: Filter = {
    "filterType": "NOTIONAL",
    "minNotional": "5.00000000",
    "applyMinToMarket": True,
    "maxNotional": "9000000.00000000",
    "applyMaxToMarket": False,
    "avgPriceMins": 5,
}


def info(*filters: Filter, **fields: object) -> dict[str, Any]:
    row: dict[str, object] = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "isSpotTradingAllowed": True,
        "filters": list(filters),
    }
    return {"symbols": [row | fields]}


def rules(*filters: Filter, **fields: object) -> MarketRules:
    return market_rules(info(*filters, **fields), ["BTC"], "USDT")["BTC"]


def test_the_testnets_filters_are_read() -> None:
    found = rules(PRICE, LOT, MARKET_LOT, NOTIONAL)

    assert found.instrument.symbol == "BTC/USDT"
    assert str(found.instrument.lot_step) == "0.00001"
    assert str(found.instrument.minimum_notional) == "5"
    # 165.02393791 rounded down to the step: a part of a split order must be on it.
    assert found.instrument.maximum_quantity == Decimal("165.02393")
    assert found.minimum_quantity == Decimal("0.00001")
    assert found.is_tradable


def test_a_part_of_a_filter_that_is_zero_is_off() -> None:
    off = {"filterType": "LOT_SIZE", "minQty": "0", "maxQty": "0.00", "stepSize": "0.00000000"}

    found = rules({**PRICE, "tickSize": "0"}, off)

    # baseAssetPrecision 8
    assert found.instrument.lot_step == Decimal("0.00000001")
    assert found.minimum_quantity == Decimal("0.00000001")
    assert found.instrument.maximum_quantity is None


def test_both_quantity_filters_hold_for_a_market_order() -> None:
    lot = {**LOT, "stepSize": "0.004", "minQty": "0.004", "maxQty": "10"}
    market = {**MARKET_LOT, "stepSize": "0.010", "minQty": "0.05", "maxQty": "20"}

    found = rules(lot, market)

    # A multiple of 4 and of 10 thousandths is one of 20 thousandths.
    assert found.instrument.lot_step == Decimal("0.02")
    assert found.minimum_quantity == Decimal("0.05")
    assert found.instrument.maximum_quantity == 10


@pytest.mark.parametrize(
    ("filters", "least"),
    [
        ([NOTIONAL], "5"),
        ([{**NOTIONAL, "applyMinToMarket": False}], "0"),
        ([{"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": True, "avgPriceMins": 5}], "10"),
        ([{"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": False}], "0"),
        ([NOTIONAL, {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": True}], "10"),
        ([], "0"),
    ],
)
def test_a_notional_counts_where_it_is_applied_to_market_orders(filters: list[Filter], least: str) -> None:
    assert rules(LOT, *filters).instrument.minimum_notional == Decimal(least)


@pytest.mark.parametrize(
    "fields",
    [{"status": "HALT"}, {"status": "BREAK"}, {"orderTypes": ["LIMIT"]}, {"isSpotTradingAllowed": False}],
)
def test_a_market_that_takes_no_market_orders_is_not_tradable(fields: dict[str, object]) -> None:
    assert not rules(LOT, **fields).is_tradable


def test_a_market_that_does_not_name_its_orders_takes_those_of_the_market() -> None:
    named = info(LOT)
    del named["symbols"][0]["orderTypes"]

    assert market_rules(named, ["BTC"], "USDT")["BTC"].is_tradable


def test_markets_of_other_assets_and_quotes_are_left_out() -> None:
    symbols = [
        *info(LOT, symbol="这是测试币456", baseAsset="这是测试币", quoteAsset="456")["symbols"],
        *info(LOT, symbol="BTCEUR", quoteAsset="EUR")["symbols"],
        *info(LOT)["symbols"],
    ]

    assert list(market_rules({"symbols": symbols}, ["BTC", "ETH"], "USDT")) == ["BTC"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "BTCUSDT",
        {},
        {"baseAsset": ""},
        {"baseAsset": None},
        {"baseAsset": []},
        {"baseAsset": "BTC"},
        {"baseAsset": "BTC", "quoteAsset": {}},
        {"baseAsset": "JUNK", "quoteAsset": "USDT", "filters": None},
        {"baseAsset": "BTC", "quoteAsset": "JUNK", "filters": [{}]},
    ],
)
def test_an_odd_row_of_somebody_elses_market_costs_no_market_of_ours(odd: Any) -> None:
    symbols = [odd, *info(LOT)["symbols"]]

    assert list(market_rules({"symbols": symbols}, ["BTC"], "USDT")) == ["BTC"]


@pytest.mark.parametrize(
    "content",
    [None, {}, {"symbols": {}}, {"symbols": [{}]}, info({"filterType": "LOT_SIZE"}, baseAssetPrecision=None), info({})],
)
def test_what_is_no_list_of_markets_is_unreadable(content: object) -> None:
    with pytest.raises(UnreadableError):
        market_rules(content, ["BTC"], "USDT")


def test_the_weight_of_a_minute_is_read() -> None:
    limits: list[Any] = [
        None,
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50},
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    ]

    assert weight_limit({"rateLimits": limits}) == 1200
    assert weight_limit({"rateLimits": limits[:2]}) is None
    assert weight_limit({}) is None


@pytest.mark.parametrize(
    ("content", "made_up"),
    [({"synthetic": True}, True), ({"synthetic": "yes"}, True), ({"synthetic": False}, False), ({}, False)],
)
def test_an_exchange_of_made_up_prices_says_so(content: dict[str, object], made_up: bool) -> None:
    assert is_synthetic(content) is made_up
