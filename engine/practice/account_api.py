"""The account's endpoints: balances, trades, commission, order counts."""

from collections.abc import Sequence

from engine.core.money import ZERO
from engine.core.order import Side
from engine.practice.accounts import Account, Balances
from engine.practice.calls import encoded
from engine.practice.exchange import PracticeExchange
from engine.practice.filters import filters_of, text8
from engine.practice.lags import TRADES
from engine.practice.limits import ORDERS_A_DAY, ORDERS_IN_TEN_SECONDS
from engine.practice.matching import FEE_DISCOUNT
from engine.practice.orders import PracticeOrder, PracticeTrade
from engine.practice.routes import Context, Route, weight_with

ACCOUNT_NUMBER = 510


def _account(context: Context) -> object:
    parameters, exchange = context.parameters, context.exchange
    without_zero = parameters.text("omitZeroBalances") == "true"
    parameters.done()
    rate = text8(exchange.commission)
    basis_points = int(exchange.commission * 10_000)
    head = {
        "makerCommission": basis_points,
        "takerCommission": basis_points,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": rate, "taker": rate, "buyer": text8(ZERO), "seller": text8(ZERO)},
        "canTrade": exchange.may_trade,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": context.at,
        "accountType": "SPOT",
        "permissions": ["SPOT"],
        "uid": ACCOUNT_NUMBER,
    }
    balances = _visible_balances(exchange, without_zero=without_zero)
    return encoded(head)[:-1] + b',"balances":' + balances + b"}"


def _visible_balances(exchange: PracticeExchange, *, without_zero: bool) -> bytes:
    if exchange.stale_looks:
        exchange.stale_looks -= 1
        return exchange.stale_balances
    earlier = exchange.lags.earlier_balances()
    if earlier is not None:
        return encoded(_rows(earlier, without_zero=without_zero))
    return balances_of(exchange, without_zero=without_zero)


def balances_of(exchange: PracticeExchange, *, without_zero: bool = False) -> bytes:
    """Give the JSON of all balances; written anew only when one of them has changed."""
    account = exchange.account
    kept = exchange.written_balances.get(without_zero)
    if kept is None or kept[0] != account.version:
        kept = account.version, encoded(_rows(account, without_zero=without_zero))
        exchange.written_balances[without_zero] = kept
    return kept[1]


def _rows(account: Account | Balances, *, without_zero: bool) -> list[dict[str, str]]:
    rows = []
    for asset, free in account.free.items():
        locked = account.locked.get(asset, ZERO)
        if free or locked or not without_zero:
            rows.append({"asset": asset, "free": text8(free), "locked": text8(locked)})
    return rows


def _my_trades(context: Context) -> object:
    parameters, records = context.parameters, context.exchange.records
    symbol = parameters.symbol()
    order_id, from_id = parameters.whole("orderId"), parameters.whole("fromId")
    start, end = parameters.span()
    limit = parameters.limit(default=500, most=1000)
    parameters.done()
    context.market(symbol)
    if order_id is not None:
        order = records.find(symbol, order_id=order_id, client_order_id=None)
        trades = [] if order is None or not _is_shown(context, order) else _listed_trades(order)
        return [_trade(trade) for trade in _page(trades, from_id, limit)]
    found = records.trades(symbol, from_id=from_id, start=start, end=end, limit=limit)
    return [_trade(trade) for trade in found if _is_visible(context, trade)]


def _is_visible(context: Context, trade: PracticeTrade) -> bool:
    order = context.exchange.records.order_of(trade)
    return not order.hidden and not order.unlisted and _is_shown(context, order)


def _is_shown(context: Context, order: PracticeOrder) -> bool:
    return context.exchange.lags.shows(TRADES, order.seen_on)


def _page(trades: Sequence[PracticeTrade], from_id: int | None, limit: int) -> Sequence[PracticeTrade]:
    """Give the oldest from an id on; without one the most recent."""
    if from_id is None:
        return trades[-limit:]
    return [trade for trade in trades if trade.trade_id >= from_id][:limit]


def _listed_trades(order: PracticeOrder) -> Sequence[PracticeTrade]:
    if order.hidden:
        return ()
    if order.unlisted:
        # Each look brings them nearer.
        order.unlisted -= 1
        return ()
    return order.trades


def _trade(trade: PracticeTrade) -> dict[str, object]:
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": text8(trade.price),
        "qty": text8(trade.quantity),
        "quoteQty": text8(trade.amount),
        "commission": text8(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.at,
        "isBuyer": trade.side is Side.BUY,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


def _commission(context: Context) -> object:
    symbol = context.parameters.symbol()
    context.parameters.done()
    context.market(symbol)
    exchange = context.exchange
    rate, none = text8(exchange.commission), text8(ZERO)
    pays_in_coin = exchange.fee_asset is not None
    nothing = {"maker": none, "taker": none, "buyer": none, "seller": none}
    return {
        "symbol": symbol,
        "standardCommission": nothing | {"maker": rate, "taker": rate},
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": {
            "enabledForAccount": pays_in_coin,
            "enabledForSymbol": pays_in_coin,
            "discountAsset": exchange.fee_asset or "BNB",
            "discount": text8(FEE_DISCOUNT) if pays_in_coin else none,
        },
    }


def _order_counts(context: Context) -> object:
    context.parameters.done()
    ten_seconds, day = context.exchange.limits.order_counts(context.at)
    return [
        {"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": limit, "count": count}
        for interval, number, limit, count in (
            ("SECOND", 10, ORDERS_IN_TEN_SECONDS, ten_seconds),
            ("DAY", 1, ORDERS_A_DAY, day),
        )
    ]


def _my_filters(context: Context) -> object:
    market = context.market(context.parameters.symbol())
    context.parameters.done()
    return {"exchangeFilters": [], "symbolFilters": filters_of(market.rules), "assetFilters": []}


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "account"): Route(serve=_account, weight=20, signed=True),
    ("GET", "account/commission"): Route(serve=_commission, weight=20, signed=True),
    ("GET", "myTrades"): Route(serve=_my_trades, weight=weight_with("orderId", 5, without=20), signed=True),
    ("GET", "rateLimit/order"): Route(serve=_order_counts, weight=40, signed=True),
    ("GET", "myFilters"): Route(serve=_my_filters, weight=40, signed=True),
}
