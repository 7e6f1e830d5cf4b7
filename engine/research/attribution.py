"""Which cause each difference between two runs goes back to, carried through the account by linear rules.

A gap is backtest minus live. A gap in holdings or cash is kept as amounts by cause that add up to it exactly, and every
rule of sizing is linear up to rounding: the quantity of a planned buy is `(weight * equity - held * close) / unit`, a
whole sale is what is held. So a gap in an order is the same combination of the gaps it was sized from, cause by cause;
what remains is the rounding to lot steps and minimum notionals, and belongs to `FILTERS`. A fill adds its own causes:

    price        live quantity * (price there - price here): what comes of the instant is `TIMING`, the rest `PRICE`
    quantity     what a buy was cut down to the cash by more in one run than in the other: `PRICE`
    fee          a buy's fee, missing from the coin and left in the cash: `FEES`

Floats do: what is attributed here is shown, while what is expected is checked exactly, elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Cause(StrEnum):
    """Where a difference comes from."""

    FILTERS = "filter rounding"
    PRICE = "fill price model"
    FEES = "fees in base coin"
    REVISION = "data revision"
    TIMING = "timing"
    STATE = "state"


ByCause = dict[Cause, float]
"""Amounts by cause; one that is missing is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillPair:
    """What was executed of one asset on one side by the orders of one decision, in both runs; 0 where nothing was.

    Attributes:
        price, live_price: averages; history's price also stands in where only one run traded.
        instant_price: the price of the live run's instant before it is put on the tick.
        fee, live_fee: in quote currency, history's always; in the coin for a buy on an exchange.
    """

    asset: str
    buys: bool
    quantity: float
    live_quantity: float
    price: float
    live_price: float
    instant_price: float
    fee: float
    live_fee: float


@dataclass(slots=True)
class Gaps:
    """Backtest minus live, by cause: in cash (quote) and in each holding (base units)."""

    cash: ByCause = field(default_factory=dict)
    held: dict[str, ByCause] = field(default_factory=dict)

    def equity(self, closes: Mapping[str, float]) -> ByCause:
        """Give the gap in equity at `closes`."""
        total = dict(self.cash)
        for asset, gaps in self.held.items():
            for cause, amount in gaps.items():
                total[cause] = total.get(cause, 0.0) + amount * closes[asset]
        return total

    def order(self, asset: str, *, weight: float | None, closes: Mapping[str, float], unit: float) -> ByCause:
        """Give the gap in the quantity of an order, before it is rounded.

        Args:
            weight: the target; None for a holding that is sold whole.
            unit: what one unit counts for: the close and a buy's costs; minus the close for a partial sale.
        """
        held = self.held.get(asset, {})
        if weight is None:
            return dict(held)
        equity, close = self.equity(closes), closes[asset]
        causes = {*equity, *held}
        return {cause: (weight * equity.get(cause, 0.0) - held.get(cause, 0.0) * close) / unit for cause in causes}

    def book(self, pair: FillPair, planned: ByCause) -> ByCause:
        """Carry a pair of fills into cash and holdings.

        Args:
            planned: the gap in the quantity of their orders, adding up to it.

        Returns:
            The gap in the quantity executed, by cause.
        """
        quantity = dict(planned)
        cut = pair.quantity - pair.live_quantity - sum(planned.values())
        _add(quantity, Cause.PRICE, cut)
        sign = 1 if pair.buys else -1
        rate = pair.fee / (pair.quantity * pair.price) if pair.quantity else 0.0
        held = self.held.setdefault(pair.asset, {})
        for cause, amount in quantity.items():
            _add(held, cause, sign * amount)
            _add(self.cash, cause, -sign * amount * pair.price * (1 + sign * rate))
        _add(self.cash, Cause.TIMING, -sign * pair.live_quantity * (pair.price - pair.instant_price))
        _add(self.cash, Cause.PRICE, -sign * pair.live_quantity * (pair.instant_price - pair.live_price))
        due = pair.live_quantity * pair.price * rate
        if pair.buys:
            _add(held, Cause.FEES, pair.live_fee)
            _add(self.cash, Cause.FEES, -due)
        else:
            _add(self.cash, Cause.PRICE, pair.live_fee - due)
        return quantity


def main_cause(amounts: ByCause) -> Cause:
    """Give the cause of the largest amount."""
    return max(amounts, key=lambda cause: abs(amounts[cause]), default=Cause.STATE)


def _add(amounts: ByCause, cause: Cause, amount: float) -> None:
    if amount:
        amounts[cause] = amounts.get(cause, 0.0) + amount
