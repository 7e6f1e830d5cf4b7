"""The orders of one change of targets in two runs: by how much they differ, and why.

The quantity of an order is worked out anew from one run to the other, one difference after the other: what the accounts
held, the targets, the costs set aside, the day on which it was sized, the closes seen then; each step is a difference's
share, and what is left is rounding, which may not be more than the rules can round away.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.order import Side
from engine.research.attribution import AccountGaps, Cause, add
from engine.research.episodes import Episode, Evening
from engine.research.findings import Finding

NOISE = 1e-9
"""Relative; sizing in floats and in decimals agree within it."""


class FindingOf(Protocol):
    """Puts a difference on the list."""

    def __call__(self, day: date, kind: str, cause: Cause, what: str) -> Finding:
        """Give the finding."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGap:
    """Signed quantities planned of one asset, a sale below 0, and their difference in amounts that add up to it."""

    quantity: float
    live_quantity: float
    amounts: dict[Finding, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSizer:
    """Attributes the differences between orders.

    Attributes:
        gaps: between the accounts so far.
        closes: today's, by day.
        costs, live_costs: what a buy sets aside in each run; of the live one at a place of its journal.
        least_notional: by asset; an order below is not sent. lot_steps: of the live run's orders, by asset.
        revised: by day, the closes that the live run saw otherwise.
        decisions: the finding that each differing decision goes back to.
    """

    gaps: AccountGaps[Finding]
    closes: Callable[[date], Mapping[str, float]]
    costs: Costs
    live_costs: Callable[[int], Costs]
    least_notional: Mapping[str, Decimal]
    lot_steps: Mapping[str, Decimal]
    revised: Mapping[date, Mapping[str, Finding]]
    decisions: Mapping[date, Finding]
    found: FindingOf

    def gap(self, asset: str, ours: Episode | None, theirs: Episode | None) -> OrderGap:
        """Attribute the difference in one asset; at least one run changed its targets."""
        quantity, live_quantity = _planned(ours, asset), _planned(theirs, asset)
        amounts: dict[Finding, float] = {}
        if ours is None or ours.sized is None:
            self._alone(amounts, asset, theirs, live_quantity)
        elif theirs is None or theirs.sized is None:
            self._missing(amounts, asset, ours, ours.sized, theirs)
        else:
            self._both(amounts, asset, ours, ours.sized, theirs, theirs.sized)
        return OrderGap(quantity=quantity, live_quantity=live_quantity, amounts=amounts)

    def _alone(self, amounts: dict[Finding, float], asset: str, theirs: Episode | None, quantity: float) -> None:
        if theirs is not None:
            day = theirs.decided.day
            add(amounts, self._decision(day, f"{asset} ordered live only"), -quantity)

    def _missing(
        self, amounts: dict[Finding, float], asset: str, ours: Episode, sized: Evening, theirs: Episode | None
    ) -> None:
        day = ours.decided.day
        virtual = self._by_account(amounts, asset, sized)
        if theirs is not None:
            words = f"{ours.decided.reason}: decided late, {asset} not ordered before the targets changed again"
            finding = self.found(day, "order", Cause.TIMING, words)
        else:
            finding = self._decision(day, f"{asset} not ordered live")
        add(amounts, finding, virtual)
        self._rounding(amounts, asset, ours, virtual=self._ideal(asset, sized, sized.ledger, self.costs))

    def _both(
        self,
        amounts: dict[Finding, float],
        asset: str,
        ours: Episode,
        sized: Evening,
        theirs: Episode,
        live_sized: Evening,
    ) -> None:
        day, live_day = ours.decided.day, live_sized.decided.day
        live_costs = self.live_costs(live_sized.place)
        by_account = self._by_account(amounts, asset, sized)
        closes = self.closes(day)
        weight = theirs.decided.targets.get(asset)
        equity, held = self._virtual(asset, sized, closes)
        retargeted = _sized(weight, equity, held, closes[asset], self.costs)
        costed = _sized(weight, equity, held, closes[asset], live_costs)
        # What the live run really had, at today's closes of the day on which it sized.
        on_its_day = self._ideal_at(asset, weight, live_sized.ledger, self.closes(live_day), live_costs)
        seen = {**self.closes(live_day), **{name: float(close) for name, close in live_sized.decided.closes.items()}}
        as_seen = self._ideal_at(asset, weight, live_sized.ledger, seen, live_costs)
        if by_account != retargeted:
            add(amounts, self._decision(day, f"{asset} to another weight"), by_account - retargeted)
        if retargeted != costed:
            finding = self.found(day, "order", Cause.CONFIGURATION, f"{asset} sized by other costs")
            add(amounts, finding, retargeted - costed)
        scale = max(abs(costed), abs(on_its_day))
        if abs(costed - on_its_day) > NOISE * scale:
            add(amounts, self._sized_otherwise(asset, ours, theirs, live_day), costed - on_its_day)
        else:
            on_its_day = costed
        revised = self.revised.get(live_day, {})
        if revised:
            finding = revised.get(asset) or next(iter(revised.values()))
            add(amounts, finding, on_its_day - as_seen)
        else:
            as_seen = on_its_day
        self._rounding(amounts, asset, ours, virtual=self._ideal(asset, sized, sized.ledger, self.costs))
        self._rounding(amounts, asset, theirs, virtual=as_seen, is_live=True)

    def _sized_otherwise(self, asset: str, ours: Episode, theirs: Episode, live_day: date) -> Finding:
        day = ours.decided.day
        if live_day != day:
            words = f"{theirs.decided.reason}: {asset} sized on {live_day}, {(live_day - day).days} days late"
            return self.found(day, "order", Cause.TIMING, words)
        return self.found(day, "order", Cause.TIMING, f"{asset} sized while earlier orders were not executed")

    def _by_account(self, amounts: dict[Finding, float], asset: str, sized: Evening) -> float:
        """Carry the gaps so far into the order; give what the live account would have ordered by the same targets."""
        day = sized.decided.day
        closes = self.closes(day)
        weight = sized.decided.targets.get(asset)
        ideal = self._ideal(asset, sized, sized.ledger, self.costs)
        virtual = _sized(weight, *self._virtual(asset, sized, closes), closes[asset], self.costs)
        if weight is None:
            for finding, amount in self.gaps.order(asset, weight=None, closes=closes, unit=1.0).items():
                add(amounts, finding, -amount)
            return virtual
        worth = self.gaps.order(asset, weight=weight, closes=closes, unit=1.0)
        total = sum(worth.values())
        # The slope changes where a sale becomes a buy; between the two it is this.
        slope = (ideal - virtual) / total if total else 0.0
        for finding, amount in worth.items():
            add(amounts, finding, amount * slope)
        return virtual

    def _virtual(self, asset: str, sized: Evening, closes: Mapping[str, float]) -> tuple[float, float]:
        """Give equity and holding of the live account as far as the gaps go."""
        equity = _equity(sized.ledger, closes) - sum(self.gaps.equity(closes).values())
        held = float(sized.ledger.quantity(asset)) - sum(self.gaps.held.get(asset, {}).values())
        return equity, held

    def _ideal(self, asset: str, sized: Evening, ledger: Ledger, costs: Costs) -> float:
        weight = sized.decided.targets.get(asset)
        return self._ideal_at(asset, weight, ledger, self.closes(sized.decided.day), costs)

    def _ideal_at(
        self, asset: str, weight: float | None, ledger: Ledger, closes: Mapping[str, float], costs: Costs
    ) -> float:
        return _sized(weight, _equity(ledger, closes), float(ledger.quantity(asset)), closes[asset], costs)

    def _rounding(
        self, amounts: dict[Finding, float], asset: str, episode: Episode, *, virtual: float, is_live: bool = False
    ) -> None:
        """Count what rounding cut off an order; the planner of the live run is held to what rounding can do."""
        day, planned = episode.decided.day, _planned(episode, asset)
        cut = virtual - planned
        sign = 1 if is_live else -1
        filters = self.found(day, "order", Cause.FILTERS, f"{asset} rounded to lot step and minimum notional")
        allowed = cut
        if is_live:
            most = self._most_cut(episode, asset) + NOISE * abs(virtual)
            # Rounding takes away and never adds.
            towards = 1 if virtual > 0 else -1
            allowed = towards * min(max(cut * towards, -NOISE * abs(virtual)), most)
        add(amounts, filters, sign * allowed)
        if abs(cut - allowed) > NOISE * max(abs(virtual), abs(planned)):
            words = f"{asset}: ordered {abs(planned):.8g} live, its account asks for {abs(virtual):.8g}"
            finding = self.found(day, "order", Cause.UNEXPLAINED, words)
            add(amounts, finding, sign * (cut - allowed))
        else:
            add(amounts, filters, sign * (cut - allowed))

    def _most_cut(self, episode: Episode, asset: str) -> float:
        """Give what lot step and minimum notional may take away."""
        step = float(self.lot_steps.get(asset, 0))
        if asset not in episode.skipped:
            return step if any(order.asset == asset for order in episode.planned) else 0.0
        skipped = float(episode.skipped[asset])
        sized = episode.sized.decided if episode.sized else episode.decided
        close = float(sized.closes.get(asset, 0)) or self.closes(sized.day)[asset]
        # Where no order tells the step: it is worth less than what may be ordered at all.
        least = float(self.least_notional.get(asset, 0)) / (close or 1.0)
        return skipped + max(step, 0.0 if skipped and step else least)

    def _decision(self, day: date, what: str) -> Finding:
        return self.decisions.get(day) or self.found(day, "order", Cause.UNEXPLAINED, what)


def _planned(episode: Episode | None, asset: str) -> float:
    if episode is None:
        return 0.0
    mine = [order for order in episode.planned if order.asset == asset]
    return float(sum((order.quantity if order.side is Side.BUY else -order.quantity) for order in mine))


def _sized(weight: float | None, equity: float, held: float, close: float, costs: Costs) -> float:
    """Size an order as the planner does, before rounding; a sale is below 0."""
    if weight is None:
        return -held
    worth = weight * equity - held * close
    if not close:
        return 0.0
    return worth / (close * (1 + float(costs.commission + costs.slippage))) if worth > 0 else worth / close


def _equity(ledger: Ledger, closes: Mapping[str, float]) -> float:
    return float(ledger.cash) + sum(float(held) * closes[asset] for asset, held in ledger.positions.items())


def lot_steps(episodes: Iterable[Episode]) -> dict[str, Decimal]:
    """Give, by asset, the coarsest power of ten that all quantities ordered are multiples of.

    The venue's rules of then are not on record; its lot step is this or finer.
    """
    steps: dict[str, Decimal] = {}
    for order in (order for episode in episodes for order in episode.planned):
        exponent = order.quantity.normalize().as_tuple().exponent
        step = Decimal(1).scaleb(int(exponent))
        steps[order.asset] = min(step, steps.get(order.asset, step))
    return steps
