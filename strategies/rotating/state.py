"""What the rotation remembers between days."""

from dataclasses import dataclass, field
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
        return self.regime.value
