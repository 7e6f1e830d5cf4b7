"""What trading cost: fees by the asset they were taken in, and slippage against the close that was decided on."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.order import Side
from engine.journal.run_record import FillRow, RunRecord

ATTEMPT = re.compile(r".*-(\d{1,3})", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedFill:
    """A fill beside the close of its decision day.

    Attributes:
        close: None where it is not on record.
        slippage: the fill's price against it as a fraction, positive where it was the worse for us.
        slippage_quote: what that came to.
        basis: the fill's price against the real market's at that moment - 1; None where it is not on record.
        attempt: of the order.
    """

    fill: FillRow
    close: float | None
    slippage: float | None
    slippage_quote: float | None
    basis: float | None
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What fills cost.

    Attributes:
        fills, buys, sells: how many.
        traded: notional in the quote currency.
        fees: by the asset they were taken in, exact.
        fees_quote: all of them at the fills' prices; None where one is in a third asset, whose price is not on record.
        slippage_quote: against the decision days' closes; unpriced: fills whose close is not on record.
        priced: traded notional of the fills that the slippage is of.
    """

    fills: int
    buys: int
    sells: int
    traded: Decimal
    fees: Mapping[str, Decimal]
    fees_quote: Decimal | None
    slippage_quote: float
    priced: Decimal
    unpriced: int

    @property
    def fee_share(self) -> float | None:
        """Fees over traded notional."""
        return float(self.fees_quote / self.traded) if self.fees_quote is not None and self.traded else None

    @property
    def slippage_share(self) -> float | None:
        """Slippage over the notional that it is of."""
        return self.slippage_quote / float(self.priced) if self.priced else None


def priced_fills(record: RunRecord) -> tuple[PricedFill, ...]:
    """Put each fill beside its decision's close, in order; what a reset made the bot buy back has none."""
    closes = {(decision.day, asset): close for decision in record.decisions for asset, close in decision.closes.items()}
    return tuple(_priced(fill, closes) for fill in record.fills)


def costs_of(fills: Sequence[PricedFill]) -> Costs:
    """Add up what fills cost; without those that put back what a reset wiped, which others paid for."""
    own = [priced for priced in fills if not priced.fill.restores]
    fees: dict[str, Decimal] = {}
    for priced in own:
        fees[priced.fill.fee_asset] = fees.get(priced.fill.fee_asset, Decimal(0)) + priced.fill.fee
    measured = [priced for priced in own if priced.slippage_quote is not None]
    return Costs(
        fills=len(own),
        buys=sum(priced.fill.side is Side.BUY for priced in own),
        sells=sum(priced.fill.side is Side.SELL for priced in own),
        traded=_sum(priced.fill.notional for priced in own),
        fees=fees,
        fees_quote=_fees_quote([priced.fill for priced in own]),
        slippage_quote=sum(priced.slippage_quote or 0.0 for priced in measured),
        priced=_sum(priced.fill.notional for priced in measured),
        unpriced=len(own) - len(measured),
    )


def _priced(fill: FillRow, closes: Mapping[tuple[date, str], float]) -> PricedFill:
    close = None if fill.restores else closes.get((fill.decision_day, fill.asset))
    worse = 1 if fill.side is Side.BUY else -1
    price = float(fill.price)
    attempt = ATTEMPT.fullmatch(fill.client_order_id)
    return PricedFill(
        fill=fill,
        close=close,
        slippage=worse * (price / close - 1) if close else None,
        slippage_quote=worse * (price - close) * float(fill.quantity) if close else None,
        basis=fill.basis,
        attempt=int(attempt[1]) if attempt else 1,
    )


def _fees_quote(fills: Iterable[FillRow]) -> Decimal | None:
    total = Decimal(0)
    for fill in fills:
        quote = fill.symbol.partition("/")[2]
        if fill.fee_asset == quote:
            total += fill.fee
        elif fill.fee_asset == fill.asset:
            total += fill.fee * fill.price
        elif fill.fee:
            return None
    return total


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
