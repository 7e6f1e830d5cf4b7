"""Filters: which one an order fails, and what passes at the very edge."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from engine.practice.errors import ApiError
from engine.practice.filters import check_limit_order, check_market_order, filters_of
from engine.practice.rules import SymbolRules

RULES = SymbolRules(
    base="BTC",
    quote="USDT",
    tick=Decimal("0.01"),
    lot_step=Decimal("0.00001"),
    minimum_notional=Decimal(5),
    maximum_notional=Decimal(9_000_000),
    maximum_quantity=Decimal(9000),
    market_maximum_quantity=Decimal("165.02219723"),
)


@pytest.mark.parametrize(
    ("quantity", "failure"),
    [
        ("0.00005", None),  # 0.00005 * 100000 = 5
        ("0.00004", "NOTIONAL"),
        ("0.000051", "LOT_SIZE"),
        ("0.000001", "LOT_SIZE"),
        ("165.02219", None),  # the largest multiple of the lot step under the market's largest quantity
        ("165.0222", "MARKET_LOT_SIZE"),
        ("9000.00001", "LOT_SIZE"),
    ],
)
def test_a_market_order_fails_the_first_filter_that_it_breaks(quantity: str, failure: str | None) -> None:
    assert failure_of_market(quantity) == failure


@pytest.mark.parametrize(
    ("price", "quantity", "failure"),
    [
        ("50000", "1", None),
        ("200000", "1", None),
        ("49999.99", "1", "PERCENT_PRICE_BY_SIDE"),
        ("200000.01", "1", "PERCENT_PRICE_BY_SIDE"),
        ("100000.001", "1", "PRICE_FILTER"),
        ("1000000.01", "1", "PRICE_FILTER"),
        ("100000", "0.000015", "LOT_SIZE"),
        ("100000", "0.00004", "NOTIONAL"),
        ("100000", "90.00001", "NOTIONAL"),
    ],
)
def test_a_limit_order_fails_the_first_filter_that_it_breaks(price: str, quantity: str, failure: str | None) -> None:
    assert failure_of_limit(price, quantity) == failure


def test_no_more_orders_rest_than_the_symbol_allows() -> None:
    assert failure_of_limit("100000", "1", open_orders=199) is None
    assert failure_of_limit("100000", "1", open_orders=200) == "MAX_NUM_ORDERS"


@pytest.mark.parametrize(
    ("amount", "quantity", "failure"),
    [
        ("5", "0.00005", None),
        ("4.99", "0.00004", "NOTIONAL"),
        ("0.5", "0", "LOT_SIZE"),
        ("2e7", "200", "MARKET_LOT_SIZE"),
    ],
)
def test_an_order_for_a_quote_amount_has_to_buy_at_least_a_lot(amount: str, quantity: str, failure: str | None) -> None:
    def check() -> None:
        check_market_order(RULES, quantity=Decimal(quantity), notional=Decimal(amount))

    assert failure_of(check) == failure


def test_the_filters_are_shown_as_the_testnet_shows_them() -> None:
    shown = {str(entry["filterType"]): entry for entry in filters_of(RULES)}

    assert shown["LOT_SIZE"] == {
        "filterType": "LOT_SIZE",
        "minQty": "0.00001000",
        "maxQty": "9000.00000000",
        "stepSize": "0.00001000",
    }
    # A step of 0 means: this part of the filter is off. Dividing by it is the reader's mistake.
    assert (shown["MARKET_LOT_SIZE"]["stepSize"], shown["MARKET_LOT_SIZE"]["maxQty"]) == ("0.00000000", "165.02219723")
    assert (shown["NOTIONAL"]["minNotional"], shown["NOTIONAL"]["applyMinToMarket"]) == ("5.00000000", True)
    assert (shown["MAX_NUM_ORDERS"]["maxNumOrders"], shown["MAX_NUM_ALGO_ORDERS"]["maxNumAlgoOrders"]) == (200, 5)


def failure_of_market(quantity: str) -> str | None:
    return failure_of(
        lambda: check_market_order(RULES, quantity=Decimal(quantity), notional=Decimal(quantity) * Decimal(100_000))
    )


def failure_of_limit(price: str, quantity: str, *, open_orders: int = 0) -> str | None:
    return failure_of(
        lambda: check_limit_order(
            RULES,
            price=Decimal(price),
            quantity=Decimal(quantity),
            average_price=Decimal(100_000),
            open_orders=open_orders,
        )
    )


def failure_of(check: Callable[[], None]) -> str | None:
    with suppress(ApiError):
        check()
        return None
    with pytest.raises(ApiError, match=r"^-1013 Filter failure: ") as failed:
        check()
    return failed.value.message.removeprefix("Filter failure: ")
