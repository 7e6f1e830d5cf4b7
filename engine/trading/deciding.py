"""One day's decision as it goes on record: from where a session stands, the day's facts and its closes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

from engine.core.calendar import decision_instant
from engine.core.events import DayDecided
from engine.core.market import History
from engine.core.marks import closes_at, days_of_older
from engine.core.planner import Planner
from engine.core.sizing import Sizing, Weights, sized_targets
from engine.core.strategy import CASH, AnyStrategy, Decision, Observations, StrategyState
from engine.core.valuation import HeldAtClose
from engine.trading.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """By what days are decided.

    Attributes:
        sell_wait_days: calendar days for which buys wait for a sell that was tried and not wholly executed.
        max_drawdown: fall of the equity from its highest, as a fraction, at which the kill switch acts; None: never.
        sizing: scales the targets of a change; None where nothing does.
    """

    strategy: AnyStrategy
    planner: Planner
    sell_wait_days: int
    max_drawdown: float | None
    sizing: Sizing | None = None

    def decide(
        self,
        standing: Standing,
        day: date,
        observations: Observations[object],
        history: History,
        *,
        entries_allowed: bool,
        plan_orders: bool,
    ) -> tuple[DayDecided, Mapping[str, Decimal], str | None]:
        """Decide one day.

        Args:
            standing: with what was booked at the day's close.
            observations, history, entries_allowed, plan_orders: as of `Session.decide`.

        Returns:
            The decision; the closes of all that is held or targeted; the reason of the change of targets that is to be
            planned for, of this day or of one that was missed, None where there is none.
        """
        core = self.strategy.universe.core
        held = closes_at(standing.ledger.positions, day, history, standing.marks)
        equity = standing.ledger.equity(held)
        orders = standing.orders
        stuck = orders.stuck(decision_instant(day), self.sell_wait_days) if orders.held_up_since else {}
        holdings = HeldAtClose(
            ledger=standing.ledger,
            closes=held,
            equity=equity,
            orders_waiting=orders.holds_back(stuck),
            entries_allowed=entries_allowed,
            stuck=tuple(stuck),
            delisted=standing.untargeted,
            before=standing.rotation,
            sizing=None if self.sizing is None else partial(self.sizing.sized, history=history, day=day),
        )
        decision: Decision[StrategyState] = self.strategy.decide(standing.state, observations.at(day), holdings)
        decision, is_killed = self._judged(decision, standing, day, equity)
        targets, wanted = _targets(decision, holdings, standing, gone=_gone(standing, history, day, decision))
        others = [asset for asset in (core, *targets) if asset not in held]
        closes = {**held, **closes_at(others, day, history, standing.marks)} if others else held
        dust = self.planner.crumbs(standing.ledger, held).difference(targets, (core,))
        reason = decision.reason if decision.trade else standing.unplanned
        decided = DayDecided(
            day=day,
            # Of a strategy that has no such state too.
            state=CASH if standing.killed_on or standing.rearmed else standing.state.name,
            next_state=CASH if is_killed else decision.state.name,
            reason=decision.reason,
            evidence=decision.evidence,
            rules=decision.rules,
            targets=targets,
            wanted=wanted,
            changed=decision.trade,
            equity=equity,
            cash=standing.ledger.cash,
            core_close=closes[core],
            memory=decision.state,
            closes={asset: close for asset, close in closes.items() if asset not in dust},
            planned=reason is not None and plan_orders,
            marked_on=days_of_older([asset for asset in held if asset not in dust], day, history, standing.marks),
            killed=is_killed,
        )
        return decided, closes, reason

    def _judged(
        self, decision: Decision[StrategyState], standing: Standing, day: date, equity: Decimal
    ) -> tuple[Decision[StrategyState], bool]:
        """Give what stands of a decision under the kill switch, and whether that holds after it."""
        if standing.killed_on is None and self.max_drawdown is None:
            return decision, False
        from engine.core.kill_switch import judged  # noqa: PLC0415 - most runs have none

        return judged(
            decision,
            strategy=self.strategy,
            before=standing.state,
            day=day,
            equity=equity,
            highest=standing.highest,
            killed_on=standing.killed_on,
            limit=self.max_drawdown,
        )


def _targets(
    decision: Decision[StrategyState], holdings: HeldAtClose, standing: Standing, *, gone: Collection[str]
) -> tuple[Weights, Weights | None]:
    """Give the targets that stand, and what the strategy wants where they are scaled; of what is gone none."""
    before, wanted = standing.targets, standing.wanted
    if gone:
        decision = replace(decision, targets=_without(decision.targets, gone))
        before, wanted = (None if each is None else _without(each, gone) for each in (before, wanted))
    return sized_targets(decision, holdings, standing=before, wanted=wanted)


def _gone(standing: Standing, history: History, day: date, decision: Decision[StrategyState]) -> Collection[str]:
    """Give the assets whose targets are 0 because they were sold as delisted.

    A change of targets may name one again that has had a bar since.
    """
    untargeted = standing.untargeted if standing.delisted else ()
    if not decision.trade:
        return untargeted
    return [asset for asset in untargeted if history[asset].close_day_at(day) == standing.delisted[asset].last_bar]


def _without(targets: Weights, assets: Collection[str]) -> Weights:
    return {asset: weight for asset, weight in targets.items() if asset not in assets}
