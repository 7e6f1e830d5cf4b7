"""The matching engine of history: backtrader's broker fills at the open, and every fill is held to the exact fill rule.

The broker counts in floats and refuses a buy that is short by float noise; it starts with a headroom of `HEADROOM` of
the cash that the ledger does not know of.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from engine.core.errors import CheckError
from engine.core.fills import Execution, execute_at, fill_of
from engine.core.ledger import Ledger
from engine.core.money import ZERO, decimal_of, exact
from engine.core.order import Order, OrderReport, OrderStatus, Side
from engine.trading.drivers.history import NO_BAR, VenueOfHistory
from engine.trading.terms import Terms

Feed: TypeAlias = Any
"""A backtrader data feed; its classes are made by metaclasses that types cannot follow."""

HEADROOM = 1e-9
TOLERANCE = 1e-9
"""Relative difference up to which a float figure of the broker equals an exact one."""


class BacktraderVenue(VenueOfHistory):
    """The matching engine of history: fills at the open, compared with the exact fill rule."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._player: Any = None
        self._feeds: Mapping[str, Feed] = {}
        self._orders = 0
        self._held: dict[str, Decimal] = {}
        self.headroom = 0.0
        self.bar_ordinal = 0

    def attach(self, player: Any, feeds: Mapping[str, Feed]) -> None:
        """Take the running backtrader strategy whose broker executes."""
        self._player, self._feeds = player, feeds

    def why_closed(self, asset: str, at: datetime) -> str:  # noqa: ARG002 - the bar that opens now is the time
        """Say that the asset has no bar that opens now, where that is so."""
        return "" if self._feeds[asset].ordinal() == self.bar_ordinal else NO_BAR

    def submit(
        self,
        order: Order,
        *,
        at: datetime,
        cash: Decimal,
        alongside: Sequence[Order] = (),  # noqa: ARG002 - at the decision's prices they fit, but for what the open moved
    ) -> OrderReport:
        """Execute at this bar's open."""
        feed = self._feeds[order.asset]
        expected = execute_at(
            order,
            reference_price=decimal_of(feed.open[0]),
            cash=cash,
            costs=self.terms.costs,
            instrument=self.terms.instruments[order.asset],
        )
        if expected.quantity <= ZERO:
            message = f"cash {cash:.2f} does not pay for an order"
            return OrderReport(status=OrderStatus.REJECTED, unpaid=expected.unpaid, waived=True, message=message)
        send = self._player.buy if order.side is Side.BUY else self._player.sell
        # Of its own accord it sends a market order.
        executed = send(data=feed, size=float(expected.quantity))
        self._player.broker.next()
        self._compare(order, executed, expected, cash)
        self._settle(order, expected, cash)
        self._orders += 1
        fill = fill_of(order, expected, at=at, order_id=str(self._orders), fee_asset=self.terms.start.quote)
        return OrderReport(status=OrderStatus.FILLED, fills=(fill,), unpaid=expected.unpaid)

    def follow(self, ledger: Ledger) -> None:
        """Have the broker hold what a ledger does: a delisted coin is sold in the books, and no bar executes that."""
        for asset, held in self._held.items():
            if held != ledger.quantity(asset):
                self._held[asset] = ledger.quantity(asset)
                self._player.broker.positions[self._feeds[asset]].size = float(self._held[asset])
        self._player.broker.cash = float(ledger.cash) + self.headroom

    def _compare(self, order: Order, executed: Any, expected: Execution, cash: Decimal) -> None:
        if executed.status != executed.Completed:
            raise CheckError(f"backtrader answered {executed.getstatusname()} to {order.client_order_id}")
        broker, feed = self._player.broker, self._feeds[order.asset]
        held, left = self._after(order, expected, cash)
        turned_over = float(cash + expected.notional)
        for name, theirs, ours, scale in (
            ("price", executed.executed.price, expected.price, float(expected.price)),
            ("quantity", abs(executed.executed.size), expected.quantity, float(expected.quantity)),
            ("fee", executed.executed.comm, expected.fee, float(expected.notional)),
            ("position", broker.getposition(feed).size, held, float(held + expected.quantity)),
            ("cash", broker.get_cash() - self.headroom, left, turned_over),
        ):
            if abs(theirs - float(ours)) > TOLERANCE * scale:
                raise CheckError(f"{order.client_order_id}: backtrader's {name} {theirs!r} is not the ledger's {ours}")

    def _settle(self, order: Order, expected: Execution, cash: Decimal) -> None:
        # Float dust of partial sales would split the next buy in two, and noise would add up over years of orders.
        held, left = self._after(order, expected, cash)
        self._held[order.asset] = held
        self._player.broker.positions[self._feeds[order.asset]].size = float(held)
        self._player.broker.cash = float(left) + self.headroom

    def _after(self, order: Order, expected: Execution, cash: Decimal) -> tuple[Decimal, Decimal]:
        """Give the position and the cash that an execution leaves, exactly."""
        sign = 1 if order.side is Side.BUY else -1
        with exact():
            held = self._held.get(order.asset, ZERO) + sign * expected.quantity
            return held, cash - sign * expected.notional - expected.fee
