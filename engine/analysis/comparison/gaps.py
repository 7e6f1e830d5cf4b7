"""One account minus another, in amounts by difference, carried on by the linear rules of sizing.

Amounts of cash and of each holding add up to the gap exactly, and every rule of sizing is linear up to rounding: the
quantity of a planned buy is `(weight * equity - held * close) / unit`, a whole sale is what is held. So a gap in an
order is the same combination of the gaps it was sized from, difference by difference.

Worked example: the backtest has 20 in cash and 0.1 ETH more than the live run, the cash by a price and the coins by a
fee. At a close of 100 equity is 20 + 10 short. A target of one half wants (0.5 * 20) / 100 = 0.1 ETH more by the price,
and (0.5 * 10 - 10) / 100 = -0.05 by the fee: half of what it took is wanted in cash now.

Floats do: what is attributed here is shown, while what is expected is checked exactly, elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.analysis.comparison.differences import Cause, Difference

Amounts: TypeAlias = dict[Difference, float]
"""Amounts by difference; one that is missing is 0."""


@dataclass(slots=True)
class AccountGaps:
    """Backtest minus live, in amounts that add up: in cash (quote) and in each holding (base units)."""

    cash: Amounts = field(default_factory=dict)
    held: dict[str, Amounts] = field(default_factory=dict)

    def quantity(self, asset: str) -> float:
        """Give the gap in a holding."""
        return sum(self.held.get(asset, {}).values())

    def add_held(self, asset: str, origin: Difference, amount: float) -> None:
        """Add to the gap in a holding."""
        add(self.held.setdefault(asset, {}), origin, amount)

    def equity(self, closes: Mapping[str, float]) -> Amounts:
        """Give the gap in equity at `closes`."""
        total = dict(self.cash)
        for asset, gaps in self.held.items():
            for origin, amount in gaps.items():
                add(total, origin, amount * closes[asset])
        return total

    def order(self, asset: str, *, weight: float | None, closes: Mapping[str, float], unit: float) -> Amounts:
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
        origins = dict.fromkeys((*equity, *held))
        return {key: (weight * equity.get(key, 0.0) - held.get(key, 0.0) * close) / unit for key in origins}


def by_cause(amounts: Mapping[Difference, float]) -> dict[Cause | None, float]:
    """Add up amounts by cause."""
    totals: dict[Cause | None, float] = {}
    for origin, amount in amounts.items():
        totals[origin.cause] = totals.get(origin.cause, 0.0) + amount
    return totals


def main_cause(totals: Mapping[Cause | None, float]) -> Cause | None:
    """Give the cause of the largest amount; None where no cause has one, or what is unexplained has it."""
    return max(totals, key=lambda cause: abs(totals[cause]), default=None)


def add(amounts: Amounts, origin: Difference, amount: float) -> None:
    """Add an amount to those of its origin; 0 leaves no trace."""
    if amount:
        amounts[origin] = amounts.get(origin, 0.0) + amount
