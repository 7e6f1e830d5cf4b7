"""The orders of one change of targets in two runs: by how much they differ, and why.

A quantity is led over from one run's order to the other's, one thing after the other: what the backtest's rounding took
away, what the accounts held, the targets, the costs set aside, orders that were still under way, the day on which it
was sized, the closes seen then, what the live run's rounding took away. Each quantity on the way is worked out by the
planner's rules; what the live run ordered beside the last of them is unexplained.

Worked example, where a sale becomes a buy: equity 10,000, ETH at 10, a target of 0.65, no costs. The backtest holds 660
ETH and sells 10. The live account lacks 20 of them and has their 200 in cash, all by one fee; it buys 10. Equity is the
same, so the gap is worth 0.65 * 0 - 20 * 10 = -200, and the orders differ by -10 - 10 = -20: a tenth of a coin for each
of it, below the border and above. With costs of 0.1 % it buys 9.99, and each counts for 19.99 / 200: the slope between
the two orders. However many differences make up the gap, each gets its part of the order by that one slope.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.money import ZERO, decimal_of, sizing
from engine.core.planner import Plan, Planner
from engine.research.differences import Cause, Difference, Found
from engine.research.gaps import AccountGaps, Amounts, add
from engine.research.policy import Pair, Policy
from engine.research.steps import Evening, Step

NOISE = 1e-9
"""Of the equity; sizing in floats and in decimals agree within it."""
CRUMBS_BEYOND = Decimal("0.1")
"""By how much of it what is too little to be sold may have been marked otherwise then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """A change of targets, and the account that was to be brought to them.

    Attributes:
        evening: by whose closes and account it is sized.
        closes: as they were seen then.
        plan: what comes of it on lot steps and above minimum notionals.
    """

    step: Step
    evening: Evening
    closes: Mapping[str, float]
    costs: Costs
    plan: Plan

    @property
    def day(self) -> date:
        """The day on which it was sized."""
        return self.evening.decided.day

    def wanted(self, asset: str, *, closes: Mapping[str, float] | None = None) -> float:
        """Give a quantity before it is rounded, also at other closes."""
        closes, held = closes or self.closes, float(self.evening.ledger.quantity(asset))
        weight = self.step.decided.targets.get(asset)
        return _wanted(weight, _equity(self.evening.ledger, closes), held, closes[asset], self.costs)

    def rounded(self, asset: str) -> float:
        """Give the quantity that is planned of it."""
        with sizing():
            sold = sum((order.quantity for order in self.plan.sells if order.asset == asset), ZERO)
            return float(sum((order.quantity for order in self.plan.buys if order.asset == asset), ZERO) - sold)


