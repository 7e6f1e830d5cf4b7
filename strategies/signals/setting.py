"""What the rules of the rotation share: its markets, and the keys that stand beside them."""

from dataclasses import dataclass, field

from engine.core.rule import Setting
from strategies.signals.breakout import BreakoutParams


@dataclass(frozen=True, kw_only=True)
class RotationSetting(Setting):
    """The setting of a rule of the rotation.

    Attributes:
        breakout, min_history_days: as in the configuration.
    """

    breakout: BreakoutParams = field(default_factory=BreakoutParams)
    min_history_days: int = 30
