"""The one fill rule of history and of simulated venues: a market order at a reference price, worsened by slippage."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.instrument import Instrument
from engine.core.money import ONE, ZERO, exact, floor_to_step, sizing
from engine.core.order import Fill, Order, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Trading costs as fractions of the notional: commission a side, and slippage of the price."""

    commission: Decimal
    slippage: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What the fill rule makes of an order: quantity 0 where cash does not pay for an acceptable order.

    Attributes:
        unpaid: what cash does not pay for, where that is an acceptable order.
    """

    quantity: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    unpaid: Decimal = ZERO


def execute_at(
    order: Order, *, reference_price: Decimal, cash: Decimal, costs: Costs, instrument: Instrument
) -> Execution:
    """Execute a market order at `reference_price` worsened by the slippage; the fee is in quote currency.

    A buy that would overdraw `cash` is trimmed to what cash pays for, and dropped when what is left is under one lot
    step or under the minimum notional at the fill price.
    """
    with exact():
        worse = ONE + costs.slippage if order.side is Side.BUY else ONE - costs.slippage
        price = reference_price * worse
        quantity = order.quantity
        if order.side is Side.BUY and quantity * price * (ONE + costs.commission) > cash:
            quantity = _affordable(cash, price * (ONE + costs.commission), instrument)
            if quantity * price < instrument.minimum_notional:
                quantity = ZERO
        notional = quantity * price
        rest = order.quantity - quantity
        return Execution(
            quantity=quantity,
            price=price,
            notional=notional,
            fee=notional * costs.commission,
            unpaid=rest if rest * price >= instrument.minimum_notional else ZERO,
        )


def fill_of(order: Order, done: Execution, *, at: datetime, order_id: str, fee_asset: str) -> Fill:
    """Put an execution of an order on record."""
    return Fill(
        at=at,
        order_id=order_id,
        client_order_id=order.client_order_id,
        asset=order.asset,
        symbol=order.symbol,
        side=order.side,
        quantity=done.quantity,
        price=done.price,
        notional=done.notional,
        fee=done.fee,
        fee_asset=fee_asset,
        decision_day=order.decision_day,
        reason=order.reason,
    )


def _affordable(cash: Decimal, unit_cost: Decimal, instrument: Instrument) -> Decimal:
    if cash <= 0:
        return ZERO
    with sizing():
        return floor_to_step(cash / unit_cost, instrument.lot_step)
