"""The public endpoints: time, exchange information, prices, books and klines. No key is needed."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from engine.practice.book import Market
from engine.practice.candles import INTERVALS, MONTH, day_statistics, klines
from engine.practice.clock import DAY, SECOND
from engine.practice.errors import ApiError
from engine.practice.filters import filters_of, text8
from engine.practice.limits import ORDERS_A_DAY, ORDERS_IN_TEN_SECONDS, WEIGHT_A_MINUTE
from engine.practice.parameters import Parameters
from engine.practice.routes import Context, Route, weight_with

ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET"]
PREVENTION_MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"]
RATE_LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": WEIGHT_A_MINUTE},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ORDERS_IN_TEN_SECONDS},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": ORDERS_A_DAY},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000},
]
FEW_SYMBOLS, MANY_SYMBOLS = 20, 100
AVERAGE_MINUTES = 5


def _ping(context: Context) -> object:
    context.parameters.done()
    return {}


def _time(context: Context) -> object:
    context.parameters.done()
    return {"serverTime": context.at}


def _exchange_info(context: Context) -> object:
    parameters = context.parameters
    wanted = parameters.symbols()
    status = parameters.text("symbolStatus")
    for name in ("permissions", "showPermissionSets"):
        parameters.text(name)
    parameters.done()
    markets = [market for market in context.markets(wanted) if status is None or market.status(context.at) == status]
    # Not a key of Binance's: a client that does not know it goes on without it, ours takes all it makes for made up.
    made_up = {"synthetic": True} if context.exchange.synthetic else {}
    return {
        "timezone": "UTC",
        "serverTime": context.at,
        **made_up,
        "rateLimits": RATE_LIMITS,
        "exchangeFilters": [],
        "symbols": [_symbol(market, context.at) for market in markets],
    }


def _symbol(market: Market, at: int) -> dict[str, object]:
    rules = market.rules
    return {
        "symbol": rules.symbol,
        "status": market.status(at),
        "baseAsset": rules.base,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters_of(rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": PREVENTION_MODES,
    }


def _depth(context: Context) -> object:
    market = context.market(context.parameters.symbol())
    limit = context.parameters.limit(default=100, most=5000)
    context.parameters.done()
    sides = {
        name: [[text8(level.price), text8(level.quantity)] for level in market.levels(context.at, buying=buying)]
        for name, buying in (("bids", False), ("asks", True))
    }
    return {"lastUpdateId": context.at, **{name: levels[:limit] for name, levels in sides.items()}}


def _klines(context: Context) -> object:
    parameters = context.parameters
    market = context.market(parameters.symbol())
    interval = parameters.one_of("interval", (*INTERVALS, MONTH), error=ApiError(-1120))
    start, end = parameters.time("startTime"), parameters.time("endTime")
    limit = parameters.limit(default=500, most=1000)
    parameters.one_of("timeZone", ("0",), error=_invalid("timeZone"), default="0")
    parameters.done()
    return klines(
        market,
        interval,
        start=start,
        end=end,
        limit=limit,
        now=context.at,
        history_from=context.exchange.history_from,
    )


def _average_price(context: Context) -> object:
    market = context.market(context.parameters.symbol())
    context.parameters.done()
    return {"mins": AVERAGE_MINUTES, "price": text8(market.last_price(context.at)), "closeTime": context.at}


def _tickers(context: Context, row: Callable[[Market, int], object]) -> object:
    is_single = context.parameters.peek("symbol") is not None
    symbols = context.parameters.symbols()
    context.parameters.text("symbolStatus")
    context.parameters.done()
    rows = [row(market, context.at) for market in context.markets(symbols)]
    return rows[0] if is_single else rows


def _price(market: Market, at: int) -> dict[str, str]:
    return {"symbol": market.rules.symbol, "price": text8(market.last_price(at))}


def _best(market: Market, at: int) -> dict[str, str]:
    row = {"symbol": market.rules.symbol}
    for name, buying in (("bid", False), ("ask", True)):
        level = next(iter(market.levels(at, buying=buying)), None)
        row[f"{name}Price"] = text8(level.price if level else Decimal(0))
        row[f"{name}Qty"] = text8(level.quantity if level else Decimal(0))
    return row


def _day_ticker(context: Context) -> object:
    context.parameters.one_of("type", ("FULL", "MINI"), error=ApiError(-1139, "Invalid ticker type."), default="FULL")
    return _tickers(context, _statistics)


def _statistics(market: Market, at: int) -> dict[str, object]:
    first, highest, lowest, last = day_statistics(market, at)
    change = last - first
    best = _best(market, at)
    return {
        "symbol": market.rules.symbol,
        "priceChange": text8(change),
        "priceChangePercent": f"{change * 100 / first if first else 0:.3f}",
        "weightedAvgPrice": text8((first + last) / 2),
        "prevClosePrice": text8(first),
        "lastPrice": text8(last),
        "lastQty": text8(market.rules.lot_step),
        **{name: value for name, value in best.items() if name != "symbol"},
        "openPrice": text8(first),
        "highPrice": text8(highest),
        "lowPrice": text8(lowest),
        "volume": text8(Decimal(0)),
        "quoteVolume": text8(Decimal(0)),
        "openTime": at - DAY,
        "closeTime": at,
        "firstId": -1,
        "lastId": -1,
        "count": 0,
    }


def _trades(context: Context) -> object:
    market = context.market(context.parameters.symbol())
    context.parameters.limit(default=500, most=1000)
    context.parameters.done()
    price = market.last_price(context.at)
    return [
        {
            "id": context.at // SECOND,
            "price": text8(price),
            "qty": text8(market.rules.lot_step),
            "quoteQty": text8(price * market.rules.lot_step),
            "time": context.at,
            "isBuyerMaker": False,
            "isBestMatch": True,
        }
    ]


def _invalid(name: str) -> ApiError:
    return ApiError(-1130, f"Data sent for parameter '{name}' is not valid.")


def _depth_weight(parameters: Parameters) -> int:
    text = parameters.peek("limit")
    limit = int(text) if text is not None and text.isdecimal() else 100
    return next((weight for most, weight in ((100, 5), (500, 25), (1000, 50)) if limit <= most), 250)


def _day_ticker_weight(parameters: Parameters) -> int:
    if parameters.peek("symbol") is not None:
        return 2
    try:
        count = len(json.loads(parameters.peek("symbols") or "null"))
    except (ValueError, TypeError):
        return 80
    return 2 if count <= FEW_SYMBOLS else 40 if count <= MANY_SYMBOLS else 80


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "ping"): Route(serve=_ping, weight=1),
    ("GET", "time"): Route(serve=_time, weight=1),
    ("GET", "exchangeInfo"): Route(serve=_exchange_info, weight=20),
    ("GET", "depth"): Route(serve=_depth, weight=_depth_weight),
    ("GET", "trades"): Route(serve=_trades, weight=25),
    ("GET", "klines"): Route(serve=_klines, weight=2),
    ("GET", "uiKlines"): Route(serve=_klines, weight=2),
    ("GET", "avgPrice"): Route(serve=_average_price, weight=2),
    ("GET", "ticker/price"): Route(serve=partial(_tickers, row=_price), weight=weight_with("symbol", 2, without=4)),
    ("GET", "ticker/bookTicker"): Route(serve=partial(_tickers, row=_best), weight=weight_with("symbol", 2, without=4)),
    ("GET", "ticker/24hr"): Route(serve=_day_ticker, weight=_day_ticker_weight),
}
