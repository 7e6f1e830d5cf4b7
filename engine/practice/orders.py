"""Orders and trades of the account, and where they are looked up; ids count from 1 for each symbol, as after a reset.

Nothing here takes longer the more orders there have been.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from engine.core.money import ZERO
from engine.core.order import Side
from engine.practice.errors import ApiError

AT = attrgetter("at")
FINAL = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeTrade:
    """One execution; amount is price times quantity, commission was taken from the received asset or in BNB."""

    trade_id: int
    order_id: int
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    amount: Decimal
    commission: Decimal
    commission_asset: str
    at: int
    is_maker: bool


@dataclass(slots=True, kw_only=True)
class PracticeOrder:
    """An order of the account, which changes while it lives.

    Attributes:
        price, quantity: of a limit order, or quantity of a market order; quote_amount: of one for a quote amount.
        executed, spent: base units and quote currency so far.
        hidden: how many queries more must not find it (an exchange's memory that lags behind its engine).
        unlisted: how many queries more must not find its trades.
        seen_on: how much time had passed for a client when it was placed, milliseconds.
    """

    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    order_type: str
    time_in_force: str
    price: Decimal
    quantity: Decimal
    quote_amount: Decimal
    at: int
    updated_at: int
    status: str = "NEW"
    executed: Decimal = ZERO
    spent: Decimal = ZERO
    self_trade_prevention: str = "EXPIRE_MAKER"
    hidden: int = 0
    unlisted: int = 0
    seen_on: int = 0
    trades: list[PracticeTrade] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it can still be executed or cancelled."""
        return self.status not in FINAL

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side is Side.BUY

    @property
    def left(self) -> Decimal:
        """The quantity that is not executed."""
        return self.quantity - self.executed


Recorded = TypeVar("Recorded", PracticeOrder, PracticeTrade)


class OrderRecords:
    """Every order and trade since the last reset."""

    def __init__(self) -> None:
        self._orders: dict[str, list[PracticeOrder]] = defaultdict(list)
        self._trades: dict[str, list[PracticeTrade]] = defaultdict(list)
        self._by_client_id: dict[tuple[str, str], PracticeOrder] = {}
        self._open: dict[tuple[str, int], PracticeOrder] = {}

    def next_order_id(self, symbol: str) -> int:
        """Give the id that the next order of a symbol gets."""
        return len(self._orders[symbol]) + 1

    def next_trade_id(self, symbol: str) -> int:
        """Give the id that the next trade of a symbol gets."""
        return len(self._trades[symbol]) + 1

    def add(self, order: PracticeOrder) -> None:
        """Keep a new order."""
        self._orders[order.symbol].append(order)
        # A name used again means its latest order.
        self._by_client_id[order.symbol, order.client_order_id] = order
        self._open[order.symbol, order.order_id] = order

    def add_trade(self, order: PracticeOrder, trade: PracticeTrade) -> None:
        """Keep an execution of an order."""
        order.trades.append(trade)
        self._trades[trade.symbol].append(trade)

    def close(self, order: PracticeOrder, status: str, at: int) -> None:
        """End an order."""
        order.status = status
        order.updated_at = at
        self._open.pop((order.symbol, order.order_id), None)

    def find(self, symbol: str, *, order_id: int | None, client_order_id: str | None) -> PracticeOrder | None:
        """Find an order by its number or, without one, by its name; hidden ones too."""
        if order_id is None:
            return self._by_client_id.get((symbol, client_order_id or ""))
        orders = self._orders.get(symbol, [])
        return orders[order_id - 1] if 1 <= order_id <= len(orders) else None

    def open_orders(self, symbol: str | None = None) -> list[PracticeOrder]:
        """Give the open orders, oldest first, of one symbol or all."""
        return [order for order in self._open.values() if symbol is None or order.symbol == symbol]

    def open_named(self, symbol: str, client_order_id: str) -> bool:
        """Tell whether an open order bears that name."""
        named = self._by_client_id.get((symbol, client_order_id))
        return named is not None and named.is_open

    def orders(
        self, symbol: str, *, from_id: int | None, start: int | None, end: int | None, limit: int
    ) -> Sequence[PracticeOrder]:
        """Give orders of a symbol, oldest first: from an id on, in a span of time, or the newest."""
        return _page(self._orders.get(symbol, []), from_id, start, end, limit)

    def trades(
        self, symbol: str, *, from_id: int | None, start: int | None, end: int | None, limit: int
    ) -> Sequence[PracticeTrade]:
        """Give trades of a symbol, oldest first: from an id on, in a span of time, or the newest."""
        return _page(self._trades.get(symbol, []), from_id, start, end, limit)

    def order_of(self, trade: PracticeTrade) -> PracticeOrder:
        """Give the order that a trade belongs to."""
        return self._orders[trade.symbol][trade.order_id - 1]

    def count(self) -> int:
        """Count all orders."""
        return sum(len(orders) for orders in self._orders.values())

    def symbols(self) -> list[str]:
        """Give the symbols that had orders."""
        return [symbol for symbol, orders in self._orders.items() if orders]


def seen(order: PracticeOrder | None) -> PracticeOrder:
    """Give the order as a query sees it.

    Raises:
        ApiError: there is none, or it is not visible yet; each such look brings it nearer.
    """
    if order is None:
        raise ApiError(-2013)
    if order.hidden:
        order.hidden -= 1
        raise ApiError(-2013)
    return order


def _page(
    found: Sequence[Recorded], from_id: int | None, start: int | None, end: int | None, limit: int
) -> Sequence[Recorded]:
    low, high = 0, len(found)
    if from_id is not None:
        low = max(from_id - 1, 0)
    else:
        low = low if start is None else bisect_left(found, start, key=AT)
        high = high if end is None else bisect_right(found, end, key=AT)
    is_oldest_first = from_id is not None or start is not None
    return found[low : min(high, low + limit)] if is_oldest_first else found[max(low, high - limit) : high]
