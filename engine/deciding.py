"""One day's decision as it goes on record: from where a session stands, the day's facts and its closes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.calendar import decision_instant
from engine.core.events import DayDecided
from engine.core.market import History
from engine.core.marks import closes_at, days_of_older
from engine.core.planner import Planner
from engine.core.strategy import CASH, AnyStrategy, Decision, Observations, StrategyState
from engine.core.valuation import HeldAtClose
from engine.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """By what days are decided.

    Attributes:
        sell_wait_days: calendar days for which buys wait for a sell that was tried and not wholly executed.
        max_drawdown: fall of the equity from its highest, as a fraction, at which the kill switch acts; None: never.
    """

    strategy: AnyStrategy
    planner: Planner
    sell_wait_days: int
    max_drawdown: float | None

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
        stuck = standing.orders.stuck(decision_instant(day), self.sell_wait_days)
        decision: Decision[StrategyState] = self.strategy.decide(
            standing.state,
            observations.at(day),
            HeldAtClose(
                ledger=standing.ledger,
                closes=held,
                equity=equity,
                orders_waiting=standing.orders.holds_back(stuck),
                entries_allowed=entries_allowed,
                stuck=tuple(stuck),
                delisted=standing.untargeted,
                before=standing.rotation,
            ),
        )
        decision, is_killed = self._judged(decision, standing, day, equity)
        gone = _gone(standing, history, day, trades=decision.trade)
        targets = {asset: weight for asset, weight in decision.targets.items() if asset not in gone}
        others = [asset for asset in (core, *targets) if asset not in held]
        closes = {**held, **closes_at(others, day, history, standing.marks)}
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


def _gone(standing: Standing, history: History, day: date, *, trades: bool) -> Collection[str]:
    """Give the assets whose targets are 0 because they were sold as delisted.

    A change of targets may name one again that has had a bar since.
    """
    untargeted = standing.untargeted
    if not trades:
        return untargeted
    return [asset for asset in untargeted if history[asset].close_day_at(day) == standing.delisted[asset].last_bar]
