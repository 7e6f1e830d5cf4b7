"""What speaks for an order that the exchange says it does not have: a trade nobody booked, a balance that moved."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeAlias

from engine.core.calendar import decision_instant
from engine.core.events import OrderSent
from engine.core.money import ZERO, exact, plain
from engine.core.order import Order, Side
from engine.venues.answers import Balance, Trade

BookedTrade: TypeAlias = tuple[str, str, datetime]
"""Symbol, the exchange's id of the trade, and its instant."""


class BalanceClient(Protocol):
    """What is needed of an exchange's client for balances."""

    def balances(self) -> Mapping[str, Balance]:
        """Give the balances of all assets."""
        ...


class WitnessClient(BalanceClient, Protocol):
    """What is needed of an exchange's client."""

    def client_id_of(self, symbol: str, order_id: str) -> str | None:
        """Give the client order id of an order by the exchange's id; None where it knows none."""
        ...

    def recent_trades(self, symbol: str, since: datetime) -> tuple[Trade, ...]:
        """Give the account's executions since an instant."""
        ...


class Witnesses:
    """Looks for what an order that is not there would have left behind.

    Args:
        lag: by so much an answer may be behind.
    """

    def __init__(self, client: WitnessClient, lag: timedelta) -> None:
        self._client = client
        self._lag = lag

    def speak_for(self, order: Order, *, sent: OrderSent | None, booked: Collection[BookedTrade]) -> str:
        """Say what speaks for the order, in words; nothing where nothing does.

        A trade that nobody booked does, unless its order has another name; and a balance that moved, unless such
        trades of others explain it. It speaks until it is explained: an order that may have been executed is not
        sent again, however long that takes.

        Args:
            sent: what was written before it was sent.
            booked: trades that are known to be of other orders of this run.
        """
        trades = self._client.recent_trades(order.symbol, decision_instant(order.decision_day))
        strange = [trade for trade in trades if (order.symbol, trade.trade_id, trade.at) not in booked]
        others = {order_id for order_id in {trade.order_id for trade in strange} if self._is_others(order, order_id)}
        ours = sorted({trade.order_id for trade in strange if trade.side is order.side} - others)
        if ours:
            return f"trades of {', '.join(ours)} that nobody here sent"
        if sent is None or sent.held is None:
            return ""
        known = [trade for trade in trades if trade not in strange or trade.order_id in others]
        later = [trade for trade in known if trade.at > sent.at + self._lag]
        near = [trade for trade in known if sent.at - self._lag <= trade.at <= sent.at + self._lag]
        now = held_of(self._client, order.asset)
        with exact():
            moved = now - sent.held - _gained(order.asset, later)
        return "" if moved in _unseen(order.asset, near) else f"the balance moved by {plain(moved)} {order.asset}"

    def _is_others(self, order: Order, order_id: str) -> bool:
        """Tell whether the order behind a trade that nobody booked is somebody else's: it has another name."""
        name = self._client.client_id_of(order.symbol, order_id)
        return name is not None and name != order.client_order_id


def _unseen(asset: str, trades: Sequence[Trade]) -> list[Decimal]:
    """Give by how much a balance may move late: it was looked at when the last of these trades were not in it yet.

    A look may lag, and the instant that is written of an order is that of the beginning of its cycle.
    """
    with exact():
        return [_gained(asset, trades[first:]) for first in range(len(trades) + 1)]


def _gained(asset: str, trades: Sequence[Trade]) -> Decimal:
    """Give what trades brought of their base asset, fees in it taken off."""
    gained = ZERO
    for trade in trades:
        gained += trade.quantity if trade.side is Side.BUY else -trade.quantity
        if trade.fee_asset == asset:
            gained -= trade.fee
    return gained


def held_of(client: BalanceClient, asset: str) -> Decimal:
    """Ask what the account holds of an asset, free or locked."""
    balance = client.balances().get(asset)
    with exact():
        return ZERO if balance is None else balance.free + balance.locked
