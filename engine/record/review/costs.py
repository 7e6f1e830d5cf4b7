"""What trading cost: fees by the asset they were taken in, and slippage against the close that was decided on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import fsum

from engine.core.money import ZERO
from engine.core.order import DELISTED, Fill, Side, attempt_named
from engine.record.projections import basis_of
from engine.record.record_rows import DecisionRow
from engine.record.run_record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedFill:
    """A fill beside the close of its decision day.

    Attributes:
        close: None where it is not on record.
        slippage: the fill's price against it as a fraction, positive where it was the worse for us.
        slippage_quote: what that came to.
        equity: of its decision day; None where it is not on record.
        basis: the fill's price against the real market's at that moment - 1; None where it is not on record.
        attempt: of the order.
    """

    fill: Fill
    close: float | None
    slippage: float | None
    slippage_quote: float | None
    equity: float | None
    basis: float | None
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingCosts:
    """What fills cost.

    Attributes:
        fills, buys, sells: how many.
        traded: notional in the quote currency.
        fees: by the asset they were taken in.
        fees_quote: all of them at the fills' prices; None where one is in a third asset, whose price is not on record.
        slippage_quote: against the decision days' closes, None where none is on record; unpriced: fills without one.
        decided: what was traded at a known close, valued at that close.
        share_of_equity: fees and slippage, each over the equity of its decision day, added up; None where a fee is in a
            third asset.
    """

    fills: int
    buys: int
    sells: int
    traded: Decimal
    fees: Mapping[str, Decimal]
    fees_quote: Decimal | None
    slippage_quote: float | None
    decided: float
    share_of_equity: float | None
    unpriced: int

    @property
    def fee_share(self) -> float | None:
        """Fees over traded notional."""
        return float(self.fees_quote / self.traded) if self.fees_quote is not None and self.traded else None

    @property
    def slippage_share(self) -> float | None:
        """Slippage as a fraction of what was decided on, as that of one fill is."""
        return self.slippage_quote / self.decided if self.slippage_quote is not None and self.decided else None


def priced_fills(record: RunRecord) -> tuple[PricedFill, ...]:
    """Put each of the strategy's fills beside its decision's close, in order.

    What a reset made the bot buy back is none of them: it is told with the reset, among the incidents.
    """
    days = {decision.day: decision for decision in record.decisions}
    return tuple(_priced(fill, days.get(fill.decision_day)) for fill in record.own_fills)


def costs_of(fills: Sequence[PricedFill]) -> TradingCosts:
    """Add up what fills cost."""
    fees: dict[str, Decimal] = {}
    for priced in fills:
        fees[priced.fill.fee_asset] = fees.get(priced.fill.fee_asset, ZERO) + priced.fill.fee
    in_quote = [_fee_quote(priced.fill) for priced in fills]
    known = [fee for fee in in_quote if fee is not None]
    measured = [(priced.slippage_quote, _decided(priced)) for priced in fills if priced.slippage_quote is not None]
    shares = [
        (float(fee) + (priced.slippage_quote or 0.0)) / priced.equity
        for priced, fee in zip(fills, in_quote, strict=True)
        if fee is not None and priced.equity
    ]
    return TradingCosts(
        fills=len(fills),
        buys=sum(priced.fill.side is Side.BUY for priced in fills),
        sells=sum(priced.fill.side is Side.SELL for priced in fills),
        traded=sum((priced.fill.notional for priced in fills), ZERO),
        fees=fees,
        fees_quote=sum(known, ZERO) if len(known) == len(fills) else None,
        slippage_quote=fsum(slippage for slippage, _ in measured) if measured else None,
        decided=fsum(decided for _, decided in measured),
        share_of_equity=fsum(shares) if len(known) == len(fills) else None,
        # What was sold as delisted met no market: its penalty is no slippage.
        unpriced=sum(priced.slippage_quote is None and priced.fill.reason != DELISTED for priced in fills),
    )


def _priced(fill: Fill, decision: DecisionRow | None) -> PricedFill:
    close = None if decision is None else decision.closes.get(fill.asset)
    worse = 1 if fill.side is Side.BUY else -1
    price = float(fill.price)
    return PricedFill(
        fill=fill,
        close=close,
        slippage=worse * (price / close - 1) if close else None,
        slippage_quote=worse * (price - close) * float(fill.quantity) if close else None,
        equity=None if decision is None else decision.equity,
        basis=basis_of(fill),
        attempt=attempt_named(fill.client_order_id),
    )


def _decided(priced: PricedFill) -> float:
    return abs(float(priced.fill.quantity)) * (priced.close or 0.0)


def _fee_quote(fill: Fill) -> Decimal | None:
    """Value a fee: in the quote currency as it is, in the coin at the fill's price, else not, unless it is nothing."""
    if fill.fee_asset == fill.asset:
        return fill.fee * fill.price
    is_quote = fill.fee_asset == fill.symbol.rpartition("/")[2]
    return fill.fee if is_quote or not fill.fee else None
