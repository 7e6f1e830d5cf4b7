"""The orders of one change of targets in two runs: by how much they differ, and why.

A quantity is led over from one run's order to the other's, one thing after the other: what the backtest's rounding took
away, what the accounts held, the targets, the costs set aside, the day on which it was sized, the closes seen then,
what the live run's rounding took away. Each quantity on the way is worked out by the planner's rules; what the live run
ordered beside the last of them is unexplained.

Worked example, where a sale becomes a buy: equity 10,000, ETH at 10, a target of 0.65, no costs. The backtest holds 660
ETH and sells 10. The live account lacks 20 of them and has their 200 in cash, all by one fee; it buys 10. Equity is the
same, so the gap is worth 0.65 * 0 - 20 * 10 = -200, and the orders differ by -10 - 10 = -20: a tenth of a coin for each
of it, below the border and above. With costs of 0.1 % it buys 9.99, and each counts for 19.99 / 200: the slope between
the two orders. However many differences make up the gap, each gets its part of the order by that one slope.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from engine.analysis.comparison.books import Books
from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.gaps import Amounts, add
from engine.analysis.comparison.policy import OrderPair
from engine.analysis.comparison.steps import Evening, Step, signed
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.money import ZERO, decimal_of, sizing
from engine.core.planner import Plan, Planner

NOISE = 1e-9
"""Of the equity; sizing in floats and in decimals agree within it."""
CRUMBS_BEYOND = Decimal("0.1")
"""By how much of it what is too little to be sold may have been marked otherwise then."""


def order_pairs(books: Books, day: date, ours: Step | None, theirs: Step | None) -> list[OrderPair]:
    """Attribute the differences of the orders of one change of targets, that of `day`, by asset."""
    sized = ours and _sizing(books, ours, ours.sized or ours.evening, books.planner)
    evening = theirs and books.policy.sized(theirs)
    live = _sizing(books, theirs, evening, books.policy.planner(theirs)) if theirs and evening else None
    planned = [asset for step in (ours, theirs) if step for asset in step.assets]
    assets = [asset for asset in dict.fromkeys((*books.planner.trading_order, *planned)) if asset in planned]
    pairs = []
    for asset in assets:
        quantity, live_quantity = (step.planned_of(asset) if step else 0.0 for step in (ours, theirs))
        way = _Way(books=books, asset=asset, day=day, here=quantity)
        if sized:
            way.leave(sized)
        if sized and live:
            way.cross(sized, live)
        elif ours and theirs:
            late = f"{ours.decided.reason}: decided late, {asset} not ordered before the targets changed again"
            way.to(0.0, late, Cause.TIMING, is_exact=True)
        elif sized:
            way.to(0.0, f"{asset} not ordered live", by=books.policy.decisions.causes.get(day), is_exact=True)
        elif live:
            way.to(live.wanted(asset), f"{asset} ordered live only", by=books.policy.decisions.causes.get(day))
        if live:
            way.arrive(live, live_quantity)
        pairs.append(
            OrderPair(
                asset=asset,
                day=day,
                ours=ours,
                theirs=theirs,
                quantity=quantity,
                live_quantity=live_quantity,
                planned=way.amounts,
            )
        )
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizing:
    """A change of targets, and the account that was to be brought to them.

    Attributes:
        evening: by whose closes and account it is sized; closes: as they were seen then.
        plan: what comes of it on lot steps and above minimum notionals.
    """

    step: Step
    evening: Evening
    closes: Mapping[str, float]
    costs: Costs
    plan: Plan

    def wanted(self, asset: str, closes: Mapping[str, float] | None = None) -> float:
        """Give a quantity before it is rounded, also at other closes."""
        closes, ledger = closes or self.closes, self.evening.ledger
        equity, held = _equity(ledger, closes), float(ledger.quantity(asset))
        return _wanted(self.step.decided.targets.get(asset), equity, held, closes[asset], self.costs)

    def rounded(self, asset: str) -> float:
        """Give the quantity that is planned of it."""
        return signed(order for order in (*self.plan.sells, *self.plan.buys) if order.asset == asset)


def _sizing(books: Books, step: Step, evening: Evening, planner: Planner) -> _Sizing:
    ledger, day, targets = evening.ledger, evening.decided.day, step.decided.targets
    seen = closes_seen(evening, books.closes(day))
    priced = {asset: weight for asset, weight in targets.items() if seen.get(asset)}
    plan = planner.plan(priced, ledger=ledger, closes=seen, day=day, reason=step.decided.reason)
    closes = {asset: float(close) for asset, close in seen.items()}
    return _Sizing(step=step, evening=evening, closes=closes, costs=planner.costs, plan=plan)


@dataclass(slots=True, kw_only=True)
class _Way:
    """Leads from the order of one run to that of the other; each link is worth what lies between two quantities."""

    books: Books
    asset: str
    day: date
    here: float
    noise: float = 0.0
    amounts: Amounts = field(default_factory=dict)

    def to(
        self,
        quantity: float,
        what: str,
        cause: Cause | None = None,
        *,
        by: Difference | None = None,
        is_exact: bool = False,
    ) -> None:
        # Noise is carried on to the next link that is exact: the amounts add up.
        if abs(quantity - self.here) > (0.0 if is_exact else self.noise):
            origin = by or self.books.found(self.day, "order", cause, what)
            add(self.amounts, origin, self.here - quantity)
            self.here = quantity

    def leave(self, ours: _Sizing) -> None:
        """Lead from the backtest's order to what it wanted, and to what the live account wants by the same targets."""
        asset, wanted = self.asset, ours.wanted(self.asset)
        words = f"{asset}: ordered {abs(self.here):.8g} in the backtest, its account asks for {abs(wanted):.8g}"
        self.to(ours.rounded(asset), words, is_exact=True)
        self._round_to(wanted)
        equity, close = _equity(ours.evening.ledger, ours.closes), ours.closes[asset]
        self.noise = NOISE * equity / close if close else 0.0
        weight = ours.step.decided.targets.get(asset)
        worth = self.books.gaps.order(asset, weight=weight, closes=ours.closes, unit=1.0)
        total = sum(worth.values())
        slope = -1.0
        if weight is not None and abs(total) > NOISE * equity:
            # The slope changes where a sale becomes a buy; between the two it is this.
            slope = (wanted - self._so_far(ours, weight, ours.costs)) / total
        elif weight is not None:
            slope = _wanted(1.0, 1.0 if wanted > 0 else -1.0, 0.0, close, ours.costs) * (1 if wanted > 0 else -1)
        for origin, amount in worth.items():
            add(self.amounts, origin, amount * slope)
        self.here -= total * slope

    def cross(self, ours: _Sizing, theirs: _Sizing) -> None:
        """Lead from what the live account wants by the backtest's rules to what it wants by its own."""
        asset, live_day = self.asset, theirs.evening.decided.day
        decision = self.books.policy.decisions.causes.get(self.day)
        weight = theirs.step.decided.targets.get(asset)
        self.to(self._so_far(ours, weight, ours.costs), f"{asset} to another weight", by=decision)
        self.to(self._so_far(ours, weight, theirs.costs), f"{asset} sized by other costs", Cause.CONFIGURATION)
        # Whatever still waited was cancelled when these were planned: nothing is under way.
        self.to(theirs.wanted(asset, ours.closes), f"{asset} sized by another account than its fills come to")
        days = (live_day - self.day).days
        late = f"{theirs.step.decided.reason}: {asset} sized on {live_day}, {days} days late"
        self.to(theirs.wanted(asset, self.books.closes(live_day)), late, Cause.TIMING)

    def arrive(self, theirs: _Sizing, ordered: float) -> None:
        """Lead from what the live account wants, at today's closes of the day on which it sized, to its order."""
        decided, wanted = theirs.evening.decided, theirs.wanted(self.asset)
        revised = self.books.revised.get(decided.day, {})
        crumbs = ", ".join(asset for asset in theirs.evening.ledger.positions if asset not in decided.closes)
        words = f"{self.asset}: ordered {abs(ordered):.8g} live, its account asks for {abs(wanted):.8g}"
        seen = (f"{crumbs}: too little to be sold, and marked otherwise", Cause.REVISION) if crumbs else (words, None)
        self.to(wanted, *seen, by=revised.get(self.asset) or next(iter(revised.values()), None))
        self._round_to(theirs.rounded(self.asset))
        self.to(ordered, words, by=next(iter(self.books.policy.faults.get((self.day, ""), ())), None), is_exact=True)

    def _round_to(self, quantity: float) -> None:
        words = f"{self.asset} rounded to lot step and minimum notional"
        self.to(quantity, words, Cause.FILTERS, is_exact=True)

    def _so_far(self, ours: _Sizing, weight: float | None, costs: Costs) -> float:
        """Give what the live account wants as far as the gaps go: the backtest's less all of them."""
        gaps, ledger, closes = self.books.gaps, ours.evening.ledger, ours.closes
        equity = _equity(ledger, closes) - sum(gaps.equity(closes).values())
        held = float(ledger.quantity(self.asset)) - gaps.quantity(self.asset)
        return _wanted(weight, equity, held, closes[self.asset], costs)


