"""What the rules of the rotation share: its markets, its signals, and the keys that stand beside them."""

from dataclasses import dataclass

from engine.core.rule import Setting
from strategies.signals.breakout import BreakoutParams
from strategies.signals.days import DailyBreakout, DailyMacd, OncePerHistory
from strategies.signals.macd import MacdParams


@dataclass(frozen=True, kw_only=True)
class RotationSetting(Setting):
    """The setting of a rule of the rotation.

    Attributes:
        daily_breakout, daily_macd: observe a history, once for all rules.
        breakout, macd, hold_weeks, min_history_days: as in the configuration.
    """

    daily_breakout: OncePerHistory[DailyBreakout]
    daily_macd: OncePerHistory[DailyMacd]
    breakout: BreakoutParams
    macd: MacdParams
    hold_weeks: int
    min_history_days: int
