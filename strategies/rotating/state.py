"""What the rotation remembers between days."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from engine.core.strategy import LATE

Targets: TypeAlias = tuple[tuple[str, float], ...]
"""Weights of equity by asset, in trading order."""


class Regime(StrEnum):
    """The strategy's states."""

    CORE = "CORE"
    ROTATED = "ROTATED"
    CASH = "CASH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche:
    """A change of targets of which parts are not decided yet.

    Attributes:
        reason: of the change, and of each part; decided: the day of the first part.
        start: the targets that were in force then; end: the final ones, frozen then.
        count: of all parts; done: the number of the last one that was decided.
    """

    reason: str
    decided: date
    start: Targets
    end: Targets
    count: int
    done: int

    def without(self, assets: Collection[str]) -> "Tranche":
        """Give it with targets of 0 for assets, whose share stays cash."""
        return replace(self, start=_without(self.start, assets), end=_without(self.end, assets))


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationState:
    """What the strategy remembers.

    Attributes:
        started: whether the core has been bought.
        targets: the weights set at the last change, in trading order.
        entry_day, entry_session: of the rotation in being; None outside one.
        exit_day: of the last rotation; crosses up to it are spent.
        left_by: the exit that ended it; remembered where `reentry` asks for it.
        tranche: what is left of a change of targets in parts; None without any.
    """

    regime: Regime = Regime.CORE
    started: bool = False
    targets: Targets = ()
    entry_day: date | None = None
    entry_session: date | None = None
    exit_day: date | None = None
    left_by: str = field(default="", metadata=LATE)
    tranche: Tranche | None = field(default=None, metadata=LATE)

    @property
    def name(self) -> str:
        """The regime's name."""
        # As `value` gives it, without the three calls that this takes, twice a day.
        return self.regime._value_

    def without(self, delisted: Collection[str]) -> "RotationState":
        """Give the state without targets of what was sold as delisted, in parts to come too: its share stays cash."""
        if not delisted:
            return self
        tranche = None if self.tranche is None else self.tranche.without(delisted)
        left = replace(self, targets=_without(self.targets, delisted), tranche=tranche)
        # The same object where nothing goes: what is as it was is written once.
        return self if left == self else left


def _without(targets: Targets, assets: Collection[str]) -> Targets:
    return tuple((asset, weight) for asset, weight in targets if asset not in assets)
