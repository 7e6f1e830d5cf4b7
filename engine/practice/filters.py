"""The filters that an order has to pass, as `exchangeInfo` shows them and as they are applied.

Source: binance-spot-api-docs, filters.md (2026-07); values as recorded on the testnet in June 2026.
"""

from decimal import Decimal

from engine.core.money import EXACT, ZERO
from engine.practice.errors import filter_failure
from engine.practice.rules import SymbolRules

PRICE_BAND_UP = Decimal(2)
PRICE_BAND_DOWN = Decimal("0.5")
LARGEST_PRICE = Decimal(1_000_000)


def text8(value: Decimal) -> str:
    """Write an amount with the eight decimals that Binance shows."""
    return f"{value:.8f}"


def filters_of(rules: SymbolRules) -> list[dict[str, object]]:
    """Give the `filters` of a symbol in `exchangeInfo`."""
    position = rules.maximum_position
    limits: list[dict[str, object]] = []
    if position is not None:
        limits = [{"filterType": "MAX_POSITION", "maxPosition": text8(position)}]
    return [
        *limits,
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text8(rules.tick),
            "maxPrice": text8(LARGEST_PRICE),
            "tickSize": text8(rules.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text8(rules.lot_step),
            "maxQty": text8(rules.maximum_quantity),
            "stepSize": text8(rules.lot_step),
        },
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text8(ZERO),
            "maxQty": text8(rules.market_maximum_quantity),
            "stepSize": text8(ZERO),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 10,
            "maxTrailingBelowDelta": 2000,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": str(PRICE_BAND_UP),
            "bidMultiplierDown": str(PRICE_BAND_DOWN),
            "askMultiplierUp": str(PRICE_BAND_UP),
            "askMultiplierDown": str(PRICE_BAND_DOWN),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text8(rules.minimum_notional),
            "applyMinToMarket": True,
            "maxNotional": text8(rules.maximum_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.maximum_open_orders},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    ]


def check_limit_order(
    rules: SymbolRules, *, price: Decimal, quantity: Decimal, average_price: Decimal, open_orders: int
) -> None:
    """Pass a limit order or raise.

    Args:
        average_price: the price that PERCENT_PRICE_BY_SIDE compares with, quote currency.
        open_orders: how many the account has on this symbol.

    Raises:
        ApiError: -1013 with the name of the first filter that it fails.
    """
    if not rules.tick <= price <= LARGEST_PRICE or price % rules.tick:
        raise filter_failure("PRICE_FILTER")
    if not average_price * PRICE_BAND_DOWN <= price <= average_price * PRICE_BAND_UP:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")
    _check_lot_size(rules, quantity)
    notional = EXACT.multiply(price, quantity)
    if not rules.minimum_notional <= notional <= rules.maximum_notional:
        raise filter_failure("NOTIONAL")
    if open_orders >= rules.maximum_open_orders:
        raise filter_failure("MAX_NUM_ORDERS")


def check_market_order(rules: SymbolRules, *, quantity: Decimal, notional: Decimal) -> None:
    """Pass a market order or raise.

    Args:
        quantity: base units; for a quote amount what the book makes of it.
        notional: the quote amount, or what the quantity comes to at the average price.

    Raises:
        ApiError: -1013 with the name of the first filter that it fails.
    """
    _check_lot_size(rules, quantity)
    # Its step and least quantity are 0, that is off; the largest quantity counts.
    if quantity > rules.market_maximum_quantity:
        raise filter_failure("MARKET_LOT_SIZE")
    if notional < rules.minimum_notional:
        raise filter_failure("NOTIONAL")


def check_position(rules: SymbolRules, *, quantity: Decimal, held: Decimal) -> None:
    """Pass a buy or raise.

    Args:
        held: base units in the account, free, locked and ordered.

    Raises:
        ApiError: -1013, the account would hold more than MAX_POSITION.
    """
    if rules.maximum_position is not None and held + quantity > rules.maximum_position:
        raise filter_failure("MAX_POSITION")


def _check_lot_size(rules: SymbolRules, quantity: Decimal) -> None:
    if not rules.lot_step <= quantity <= rules.maximum_quantity or quantity % rules.lot_step:
        raise filter_failure("LOT_SIZE")
