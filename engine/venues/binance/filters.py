"""From `exchangeInfo` to the rules of a market, for market orders.

Source: Binance spot API documentation, `filters.md` (2026-07): a part of a filter that is 0 is switched off.
"""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.core.instrument import Instrument, symbol_of
from engine.core.money import ONE, ZERO, floor_to_step, plain
from engine.venues.answers import MarketRules
from engine.venues.binance.reading import UnreadableError, amount, mapping, name_in, sequence, text

QUANTITY_FILTERS = ("LOT_SIZE", "MARKET_LOT_SIZE")
LARGEST_PRECISION = 18


def market_rules(content: object, assets: Iterable[str], quote: str) -> dict[str, MarketRules]:
    """Read the rules of the markets of `assets` against `quote`, by asset; assets without a market are left out.

    Rows of other markets need not be readable.
    """
    wanted = set(assets)
    rows = sequence(mapping(content).get("symbols"))
    if rows and not any(name_in(row, "baseAsset") for row in rows):
        raise UnreadableError(f"{len(rows)} markets, and none that can be read")
    return {
        asset: _rules(mapping(row), asset, quote)
        for row in rows
        if (asset := name_in(row, "baseAsset")) in wanted and name_in(row, "quoteAsset") == quote and asset is not None
    }


def weight_limit(content: object) -> int | None:
    """Read how much request weight a minute is granted; None where it is not said."""
    limits = mapping(content).get("rateLimits")
    for limit in limits if isinstance(limits, list) else []:
        if not isinstance(limit, dict):
            continue
        kind = [limit.get(name) for name in ("rateLimitType", "interval", "intervalNum")]
        if kind == ["REQUEST_WEIGHT", "MINUTE", 1] and isinstance(limit.get("limit"), int):
            return int(limit["limit"])
    return None


def is_synthetic(content: object) -> bool:
    """Read whether an exchange says of its own prices that they are made up; Binance's say nothing of the kind."""
    return mapping(content).get("synthetic") not in (None, False)


def _rules(row: Mapping[str, object], asset: str, quote: str) -> MarketRules:
    filters = {text(each, "filterType"): each for each in map(mapping, sequence(row.get("filters")))}
    quantity = [filters[name] for name in QUANTITY_FILTERS if name in filters]
    step = _common_step(_on(quantity, "stepSize")) or _finest_step(row)
    largest = min(_on(quantity, "maxQty"), default=None)
    return MarketRules(
        instrument=Instrument(
            symbol=symbol_of(asset, quote),
            lot_step=step,
            minimum_notional=_minimum_notional(filters),
            # Splitting an order by a largest quantity off the grid would make orders off the grid.
            maximum_quantity=None if largest is None else floor_to_step(largest, step),
        ),
        status=text(row, "status"),
        takes_market_orders="MARKET" in sequence(row.get("orderTypes", ["MARKET"]))
        and row.get("isSpotTradingAllowed", True) is True,
        minimum_quantity=max(_on(quantity, "minQty"), default=step),
    )


def _on(filters: Iterable[Mapping[str, object]], part: str) -> list[Decimal]:
    # Without the zeros that Binance fills up to eight digits: quantities are written with the digits of their step.
    return [Decimal(plain(value)) for each in filters if part in each and (value := amount(each, part)) > ZERO]


def _minimum_notional(filters: Mapping[str, Mapping[str, object]]) -> Decimal:
    switches = (("NOTIONAL", "applyMinToMarket"), ("MIN_NOTIONAL", "applyToMarket"))
    applying = [filters[name] for name, switch in switches if name in filters and filters[name].get(switch) is True]
    return max(_on(applying, "minNotional"), default=ZERO)


def _common_step(steps: Iterable[Decimal]) -> Decimal | None:
    """Give the least step that is a multiple of each; a market order has to be on both grids."""
    listed = list(steps)
    if not listed:
        return None
    scale = max(-min(int(step.as_tuple().exponent), 0) for step in listed)
    common = math.lcm(*(int(step.scaleb(scale)) for step in listed))
    return Decimal(common).scaleb(-scale)


def _finest_step(row: Mapping[str, object]) -> Decimal:
    precision = row.get("baseAssetPrecision")
    if not isinstance(precision, int) or not 0 <= precision <= LARGEST_PRECISION:
        raise UnreadableError(f"{text(row, 'symbol')} has neither a lot step nor a precision")
    return ONE.scaleb(-precision)
