"""What trading cost: slippage against the decision price, and fees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from engine.core.order import Side
from engine.journal.run_record import DecisionRow, FillRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedFill:
    """A fill beside the price that it was decided at.

    Attributes:
        decision_price: the close of the decision day; None where the record does not hold it.
        slippage: fraction by which the fill was worse (positive) or better; slippage_cost: the same in quote currency.
    """

    fill: FillRow
    decision_price: float | None
    slippage: float | None
    slippage_cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingCosts:
    """Totals over a run, in quote currency unless they say otherwise.

    Attributes:
        fees: by asset in which they were taken.
        fees_in_quote: all of them, coins at the price of their fill; None where a fee asset has no price.
        slippage: net cost against the decision prices; None where no fill has one.
        fee_rate, slippage_rate: as fractions of the notional that they are known for.
        share_of_equity: both, each fill over the equity of its decision day, added up; None where that is unknown.
    """

    fills: int
    notional: float
    fees: Mapping[str, float]
    fees_in_quote: float | None
    slippage: float | None
    fee_rate: float | None
    slippage_rate: float | None
    share_of_equity: float | None


def executed_fills(decisions: Sequence[DecisionRow], fills: Sequence[FillRow]) -> list[ExecutedFill]:
    """Put each fill beside the close of its decision day."""
    closes = {decision.day: decision.closes for decision in decisions}
    return [_executed(fill, closes.get(fill.decision_day, {}).get(fill.asset)) for fill in fills]


def trading_costs(decisions: Sequence[DecisionRow], executed: Sequence[ExecutedFill]) -> TradingCosts:
    """Add up what the fills cost; those that only bought back what a reset had wiped are no trading of the strategy."""
    executed = [each for each in executed if not each.fill.restores]
    equity = {decision.day: decision.equity for decision in decisions}
    notional = fsum(float(each.fill.notional) for each in executed)
    fees: dict[str, float] = {}
    for each in executed:
        fees[each.fill.fee_asset] = fees.get(each.fill.fee_asset, 0.0) + float(each.fill.fee)
    in_quote = [_fee_in_quote(each.fill) for each in executed]
    known = [each for each in executed if each.slippage_cost is not None]
    slippage = fsum(each.slippage_cost or 0.0 for each in known) if known else None
    fees_in_quote = _sum(in_quote)
    decided = fsum(abs(_decided_notional(each)) for each in known)
    shares = [
        None if fee is None else (fee + (each.slippage_cost or 0.0)) / equity[each.fill.decision_day]
        for each, fee in zip(executed, in_quote, strict=True)
        if equity.get(each.fill.decision_day)
    ]
    return TradingCosts(
        fills=len(executed),
        notional=notional,
        fees=fees,
        fees_in_quote=fees_in_quote,
        slippage=slippage,
        fee_rate=fees_in_quote / notional if fees_in_quote is not None and notional else None,
        slippage_rate=slippage / decided if slippage is not None and decided else None,
        share_of_equity=_sum(shares),
    )


def _executed(fill: FillRow, decision_price: float | None) -> ExecutedFill:
    if not decision_price:
        return ExecutedFill(fill=fill, decision_price=None, slippage=None, slippage_cost=None)
    worse = (1 if fill.side is Side.BUY else -1) * (float(fill.price) - decision_price)
    return ExecutedFill(
        fill=fill,
        decision_price=decision_price,
        slippage=worse / decision_price,
        slippage_cost=worse * float(fill.quantity),
    )


def _decided_notional(each: ExecutedFill) -> float:
    return float(each.fill.quantity) * (each.decision_price or 0.0)


def _fee_in_quote(fill: FillRow) -> float | None:
    if fill.fee_asset == fill.symbol.partition("/")[2]:
        return float(fill.fee)
    return float(fill.fee * fill.price) if fill.fee_asset == fill.asset else None


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else fsum(value or 0.0 for value in values)
