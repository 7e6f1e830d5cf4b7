"""From an exchange's trades to fills of our orders."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from engine.core.money import exact
from engine.core.order import Fill, Order
from engine.venues.answers import Trade

FRESH = timedelta(minutes=1)
"""The real market's price of now goes on record with a trade that is no older."""


def is_fresh(trades: Sequence[Trade], at: datetime) -> bool:
    """Tell whether the market of now is the market of the trades."""
    return abs(at - trades[-1].at) <= FRESH


def fill_of(order: Order, trade: Trade, market_price: Decimal | None) -> Fill:
    """Put an execution of an order on record."""
    return fill_of_trade(
        trade,
        asset=order.asset,
        name=order.client_order_id,
        day=order.decision_day,
        reason=order.reason,
        market_price=market_price,
    )


def fill_of_trade(
    trade: Trade, *, asset: str, name: str, day: date, reason: str, market_price: Decimal | None = None
) -> Fill:
    """Put an execution on record, of the order with the client order id `name`."""
    with exact():
        notional = trade.quantity * trade.price
    return Fill(
        at=trade.at,
        order_id=trade.order_id,
        client_order_id=name,
        asset=asset,
        symbol=trade.symbol,
        side=trade.side,
        quantity=trade.quantity,
        price=trade.price,
        notional=notional,
        fee=trade.fee,
        fee_asset=trade.fee_asset,
        decision_day=day,
        reason=reason,
        trade_id=trade.trade_id,
        market_price=market_price,
    )
