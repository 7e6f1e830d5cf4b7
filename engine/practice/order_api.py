"""The trading endpoints: place, test, query and cancel orders."""

import secrets
from typing import cast

from engine.core.money import ZERO
from engine.core.order import Side
from engine.practice.account_api import balances_of
from engine.practice.errors import ApiError, missing_both, missing_parameter, not_required
from engine.practice.filters import text8
from engine.practice.lags import ORDERS
from engine.practice.market_api import ORDER_TYPES, PREVENTION_MODES
from engine.practice.matching import OrderRequest, OrderType
from engine.practice.orders import PracticeOrder, PracticeTrade, seen
from engine.practice.parameters import Parameters
from engine.practice.routes import Context, Route, weight_with

UNSUPPORTED = {
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
}
NO_LIST = -1
NAME_BYTES = 11


def _place(context: Context) -> object:
    request, response_type = _order_request(context)
    exchange = context.exchange
    partial, late, stale = context.fault("partial"), context.fault("late"), context.fault("stale_balances")
    late_trades = context.fault("late_trades")
    before = balances_of(exchange) if stale else b""
    exchange.remember_balances()
    exchange.limits.count_order(context.at)
    exchange.require_trading()
    order = exchange.engine.place(request, context.at, share=partial.share if partial else None)
    order.seen_on = exchange.clock.passed()
    if order.executed:
        exchange.limits.give_back_order()
    if late:
        order.hidden = late.queries
    if late_trades:
        order.unlisted = late_trades.queries
    if stale:
        exchange.stale_balances, exchange.stale_looks = before, stale.queries
    ten_seconds, day = exchange.limits.order_counts(context.at)
    context.headers.update({"x-mbx-order-count-10s": str(ten_seconds), "x-mbx-order-count-1d": str(day)})
    return _placed(order, response_type)


def _test(context: Context) -> object:
    context.parameters.text("computeCommissionRates")
    request, _ = _order_request(context)
    context.exchange.engine.check(request, context.at)
    return {}


def _order_request(context: Context) -> tuple[OrderRequest, str]:
    parameters = context.parameters
    symbol = parameters.symbol()
    side = parameters.one_of("side", ("BUY", "SELL"), error=ApiError(-1117))
    order_type = parameters.one_of("type", (*ORDER_TYPES, *UNSUPPORTED), error=ApiError(-1116))
    quantity, amount = parameters.decimal("quantity"), parameters.decimal("quoteOrderQty")
    price = parameters.decimal("price")
    time_in_force = parameters.text("timeInForce")
    prevention = parameters.one_of(
        "selfTradePreventionMode",
        PREVENTION_MODES,
        error=ApiError(-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid."),
        default="EXPIRE_MAKER",
    )
    response_type = parameters.one_of(
        "newOrderRespType",
        ("ACK", "RESULT", "FULL"),
        error=ApiError(-1130, "Data sent for parameter 'newOrderRespType' is not valid."),
        default="ACK" if order_type == "LIMIT_MAKER" else "FULL",
    )
    client_order_id = parameters.client_id("newClientOrderId")
    for name in ("strategyId", "strategyType"):
        parameters.whole(name)
    _refuse_extras(parameters)
    parameters.done()
    context.market(symbol)
    if order_type in UNSUPPORTED:
        raise ApiError(-1013, UNSUPPORTED[order_type])
    request = OrderRequest(
        symbol=symbol,
        side=Side(side.lower()),
        order_type=cast(OrderType, order_type),
        client_order_id=client_order_id or secrets.token_hex(NAME_BYTES),
        quantity=quantity,
        quote_amount=amount,
        price=price,
        time_in_force=time_in_force or "GTC",
        self_trade_prevention=prevention,
    )
    if order_type == "MARKET":
        _check_market(request, time_in_force)
    else:
        _check_limit(request, time_in_force)
    return request, response_type


def _refuse_extras(parameters: Parameters) -> None:
    for name in ("stopPrice", "trailingDelta"):
        if parameters.text(name) is not None and parameters.peek("type") in ORDER_TYPES:
            raise not_required(name)
    if parameters.text("icebergQty") is not None:
        raise ApiError(-1013, "Iceberg orders are not supported for this symbol.")


def _check_market(request: OrderRequest, time_in_force: str | None) -> None:
    for name, value in (("price", request.price), ("timeInForce", time_in_force)):
        if value is not None:
            raise not_required(name)
    if request.quantity is None and request.quote_amount is None:
        raise missing_both("quantity", "quoteOrderQty")
    if request.quantity is not None and request.quote_amount is not None:
        raise ApiError(-1128)


def _check_limit(request: OrderRequest, time_in_force: str | None) -> None:
    if request.quote_amount is not None:
        raise not_required("quoteOrderQty")
    if request.order_type == "LIMIT_MAKER":
        if time_in_force is not None:
            raise not_required("timeInForce")
    elif time_in_force is None:
        raise missing_parameter("timeInForce")
    elif time_in_force not in {"GTC", "IOC", "FOK"}:
        raise ApiError(-1115)
    for name, needed in (("quantity", request.quantity), ("price", request.price)):
        if needed is None:
            raise missing_parameter(name)


def _query(context: Context) -> object:
    return _state(seen(_shown(context, _named(context))))


def _cancel(context: Context) -> object:
    parameters = context.parameters
    parameters.client_id("newClientOrderId")
    parameters.text("cancelRestrictions")
    order = _named(context)
    if order is None or not order.is_open:
        raise ApiError(-2011)
    context.exchange.remember_balances()
    context.exchange.engine.cancel(order, context.at)
    return _cancelled(order)


def _cancel_all(context: Context) -> object:
    symbol = context.parameters.symbol()
    context.parameters.done()
    context.market(symbol)
    orders = context.exchange.records.open_orders(symbol)
    if not orders:
        raise ApiError(-2011)
    context.exchange.remember_balances()
    for order in orders:
        context.exchange.engine.cancel(order, context.at)
    return [_cancelled(order) for order in orders]


def _open(context: Context) -> object:
    named = context.parameters.peek("symbol") is not None
    symbol = context.parameters.symbol() if named else None
    context.parameters.done()
    if symbol is not None:
        context.market(symbol)
    return [_state(order) for order in context.exchange.records.open_orders(symbol) if _is_listed(context, order)]


def _all(context: Context) -> object:
    parameters = context.parameters
    symbol = parameters.symbol()
    from_id = parameters.whole("orderId")
    start, end = parameters.span()
    limit = parameters.limit(default=500, most=1000)
    parameters.done()
    context.market(symbol)
    orders = context.exchange.records.orders(symbol, from_id=from_id, start=start, end=end, limit=limit)
    return [_state(order) for order in orders if _is_listed(context, order)]


def _is_listed(context: Context, order: PracticeOrder) -> bool:
    return not order.hidden and _shown(context, order) is not None


def _shown(context: Context, order: PracticeOrder | None) -> PracticeOrder | None:
    """Give an order as a copy shows it that may be behind."""
    return order if order is not None and context.exchange.lags.shows(ORDERS, order.seen_on) else None


def _named(context: Context) -> PracticeOrder | None:
    parameters = context.parameters
    symbol = parameters.symbol()
    order_id, client_order_id = parameters.whole("orderId"), parameters.client_id("origClientOrderId")
    parameters.done()
    context.market(symbol)
    if order_id is None and client_order_id is None:
        raise missing_both("origClientOrderId", "orderId")
    order = context.exchange.records.find(symbol, order_id=order_id, client_order_id=client_order_id)
    if order is not None and client_order_id not in {None, order.client_order_id}:
        return None
    return order


def _amounts(order: PracticeOrder) -> dict[str, object]:
    return {
        "price": text8(order.price),
        "origQty": text8(order.quantity),
        "executedQty": text8(order.executed),
        "origQuoteOrderQty": text8(order.quote_amount),
        "cummulativeQuoteQty": text8(order.spent),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "side": order.side.value.upper(),
    }


def _names(order: PracticeOrder) -> dict[str, object]:
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_order_id,
    }


