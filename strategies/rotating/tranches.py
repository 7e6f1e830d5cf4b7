"""A change of targets in parts, a week apart: from the targets in force to frozen ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.core.calendar import DAYS_A_WEEK
from strategies.rotating.state import RotationState, Targets, Tranche


def begun(
    state: RotationState, end: Targets, *, count: int, reason: str, day: date, assets: Sequence[str]
) -> RotationState:
    """Give the state after part 1.

    Args:
        state: with the targets that are in force.
        end: the final targets; they are frozen.
        count: of the parts; day: that is decided.
        assets: in trading order.
    """
    tranche = Tranche(reason=reason, decided=day, start=state.targets, end=end, count=count, done=0)
    return _after(state, tranche, 1, assets)


def next_part(tranche: Tranche, day: date) -> int | None:
    """Give the last part that is due on a day; None where no further one is."""
    due = min(1 + (day - tranche.decided).days // DAYS_A_WEEK, tranche.count)
    return due if due > tranche.done else None


def continued(state: RotationState, tranche: Tranche, day: date, assets: Sequence[str]) -> RotationState | None:
    """Give the state after the last part that is due; None where no further one is."""
    due = next_part(tranche, day)
    return None if due is None else _after(state, tranche, due, assets)


def _after(state: RotationState, tranche: Tranche, part: int, assets: Sequence[str]) -> RotationState:
    if part == tranche.count:
        return replace(state, targets=tranche.end, tranche=None)
    targets = _between(tranche, part, assets)
    return replace(state, targets=targets, tranche=replace(tranche, done=part))


def _between(tranche: Tranche, part: int, assets: Sequence[str]) -> Targets:
    start, end = dict(tranche.start), dict(tranche.end)
    weights = {
        asset: start.get(asset, 0.0) + (end.get(asset, 0.0) - start.get(asset, 0.0)) * part / tranche.count
        for asset in dict.fromkeys((*assets, *start, *end))
    }
    return tuple((asset, weight) for asset, weight in weights.items() if weight > 0)
