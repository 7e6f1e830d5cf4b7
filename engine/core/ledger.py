"""The book of fills: what the bot's own account holds, to the last digit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from engine.core.money import EXACT, ZERO, exact
from engine.core.order import Fill, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One side of a double entry: `amount` of `asset` into `account` (negative: out of it)."""

    account: str
    asset: str
    amount: Decimal


OWN, OUTSIDE, VENUE, FEES = "own", "outside", "venue", "fees"
"""Ours; the rest of the exchange's account, which pays for what a reset wiped, and fees in coins that we do not hold;
the other side of trades; what trades cost."""
NOTHING: Mapping[str, Decimal] = MappingProxyType({})


def postings_of(fill: Fill, *, quote: str, held: Mapping[str, Decimal] = NOTHING) -> tuple[Posting, ...]:
    """Write a fill as double entries; for each asset the amounts add up to exactly zero.

    Args:
        held: our positions before it, by asset: a fee in a third coin is ours to pay where we hold that much of it.
    """
    trader = OUTSIDE if fill.restores else OWN
    is_ours = fill.fee_asset in (fill.asset, quote) or held.get(fill.fee_asset, ZERO) >= fill.fee
    payer = trader if is_ours else OUTSIDE
    buys = fill.side is Side.BUY
    base, paid = (fill.quantity, fill.notional) if buys else (fill.quantity.copy_negate(), fill.notional.copy_negate())
    return (
        Posting(account=trader, asset=fill.asset, amount=base),
        Posting(account=VENUE, asset=fill.asset, amount=base.copy_negate()),
        Posting(account=trader, asset=quote, amount=paid.copy_negate()),
        Posting(account=VENUE, asset=quote, amount=paid),
        Posting(account=payer, asset=fill.fee_asset, amount=fill.fee.copy_negate()),
        Posting(account=FEES, asset=fill.fee_asset, amount=fill.fee),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Balances of the virtual account, immutable.

    Attributes:
        quote: the currency that cash is counted in.
        cash: quote held.
        positions: quantity by asset, only what is not zero.
        outside: what our trades have changed in the rest of the exchange's account since its last reset, by asset.
    """

    quote: str
    cash: Decimal
    positions: Mapping[str, Decimal] = field(default_factory=dict)
    outside: Mapping[str, Decimal] = field(default_factory=dict)

    def quantity(self, asset: str) -> Decimal:
        """Give the quantity held of an asset, 0 if none."""
        return self.positions.get(asset, ZERO)

    def apply(self, fill: Fill) -> "Ledger":
        """Give the ledger after a fill.

        Raises:
            decimal.Inexact: the amounts do not fit the exact arithmetic; nothing is rounded away.
        """
        cash = self.cash
        positions, outside = dict(self.positions), dict(self.outside)
        with exact():
            for posting in postings_of(fill, quote=self.quote, held=self.positions):
                if posting.account == OWN and posting.asset == self.quote:
                    cash += posting.amount
                elif posting.account in (OWN, OUTSIDE):
                    changed = positions if posting.account == OWN else outside
                    changed[posting.asset] = changed.get(posting.asset, ZERO) + posting.amount
        return Ledger(quote=self.quote, cash=cash, positions=_not_zero(positions), outside=_not_zero(outside))

    def after_reset(self, written_off: Collection[str]) -> "Ledger":
        """Give the ledger after a reset of the exchange: it holds what it held.

        Args:
            written_off: assets of which too little was held to be bought back.
        """
        kept = {asset: held for asset, held in self.positions.items() if asset not in written_off}
        return Ledger(quote=self.quote, cash=self.cash, positions=kept)

    def equity(self, closes: Mapping[str, Decimal]) -> Decimal:
        """Value cash and positions at `closes` (quote per unit, one for every held asset)."""
        # The context's own methods: entering a context costs more than the sum, and this runs every day.
        total = self.cash
        for asset, held in self.positions.items():
            total = EXACT.add(total, EXACT.multiply(held, closes[asset]))
        return total


def _not_zero(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {asset: amount for asset, amount in amounts.items() if amount}
