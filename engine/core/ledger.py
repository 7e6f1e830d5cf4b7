"""The book of fills: what the bot's own account holds, to the last digit."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.errors import CheckError
from engine.core.money import EXACT, ZERO, exact, plain
from engine.core.order import Fill, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One side of a double entry: `amount` of `asset` into `account` (negative: out of it)."""

    account: str
    asset: str
    amount: Decimal


OWN, OUTSIDE, VENUE, FEES = "own", "outside", "venue", "fees"
"""Ours; the rest of the exchange's account, which pays for what a reset wiped, and for what a fill takes beyond what we
hold; the other side of trades; what trades cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Balances of the virtual account, immutable; none is ever negative.

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

    def __post_init__(self) -> None:
        for asset, held in ((self.quote, self.cash), *self.positions.items()):
            if held < ZERO:
                raise CheckError(f"the ledger would hold {plain(held)} {asset}; no holding is ever negative")

    def quantity(self, asset: str) -> Decimal:
        """Give the quantity held of an asset, 0 if none."""
        return self.positions.get(asset, ZERO)

    def held(self, asset: str) -> Decimal:
        """Give what is held of an asset or of the quote currency."""
        return self.cash if asset == self.quote else self.quantity(asset)

    def apply(self, fill: Fill) -> "Ledger":
        """Give the ledger after a fill.

        Raises:
            decimal.Inexact: the amounts do not fit the exact arithmetic; nothing is rounded away.
        """
        cash = self.cash
        positions, outside = dict(self.positions), dict(self.outside)
        with exact():
            for posting in postings_of(fill, self):
                if posting.account == OWN and posting.asset == self.quote:
                    cash += posting.amount
                elif posting.account in (OWN, OUTSIDE):
                    changed = positions if posting.account == OWN else outside
                    changed[posting.asset] = changed.get(posting.asset, ZERO) + posting.amount
        return Ledger(quote=self.quote, cash=cash, positions=_not_zero(positions), outside=_not_zero(outside))

    def after_all(self, fills: Iterable[Fill]) -> "Ledger":
        """Give the ledger after these fills, in order."""
        ledger = self
        for fill in fills:
            ledger = ledger.apply(fill)
        return ledger

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


def postings_of(fill: Fill, before: Ledger) -> tuple[Posting, ...]:
    """Write a fill as double entries; for each asset the amounts add up to exactly zero.

    A fill takes from us only what we hold. What it takes beyond that was there, since it was executed: it was
    outside of ours, the rest of the account's.

    - A fee is ours to pay, in whatever coin, as far as we hold that coin once the trade is booked.
    - Of a sale beyond what we hold, the rest is sold by the rest of the account, which gets its proceeds.
    - A buy is paid out of our cash as far as it goes; the coins are ours all the same, since the share that the rest of
      the account paid for is no exact number.

    A fill that restores what a reset wiped is all outside of ours, but for a fee in a third coin that we hold.
    """
    with exact():
        trade = _restoring(fill, before.quote) if fill.restores else _sale(fill, before) or _purchase(fill, before)
        is_outside = fill.restores and fill.fee_asset in (fill.asset, before.quote)
        held = before.held(fill.fee_asset) + sum(
            (each.amount for each in trade if each.account == OWN and each.asset == fill.fee_asset), ZERO
        )
        fee = _taken(fill.fee_asset, fill.fee, ours=ZERO if is_outside else held, by=FEES)
    return (*trade, *fee)


def _sale(fill: Fill, before: Ledger) -> tuple[Posting, ...]:
    """Write a sale; nothing for a buy."""
    if fill.side is Side.BUY:
        return ()
    excess = max(fill.quantity - before.quantity(fill.asset), ZERO)
    proceeds = excess * fill.price
    return (
        *_taken(fill.asset, fill.quantity, ours=before.quantity(fill.asset), by=VENUE),
        Posting(account=OWN, asset=before.quote, amount=fill.notional - proceeds),
        *_unless_zero(Posting(account=OUTSIDE, asset=before.quote, amount=proceeds)),
        Posting(account=VENUE, asset=before.quote, amount=fill.notional.copy_negate()),
    )


def _purchase(fill: Fill, before: Ledger) -> tuple[Posting, ...]:
    return (
        Posting(account=OWN, asset=fill.asset, amount=fill.quantity),
        Posting(account=VENUE, asset=fill.asset, amount=fill.quantity.copy_negate()),
        *_taken(before.quote, fill.notional, ours=before.cash, by=VENUE),
    )


def _restoring(fill: Fill, quote: str) -> tuple[Posting, ...]:
    return (
        Posting(account=OUTSIDE, asset=fill.asset, amount=fill.quantity),
        Posting(account=VENUE, asset=fill.asset, amount=fill.quantity.copy_negate()),
        *_taken(quote, fill.notional, ours=ZERO, by=VENUE),
    )


def _taken(asset: str, amount: Decimal, *, ours: Decimal, by: str) -> tuple[Posting, ...]:
    """Write that `by` takes an amount: out of ours as far as that goes, the rest from outside."""
    own = min(amount, ours)
    return (
        *_unless_zero(Posting(account=OWN, asset=asset, amount=own.copy_negate())),
        *_unless_zero(Posting(account=OUTSIDE, asset=asset, amount=own - amount)),
        Posting(account=by, asset=asset, amount=amount),
    )


def _unless_zero(posting: Posting) -> tuple[Posting, ...]:
    return (posting,) if posting.amount else ()


def _not_zero(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {asset: amount for asset, amount in amounts.items() if amount}
