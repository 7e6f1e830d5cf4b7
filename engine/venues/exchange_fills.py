"""From an exchange's trades to fills of our orders."""

from collections.abc import Sequence
from datetime import datetime, timedelta
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
    with exact():
        notional = trade.quantity * trade.price
    return Fill(
        at=trade.at,
        order_id=trade.order_id,
        client_order_id=order.client_order_id,
        asset=order.asset,
        symbol=order.symbol,
        side=order.side,
        quantity=trade.quantity,
        price=trade.price,
        notional=notional,
        fee=trade.fee,
        fee_asset=trade.fee_asset,
        decision_day=order.decision_day,
        reason=order.reason,
        trade_id=trade.trade_id,
        market_price=market_price,
    )
