"""What speaks for an order that the exchange says it does not have: a trade nobody booked, a balance that moved."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeAlias

from engine.core.calendar import decision_instant
from engine.core.events import OrderSent
from engine.core.money import ZERO, exact, plain
from engine.core.order import Order, Side
from engine.venues.answers import Balance, Trade

BALANCE_PATIENCE = timedelta(minutes=10)
"""How long a balance alone speaks for an order: the one that it was sent at may have been behind."""
BALANCE_PAUSE_SECONDS = 3.0
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
        sleep: waits so many seconds, or less once the run is ending.
    """

    def __init__(self, client: WitnessClient, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def speak_for(self, order: Order, *, at: datetime, sent: OrderSent | None, booked: Collection[BookedTrade]) -> str:
        """Say what speaks for the order, in words; nothing where nothing does.

        Args:
            sent: what was written before it was sent.
            booked: trades that are known to be of other orders.
        """
        trades = self._client.recent_trades(order.symbol, decision_instant(order.decision_day))
        strange = {
            trade.order_id
            for trade in trades
            if trade.side is order.side and (order.symbol, trade.trade_id, trade.at) not in booked
        }
        ours = sorted(order_id for order_id in strange if self._may_be(order, order_id))
        if ours:
            return f"trades of {', '.join(ours)} that nobody here sent"
        if sent is None or sent.held is None or at - sent.at >= BALANCE_PATIENCE:
            return ""
        moved = self._moved(order, sent.held)
        if moved <= ZERO:
            # One look may be at an old balance.
            self._sleep(BALANCE_PAUSE_SECONDS)
            moved = self._moved(order, sent.held)
        return f"the balance moved by {plain(moved)} {order.asset}" if moved > ZERO else ""

    def _may_be(self, order: Order, order_id: str) -> bool:
        """Tell whether the order behind a trade that nobody booked may be ours: somebody else's has another name."""
        name = self._client.client_id_of(order.symbol, order_id)
        return name is None or name == order.client_order_id

    def _moved(self, order: Order, held_before: Decimal) -> Decimal:
        """Give by how much the balance has moved the way that the order would have moved it."""
        now = held_of(self._client, order.asset)
        with exact():
            return now - held_before if order.side is Side.BUY else held_before - now


def held_of(client: BalanceClient, asset: str) -> Decimal:
    """Ask what the account holds of an asset, free or locked."""
    balance = client.balances().get(asset)
    with exact():
        return ZERO if balance is None else balance.free + balance.locked
