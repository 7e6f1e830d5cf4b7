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

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar


class Cause(StrEnum):
    """Where a difference comes from."""

    FILTERS = "filter rounding"
    PRICE = "fill price model"
    FEES = "fees in base coin"
    REVISION = "data revision"
    TIMING = "timing"
    STATE = "state"
    BASIS = "basis"
    LATE_DATA = "late data"
    CONFIGURATION = "configuration"
    INCIDENT = "incident"
    UNEXPLAINED = "unexplained"


LABORATORY_CAUSES = (Cause.FILTERS, Cause.PRICE, Cause.FEES, Cause.REVISION, Cause.TIMING, Cause.STATE)
"""Those that a replay on the practice exchange can meet; the others befall real runs only."""

ByCause = dict[Cause, float]
"""Amounts by cause; one that is missing is 0."""
KeyT = TypeVar("KeyT", bound=Hashable)
"""What amounts are kept by: a cause, or one difference among many of a cause."""


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
class AccountGaps(Generic[KeyT]):
    """One account minus another, in amounts that add up: in cash (quote) and in each holding (base units)."""

    cash: dict[KeyT, float] = field(default_factory=dict)
    held: dict[str, dict[KeyT, float]] = field(default_factory=dict)

    def add_cash(self, key: KeyT, amount: float) -> None:
        """Add to the gap in cash."""
        add(self.cash, key, amount)

    def add_held(self, asset: str, key: KeyT, amount: float) -> None:
        """Add to the gap in a holding."""
        add(self.held.setdefault(asset, {}), key, amount)

    def equity(self, closes: Mapping[str, float]) -> dict[KeyT, float]:
        """Give the gap in equity at `closes`."""
        total = dict(self.cash)
        for asset, gaps in self.held.items():
            for key, amount in gaps.items():
                total[key] = total.get(key, 0.0) + amount * closes[asset]
        return total

    def order(self, asset: str, *, weight: float | None, closes: Mapping[str, float], unit: float) -> dict[KeyT, float]:
        """Give the gap in the quantity of an order, before it is rounded.

        Args:
            weight: the target; None for a holding that is sold whole.
            unit: what one unit counts for: the close and a buy's costs; minus the close for a partial sale.
        """
        held = self.held.get(asset, {})
        if weight is None:
            return dict(held)
        equity, close = self.equity(closes), closes[asset]
        # In order of appearance: a set would add up in another order in every process.
        keys = dict.fromkeys((*equity, *held))
        return {key: (weight * equity.get(key, 0.0) - held.get(key, 0.0) * close) / unit for key in keys}


class Gaps(AccountGaps[Cause]):
    """Backtest minus live, by cause."""

    def book(self, pair: FillPair, planned: ByCause) -> ByCause:
        """Carry a pair of fills into cash and holdings.

        Args:
            planned: the gap in the quantity of their orders, adding up to it.

        Returns:
            The gap in the quantity executed, by cause.
        """
        quantity = dict(planned)
        cut = pair.quantity - pair.live_quantity - sum(planned.values())
        add(quantity, Cause.PRICE, cut)
        sign = 1 if pair.buys else -1
        rate = pair.fee / (pair.quantity * pair.price) if pair.quantity else 0.0
        held = self.held.setdefault(pair.asset, {})
        for cause, amount in quantity.items():
            add(held, cause, sign * amount)
            add(self.cash, cause, -sign * amount * pair.price * (1 + sign * rate))
        add(self.cash, Cause.TIMING, -sign * pair.live_quantity * (pair.price - pair.instant_price))
        add(self.cash, Cause.PRICE, -sign * pair.live_quantity * (pair.instant_price - pair.live_price))
        due = pair.live_quantity * pair.price * rate
        if pair.buys:
            add(held, Cause.FEES, pair.live_fee)
            add(self.cash, Cause.FEES, -due)
        else:
            add(self.cash, Cause.PRICE, pair.live_fee - due)
        return quantity


def main_cause(amounts: ByCause) -> Cause:
    """Give the cause of the largest amount."""
    return max(amounts, key=lambda cause: abs(amounts[cause]), default=Cause.STATE)


def add(amounts: dict[KeyT, float], key: KeyT, amount: float) -> None:
    """Add an amount to those of its key; 0 leaves no trace."""
    if amount:
        amounts[key] = amounts.get(key, 0.0) + amount