def closes_seen(evening: Evening, today: Mapping[str, float]) -> dict[str, Decimal]:
    """Give the closes that a decision saw, as far as they are on record, and today's for the others.

    Those of crumbs are not on record; what crumbs were worth together is, in the equity.
    """
    ledger, decided = evening.ledger, evening.decided
    seen = {asset: decimal_of(close) for asset, close in today.items()} | dict(decided.closes)
    crumbs = [asset for asset in ledger.positions if asset not in decided.closes and seen[asset]]
    if decided.closes and crumbs:
        with sizing():
            at_today = {asset: held * seen[asset] for asset, held in ledger.positions.items()}
            worth = sum((at_today[asset] for asset in crumbs), ZERO)
            left = worth + decided.equity - ledger.cash - sum(at_today.values(), ZERO)
            # Beyond a tenth of what they are worth today it would be something else than another close.
            if left != worth and abs(left - worth) <= worth * CRUMBS_BEYOND:
                seen.update({asset: seen[asset] * left / worth for asset in crumbs})
    return seen


def _wanted(weight: float | None, equity: float, held: float, close: float, costs: Costs) -> float:
    """Size an order as the planner does, before rounding; a sale is below 0."""
    if weight is None or not close:
        return -held if weight is None else 0.0
    worth = weight * equity - held * close
    return worth / (close * (1 + float(costs.commission + costs.slippage))) if worth > 0 else worth / close


def _equity(ledger: Ledger, closes: Mapping[str, float]) -> float:
    return float(ledger.cash) + sum(float(held) * closes[asset] for asset, held in ledger.positions.items())
