"""What an exchange must make of an order, worked out anew from its rules: what parity measures the live path by.

Nothing is shared with the practice exchange nor with the venue that sends orders; a mistake in either shows here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from engine.core.calendar import ONE_DAY, opening_instant
from engine.core.fills import Costs
from engine.core.market import BarSeries, History
from engine.core.money import ONE, ZERO, decimal_of, exact, floor_to_step, sizing
from engine.core.order import Order, Side

EIGHT_DECIMALS = Decimal("0.00000001")
"""What an exchange keeps of the amounts that it pays out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFilters:
    """Rules of one market, as the exchange applies them; largest_quantity is that of one market order."""

    tick: Decimal
    lot_step: Decimal
    minimum_notional: Decimal
    largest_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFill:
    """What becomes of an order: quantity 0 where it is not worth sending."""

    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeModel:
    """An exchange made of daily bars.

    Its price moves in a straight line from a day's open to its close; bid and ask are that price worsened by the
    slippage, the ask rounded up to the tick and the bid down; the fee is taken from what is received.

    Attributes:
        buy_margin: what a buy leaves of the cash, beyond the commission, in case the ask moves before it is there.
    """

    history: History
    filters: Mapping[str, MarketFilters]
    costs: Costs
    quote: str
    buy_margin: Decimal

    def price_at(self, asset: str, side: Side, at: datetime) -> Decimal | None:
        """Give the price of the book at an instant, before it is put on the tick; None on a day without a bar."""
        mark = mark_at(self.history[asset], at)
        if mark is None:
            return None
        with sizing():
            return mark * (ONE + self.costs.slippage if side is Side.BUY else ONE - self.costs.slippage)

    def _price_on_tick(self, asset: str, side: Side, at: datetime) -> Decimal | None:
        raw, tick = self.price_at(asset, side, at), self.filters[asset].tick
        if raw is None:
            return None
        with sizing():
            ticks = (raw / tick).to_integral_value(ROUND_CEILING if side is Side.BUY else ROUND_FLOOR)
            return max(ticks * tick, tick)

    def _affordable(self, order: Order, alongside: Sequence[Order], at: datetime, cash: Decimal) -> Decimal:
        """Give the order's quantity, or as much less of it as the cash is short of all these buys."""
        with sizing():
            cost = ZERO
            for each in (order, *alongside):
                price = self._price_on_tick(each.asset, each.side, at)
                cost += ZERO if price is None else each.quantity * price
            cost *= ONE + self.costs.commission + self.buy_margin
            return order.quantity if cost <= cash else order.quantity * max(cash, ZERO) / cost

    def fill(
        self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()
    ) -> ExpectedFill | None:
        """Give what a market order must come to at `at`, with `cash` to spend; None on a day without a bar.

        Args:
            alongside: the other buys that share the cash.
        """
        filters = self.filters[order.asset]
        price = self._price_on_tick(order.asset, order.side, at)
        if price is None:
            return None
        buys = order.side is Side.BUY
        quantity = min(order.quantity, filters.largest_quantity)
        if buys:
            quantity = min(quantity, self._affordable(order, alongside, at, cash))
        quantity = floor_to_step(quantity, filters.lot_step)
        with exact():
            notional = quantity * price
            if notional < filters.minimum_notional:
                quantity = notional = ZERO
            received = quantity if buys else notional
            fee = received * self.costs.commission
        fee = fee.quantize(EIGHT_DECIMALS, ROUND_DOWN)
        return ExpectedFill(quantity=quantity, price=price, fee=fee, fee_asset=order.asset if buys else self.quote)


def mark_at(bars: BarSeries, at: datetime) -> Decimal | None:
    """Give the price of an instant on the straight line from its day's open to its close; None without a bar."""
    position = bars.position_on(at.date())
    if position is None:
        return None
    open_, close = decimal_of(float(bars.open[position])), decimal_of(float(bars.close[position]))
    passed = at - opening_instant(at.date())
    with sizing():
        return open_ + (close - open_) * (passed // timedelta(milliseconds=1)) / (ONE_DAY // timedelta(milliseconds=1))
