"""The in-process paper exchange: a market order fills whole at the live best bid or ask, with fees and minimums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engine.core.events import OrderSent
from engine.core.fills import Costs, execute_at, fill_of
from engine.core.instrument import Instrument
from engine.core.money import ZERO, sizing
from engine.core.order import Order, OrderReport, OrderStatus, Side
from engine.venues.answers import Quote

QuoteOf = Callable[[Sequence[str]], Mapping[str, Quote]]
"""Gives the best bid and ask by symbol."""


class SimulatedVenue:
    """Fills at quotes that somebody else's market makes.

    Args:
        quotes: live quotes; an answer without the symbol means that its market is closed.
        costs: commission; the spread of the quotes stands for slippage.
        quote: the currency that fees are taken in.
    """

    def __init__(self, *, instruments: Mapping[str, Instrument], quotes: QuoteOf, costs: Costs, quote: str) -> None:
        self._instruments = instruments
        self._quotes = quotes
        self._costs = Costs(commission=costs.commission, slippage=ZERO)
        self._quote = quote

    def instruments(self) -> Mapping[str, Instrument]:
        """Give the trading rules by asset."""
        return self._instruments

    def why_closed(self, asset: str, at: datetime) -> str:  # noqa: ARG002 - quotes are of now
        """Say that the asset is not quoted, where that is so."""
        symbol = self._instruments[asset].symbol
        return "" if symbol in self._quotes((symbol,)) else f"{symbol} is not quoted now"

    def submit(
        self,
        order: Order,
        *,
        at: datetime,
        cash: Decimal,
        alongside: Sequence[Order] = (),  # noqa: ARG002 - trimmed one after another, as in history
    ) -> OrderReport:
        """Fill at the best ask or bid of now."""
        quote = self._quotes((order.symbol,)).get(order.symbol)
        if quote is None:
            return OrderReport(status=OrderStatus.WAITING, message="nobody offers or asks now")
        done = execute_at(
            order,
            reference_price=quote.ask if order.side is Side.BUY else quote.bid,
            cash=cash,
            costs=self._costs,
            instrument=self._instruments[order.asset],
        )
        if done.quantity <= ZERO:
            message = f"cash {cash:.2f} does not pay for an order"
            return OrderReport(status=OrderStatus.REJECTED, unpaid=done.unpaid, waived=True, message=message)
        # The id says what it is of, so that a restart cannot give it twice.
        fill = fill_of(order, done, at=at, order_id=f"sim-{order.client_order_id}", fee_asset=self._quote)
        with sizing():
            middle = (quote.bid + quote.ask) / 2
        fills = (replace(fill, market_price=middle),)
        return OrderReport(status=OrderStatus.FILLED, fills=fills, unpaid=done.unpaid)

    def held(self, asset: str) -> Decimal | None:  # noqa: ARG002 - the ledger keeps the only books
        """Give nothing: the ledger keeps the only books."""
        return None

    def resolve(
        self,
        order: Order,
        *,
        at: datetime,  # noqa: ARG002 - nothing leaves the process
        sent: OrderSent | None = None,  # noqa: ARG002
    ) -> OrderReport:
        """Answer for an order whose fill was not written before a crash: nothing of it happened anywhere else."""
        return OrderReport(
            status=OrderStatus.REJECTED,
            again=order.quantity,
            was_placed=False,
            message="the program ended before the fill was written",
        )