def _placed(order: PracticeOrder, response_type: str) -> dict[str, object]:
    content = {**_names(order), "transactTime": order.at}
    if response_type == "ACK":
        return content
    content |= {**_amounts(order), "workingTime": order.at}
    if response_type == "FULL":
        content["fills"] = [_fill(trade) for trade in order.trades]
    return content | _ending(order)


def _fill(trade: PracticeTrade) -> dict[str, object]:
    return {
        "price": text8(trade.price),
        "qty": text8(trade.quantity),
        "commission": text8(trade.commission),
        "commissionAsset": trade.commission_asset,
        "tradeId": trade.trade_id,
    }


def _state(order: PracticeOrder) -> dict[str, object]:
    return {
        **_names(order),
        **_amounts(order),
        "stopPrice": text8(ZERO),
        "icebergQty": text8(ZERO),
        "time": order.at,
        "updateTime": order.updated_at,
        "isWorking": True,
        "workingTime": order.at,
        **_ending(order),
    }


def _cancelled(order: PracticeOrder) -> dict[str, object]:
    return {
        **_names(order),
        "origClientOrderId": order.client_order_id,
        # Cancelling gives the answer a name of its own; the order keeps its.
        "clientOrderId": secrets.token_hex(NAME_BYTES),
        "transactTime": order.updated_at,
        **_amounts(order),
        "selfTradePreventionMode": order.self_trade_prevention,
    }


def _ending(order: PracticeOrder) -> dict[str, object]:
    reason = {"expiryReason": "INSUFFICIENT_LIQUIDITY"} if order.status == "EXPIRED" else {}
    return {"selfTradePreventionMode": order.self_trade_prevention, **reason}


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "order"): Route(serve=_place, weight=1, signed=True),
    ("POST", "order/test"): Route(serve=_test, weight=1, signed=True),
    ("GET", "order"): Route(serve=_query, weight=4, signed=True),
    ("DELETE", "order"): Route(serve=_cancel, weight=1, signed=True),
    ("DELETE", "openOrders"): Route(serve=_cancel_all, weight=1, signed=True),
    ("GET", "openOrders"): Route(serve=_open, weight=weight_with("symbol", 6, without=80), signed=True),
    ("GET", "allOrders"): Route(serve=_all, weight=20, signed=True),
}