class _Way:
    """Leads from one quantity to another; each link is worth what lies between the two."""

    def __init__(self, start: float, noise: float) -> None:
        self._here = start
        self._noise = noise
        self.amounts: Amounts = {}

    def share(self, amounts: Mapping[Difference, float]) -> None:
        for origin, amount in amounts.items():
            add(self.amounts, origin, amount)
            self._here -= amount

    def to(self, quantity: float, origin: Callable[[], Difference], *, is_exact: bool = False) -> None:
        # Noise is carried on to the next link that is exact: the amounts add up.
        if abs(quantity - self._here) > (0.0 if is_exact else self._noise):
            add(self.amounts, origin(), self._here - quantity)
            self._here = quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSizer:
    """Attributes the differences between orders.

    Attributes:
        gaps: between the accounts so far.
        closes: today's, by day.
        planner: the backtest's.
        revised: by day, the closes that the live run saw otherwise.
        decisions: the difference that each day decided otherwise goes back to.
    """

    gaps: AccountGaps
    closes: Callable[[date], Mapping[str, float]]
    planner: Planner
    policy: Policy
    revised: Mapping[date, Mapping[str, Difference]]
    decisions: Mapping[date, Difference]
    found: Found

    def pairs(self, ours: Step | None, theirs: Step | None, *, under_way: bool) -> list[Pair]:
        """Attribute the differences of one change of targets by asset; at least one run has it.

        Args:
            under_way: whether earlier orders were executed after either run had sized these.
        """
        planned = [asset for step in (ours, theirs) if step for asset in step.assets]
        assets = [asset for asset in dict.fromkeys((*self.planner.trading_order, *planned)) if asset in planned]
        sized = ours and self._sizing(ours, ours.sized or ours.evening, self.planner)
        evening = theirs and self.policy.sized(theirs)
        live = self._sizing(theirs, evening, self.policy.planner(theirs)) if theirs and evening else None
        fault = self.policy.plan_fault(live.step, live.plan) if live else ""
        blamed = self.found(live.step.decided.day, "order", None, fault) if live and fault else None
        pairs = []
        for asset in assets:
            quantity, live_quantity = (step.planned_of(asset) if step else 0.0 for step in (ours, theirs))
            way = _Way(quantity, self._noise(asset, sized or live))
            if sized:
                self._leave(way, asset, sized)
            if sized and live:
                self._cross(way, asset, sized, live, under_way=under_way)
            elif sized:
                way.to(0.0, partial(self._not_ordered, asset, sized.step, is_late=theirs is not None))
            elif live:
                words = f"{asset} ordered live only"
                way.to(live.wanted(asset), partial(self._decided, live.step.decided.day, words))
            if live:
                self._arrive(way, asset, live, blamed)
            pairs.append(
                Pair(
                    asset=asset,
                    ours=ours,
                    theirs=theirs,
                    quantity=quantity,
                    live_quantity=live_quantity,
                    planned=way.amounts,
                )
            )
        return pairs

    def _leave(self, way: _Way, asset: str, ours: Sizing) -> None:
        """Lead from the backtest's order to what it wanted, and to what the live account wants by the same targets."""
        day, wanted = ours.day, ours.wanted(asset)
        words = f"{asset}: ordered {abs(ours.step.planned_of(asset)):.8g} in the backtest, its account asks for "
        way.to(ours.rounded(asset), partial(self.found, day, "order", None, f"{words}{abs(wanted):.8g}"), is_exact=True)
        way.to(wanted, partial(self._rounding, day, asset), is_exact=True)
        weight = ours.step.decided.targets.get(asset)
        worth = self.gaps.order(asset, weight=weight, closes=ours.closes, unit=1.0)
        total = sum(worth.values())
        # The slope changes where a sale becomes a buy; between the two it is this.
        by_all = self._so_far(asset, ours, weight, ours.costs)
        slope = (-1.0 if weight is None else (wanted - by_all) / total) if total else 0.0
        way.share({origin: amount * slope for origin, amount in worth.items()})

    def _cross(self, way: _Way, asset: str, ours: Sizing, theirs: Sizing, *, under_way: bool) -> None:
        """Lead from what the live account wants by the backtest's rules to what it wants by its own."""
        day, weight = ours.day, theirs.step.decided.targets.get(asset)
        found = partial(self.found, day, "order")
        way.to(self._so_far(asset, ours, weight, ours.costs), partial(self._decided, day, f"{asset} to another weight"))
        words = f"{asset} sized by other costs"
        way.to(self._so_far(asset, ours, weight, theirs.costs), partial(found, Cause.CONFIGURATION, words))
        if under_way:
            pending = partial(found, Cause.TIMING, f"{asset} sized while earlier orders were not executed")
        else:
            pending = partial(found, None, f"{asset} sized by another account than its fills come to")
        way.to(theirs.wanted(asset, closes=ours.closes), pending)
        if theirs.day != day:
            late = f"{theirs.step.decided.reason}: {asset} sized on {theirs.day}, {(theirs.day - day).days} days late"
            way.to(theirs.wanted(asset, closes=self.closes(theirs.day)), partial(found, Cause.TIMING, late))

    def _arrive(self, way: _Way, asset: str, theirs: Sizing, fault: Difference | None) -> None:
        """Lead from what the live account wants, at today's closes of the day on which it sized, to its order."""
        revised, wanted, day = self.revised.get(theirs.day, {}), theirs.wanted(asset), theirs.step.decided.day
        words = (
            f"{asset}: ordered {abs(theirs.step.planned_of(asset)):.8g} live, its account asks for {abs(wanted):.8g}"
        )
        beside = partial(self.found, day, "order", None, words)
        seen = revised.get(asset) or next(iter(revised.values()), None)
        way.to(wanted, lambda: seen or beside())
        way.to(theirs.rounded(asset), partial(self._rounding, day, asset), is_exact=True)
        way.to(theirs.step.planned_of(asset), lambda: fault or beside(), is_exact=True)

    def _sizing(self, step: Step, evening: Evening, planner: Planner) -> Sizing:
        ledger, decided = evening.ledger, evening.decided
        seen = closes_seen(evening, self.closes(decided.day))
        targets = {asset: weight for asset, weight in step.decided.targets.items() if seen.get(asset)}
        plan = planner.plan(targets, ledger=ledger, closes=seen, day=decided.day, reason=step.decided.reason)
        closes = {asset: float(close) for asset, close in seen.items()}
        return Sizing(step=step, evening=evening, closes=closes, costs=planner.costs, plan=plan)

    def _so_far(self, asset: str, ours: Sizing, weight: float | None, costs: Costs) -> float:
        """Give what the live account wants as far as the gaps go: the backtest's less all of them."""
        equity = _equity(ours.evening.ledger, ours.closes) - sum(self.gaps.equity(ours.closes).values())
        held = float(ours.evening.ledger.quantity(asset)) - self.gaps.quantity(asset)
        return _wanted(weight, equity, held, ours.closes[asset], costs)

    def _noise(self, asset: str, either: Sizing | None) -> float:
        close = either.closes[asset] if either else 0.0
        return NOISE * _equity(either.evening.ledger, either.closes) / close if either and close else NOISE

    def _not_ordered(self, asset: str, ours: Step, *, is_late: bool) -> Difference:
        day, reason = ours.decided.day, ours.decided.reason
        if is_late:
            words = f"{reason}: decided late, {asset} not ordered before the targets changed again"
            return self.found(day, "order", Cause.TIMING, words)
        return self._decided(day, f"{asset} not ordered live")

    def _rounding(self, day: date, asset: str) -> Difference:
        return self.found(day, "order", Cause.FILTERS, f"{asset} rounded to lot step and minimum notional")

    def _decided(self, day: date, what: str) -> Difference:
        return self.decisions.get(day) or self.found(day, "order", None, what)


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
