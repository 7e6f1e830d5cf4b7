"""The facts of a day as the rotation observes them, made by hand."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from strategies.rotation import RotationFacts
from strategies.rules.basket_tradable import Tradable
from strategies.signals.days import BreakoutFacts, WeekFacts

# A Wednesday; the last session is that day's, the last complete week ended on the Sunday before.
DAY = date(2024, 5, 15)
LAST_SUNDAY = date(2024, 5, 12)
IN_BREAKOUT: Mapping[str, Any] = {"in_breakout": True, "support": 2000.0, "breakout_session": date(2024, 5, 10)}
CROSSED: Mapping[str, Any] = {"above_signal": True, "cross_week": LAST_SUNDAY}


def facts(**known: Any) -> RotationFacts:
    """Give the facts of a day on which nothing speaks for an entry, but for what is told.

    Where a breakout and a cross are told, they are in force; `in_force` and `in_time` say otherwise.
    """
    told: dict[str, Any] = {
        "day": DAY, "session": DAY, "close": 2100.0, "ceiling": 2200.0, "in_breakout": False, "support": None,
        "breakout_session": None, "loss_session": None, "run_length": 0, "run_level": None, "week": LAST_SUNDAY,
        "macd": 1.0, "signal": 2.0, "above_signal": False, "cross_week": None, "tradable": ("ETH", "SOL"),
        "confirmations": (), **known,
    }  # fmt: skip
    breakout = BreakoutFacts(
        **{name: told[name] for name in (
            "session", "close", "ceiling", "in_breakout", "support", "breakout_session", "loss_session", "run_length",
            "run_level",
        )},
        in_force=told.get("in_force", told["in_breakout"]),
        since=DAY,
        lost_support=None if told["loss_session"] is None else 2150.0,
    )  # fmt: skip
    macd = WeekFacts(
        **{name: told[name] for name in ("week", "macd", "signal", "above_signal", "cross_week")},
        above_since=DAY,
        in_time=told.get("in_time", told["above_signal"] and told["cross_week"] is not None),
        since=DAY,
    )
    tradable = Tradable(assets=told["tradable"], since=DAY)
    return RotationFacts(
        day=told["day"],
        breakout=breakout,
        macd=macd,
        tradable=tradable.assets,
        entry=(breakout, macd, *told["confirmations"], tradable),
        exits=(breakout, told["day"]),
    )
