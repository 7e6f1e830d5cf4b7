"""The kill switch: equity has fallen too far from its highest, so all is sold, and nothing trades until it is re-armed.

It outranks whatever a strategy decides, and knows none: it looks at equity, open positions at the closes included.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from engine.core.columns import is_met, rounded_value
from engine.core.strategy import AnyStrategy, Decision, LeavesForCash

KILL_SWITCH = "kill_switch"
"""The reason on record of the day on which it acts, and the section of the evidence while it holds."""


def judged(
    decision: Decision[Any],
    *,
    strategy: AnyStrategy,
    before: Any,
    day: date,
    equity: Decimal,
    highest: Decimal | None,
    killed_on: date | None,
    limit: float | None,
) -> tuple[Decision[Any], bool]:
    """Give what stands of a strategy's decision, and whether the kill switch holds after it.

    Args:
        before: the strategy's state before that decision.
        equity: at the day's closes; highest: of the run's decisions before, None before any.
        killed_on: the day on which it acted that holds now.
        limit: `risk.max_drawdown`.
    """
    if killed_on is not None:
        return replace(_since(decision, killed_on), state=before, reason="hold", targets={}, trade=False), True
    if limit is None or not is_met(fall_of(equity, highest), ">=", limit):
        return decision, False
    state = strategy.left_for_cash(before, day) if isinstance(strategy, LeavesForCash) else strategy.start()
    return replace(_since(decision, day), state=state, reason=KILL_SWITCH, targets={}, trade=True), True


def fall_of(equity: Decimal, highest: Decimal | None) -> float:
    """Give how far equity is below its highest, its own included, rounded as whatever is compared with a threshold."""
    peak = max(highest or equity, equity)
    return rounded_value(1 - float(equity / peak)) if peak else 0.0


def _since(decision: Decision[Any], day: date) -> Decision[Any]:
    return replace(decision, evidence={**decision.evidence, KILL_SWITCH: {"since": day}})
