"""What the rules of the rotation share: its markets, its signals, and the keys that stand beside them."""

from dataclasses import dataclass, field
from functools import cached_property

from pydantic import JsonValue

from engine.core.rule import Setting
from strategies.signals.breakout import BreakoutParams
from strategies.signals.days import DailyBreakout, DailyBreakouts, DailyMacd, DailyMacds, OncePerHistory
from strategies.signals.macd import MacdParams


@dataclass(frozen=True, kw_only=True)
class RotationSetting(Setting):
    """The setting of a rule of the rotation.

    Attributes:
        breakout, macd, hold_weeks, min_history_days, exits: as in the configuration.
    """

    breakout: BreakoutParams = field(default_factory=BreakoutParams)
    macd: MacdParams = field(default_factory=MacdParams)
    hold_weeks: int = 18
    min_history_days: int = 30
    exits: tuple[JsonValue, ...] = ()

    @cached_property
    def daily_breakout(self) -> OncePerHistory[DailyBreakout]:
        """The breakout by decision day, observed once for all rules."""
        return OncePerHistory(DailyBreakouts(self.breakout, core=self.core, index=self.index))

    @cached_property
    def daily_macd(self) -> OncePerHistory[DailyMacd]:
        """The weekly MACD by decision day, likewise."""
        return OncePerHistory(DailyMacds(self.macd, core=self.core))
