"""The book of fills: what the bot's own account holds, to the last digit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.money import EXACT, ZERO, exact
from engine.core.order import Fill, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One side of a double entry: `amount` of `asset` into `account` (negative: out of it)."""

    account: str
    asset: str
    amount: Decimal


OWN, VENUE, FEES = "own", "venue", "fees"


def postings_of(fill: Fill, *, quote: str) -> tuple[Posting, ...]:
    """Write a fill as double entries; for each asset the amounts add up to exactly zero."""
    buys = fill.side is Side.BUY
    base, paid = (fill.quantity, fill.notional) if buys else (fill.quantity.copy_negate(), fill.notional.copy_negate())
    return (
        Posting(account=OWN, asset=fill.asset, amount=base),
        Posting(account=VENUE, asset=fill.asset, amount=base.copy_negate()),
        Posting(account=OWN, asset=quote, amount=paid.copy_negate()),
        Posting(account=VENUE, asset=quote, amount=paid),
        Posting(account=OWN, asset=fill.fee_asset, amount=fill.fee.copy_negate()),
        Posting(account=FEES, asset=fill.fee_asset, amount=fill.fee),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Balances of the virtual account, immutable.

    Attributes:
        quote: the currency that cash is counted in.
        cash: quote held.
        positions: quantity by asset, only what is not zero.
    """

    quote: str
    cash: Decimal
    positions: Mapping[str, Decimal] = field(default_factory=dict)

    def quantity(self, asset: str) -> Decimal:
        """Give the quantity held of an asset, 0 if none."""
        return self.positions.get(asset, ZERO)

    def apply(self, fill: Fill) -> "Ledger":
        """Give the ledger after a fill.

        Raises:
            decimal.Inexact: the amounts do not fit the exact arithmetic; nothing is rounded away.
        """
        cash = self.cash
        positions = dict(self.positions)
        with exact():
            for posting in postings_of(fill, quote=self.quote):
                if posting.account != OWN:
                    continue
                if posting.asset == self.quote:
                    cash += posting.amount
                else:
                    positions[posting.asset] = positions.get(posting.asset, ZERO) + posting.amount
        return Ledger(quote=self.quote, cash=cash, positions={asset: held for asset, held in positions.items() if held})

    def equity(self, closes: Mapping[str, Decimal]) -> Decimal:
        """Value cash and positions at `closes` (quote per unit, one for every held asset)."""
        # The context's own methods: entering a context costs more than the sum, and this runs every day.
        total = self.cash
        for asset, held in self.positions.items():
            total = EXACT.add(total, EXACT.multiply(held, closes[asset]))
        return total
