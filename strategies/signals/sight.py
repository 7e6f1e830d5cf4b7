"""What a system sees on each decision day: series by name, and why one of them could not be had.

Whatever a system asks for here is a part of it: where one part is not known, the system is not, and the first such part
gives the reason.
"""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.core.basket_index import BASKET, basket_index
from engine.core.columns import Column, Flags, Reason, Sign, column, compare_all
from engine.core.market import BarSeries, Floats, History
from engine.core.reading import Reading
from engine.core.rule import ParamsT, Setting, System
from engine.core.series import ValueSeries, ratio
from engine.core.series_columns import (
    changes_over_weeks,
    last_n,
    last_positions,
    monthly_values,
    rounded,
    weekly_values,
)
from strategies.signals.days import DailyBreakout
from strategies.signals.known import NOTHING, last_known
from strategies.signals.setting import RotationSetting

CORE, INDEX = "BTC", "RUT"
"""In the names of series these stand for the core and the index of the strategy, whichever they are."""
NO_DIVISOR = "a mean or a deviation by which it is divided is 0"


def market_of(name: str, setting: Setting) -> str:
    """Give the name of a series as history has it."""
    return {CORE: setting.core, INDEX: setting.index}.get(name, name)


class Sight:
    """One history, as one system looks at it; arrays have one row a decision day.

    Attributes:
        history: all that is known.
        core: bars of the core; days: their ordinals, the decision days.
    """

    def __init__(self, history: History, setting: RotationSetting) -> None:
        self.history, self.setting = history, setting
        self.core = history[setting.core]
        self.days = self.core.ordinals
        self._parts: list[tuple[Flags, Reason]] = []

    def basket(self) -> Sequence[BarSeries]:
        """Give the bars of the basket's coins, the core left out; without one of them the system is unknown."""
        coins = (self.bars(asset) for asset in self.setting.basket if asset != self.setting.core)
        return [coin for coin in coins if coin is not None]

    def bars(self, name: str) -> BarSeries | None:
        """Give the bars of a market; None where they could not be had, which makes the system unknown."""
        name = market_of(name, self.setting)
        if name in self.history.absent:
            self.require(np.zeros(len(self.days), dtype=np.bool_), self._absence(name))
            return None
        return self.history[name]

    def series(self, name: str) -> ValueSeries:
        """Give a series, the basket's index among them; what it lacks is said when it is asked."""
        if name == BASKET:
            return basket_index(self.basket(), min_history_days=self.setting.min_history_days)
        return self.history.values_of(market_of(name, self.setting))

    def ratio(self, over: str, under: str) -> ValueSeries:
        """Give one series over another."""
        return ratio(self.series(over), self.series(under))

    def last(self, series: ValueSeries) -> Floats:
        """Give the last value on each day."""
        return self.last_n(series, 1)[:, 0]

    def last_positions(self, series: ValueSeries) -> NDArray[np.int64]:
        """Give the position of the last value on each day; `NOTHING` before the first."""
        self.last(series)
        return last_positions(series, self.days)

    def positions_on(self, series: ValueSeries) -> NDArray[np.int64]:
        """Give the position of the value of each day itself; `NOTHING` on a day without."""
        positions = last_positions(series, self.days)
        there = last_known(series.ordinals.astype(np.float64), positions) == self.days
        self.require(there, self._why(series, "it has no value of the day"))
        return np.where(there, positions, NOTHING)

    def last_n(self, series: ValueSeries, count: int) -> Floats:
        """Give the latest values of each day, the last one last, shape (days, count)."""
        return self._asked(series, last_n(series, self.days, count), f"{count} values are wanted, and there are fewer")

    def weekly(self, series: ValueSeries, weeks: int) -> Floats:
        """Give the values of the latest complete weeks, shape (days, weeks)."""
        return self._asked(series, weekly_values(series, self.days, weeks), f"{weeks} weeks are wanted{_GAP}")

    def monthly(self, series: ValueSeries, months: int) -> Floats:
        """Give the values of the latest complete months, shape (days, months)."""
        return self._asked(series, monthly_values(series, self.days, months), f"{months} months are wanted{_GAP}")

    def change(self, series: ValueSeries, weeks: int) -> Floats:
        """Give the last value less that of so many weeks before its date."""
        rows = changes_over_weeks(series, self.days, weeks)[:, np.newaxis]
        return self._asked(series, rows, f"there is none of {weeks} weeks before the last one")[:, 0]

    def breakout(self) -> DailyBreakout:
        """Give the breakout of the index, which is not known where its last session is not."""
        self.last(self.series(INDEX))
        return self.setting.daily_breakout.of(self.history)

    def require(self, known: Flags, reason: Reason) -> None:
        """Make the system unknown on the other days."""
        self._parts.append((known, reason))

    def require_of(self, series: ValueSeries, known: Flags, words: str) -> None:
        """Likewise, for want of something of a series."""
        self.require(known, self._why(series, words))

    def compared(self, value: Floats, sign: Sign, threshold: float, *, also: Flags | None = None) -> Column:
        """Make a column that holds where a value compares as wanted, and `also` holds; NaN is not known."""
        self.require(~np.isnan(value), NO_DIVISOR)
        holds = compare_all(value, sign, threshold)
        return self.column(holds if also is None else holds & also, value, sign, threshold)

    def column(
        self, holds: Flags, value: Floats | None = None, sign: Sign = ">", threshold: float | None = None
    ) -> Column:
        """Make a column; a value that is NaN is none."""
        known: Flags = np.all([part for part, _ in self._parts], axis=0) if self._parts else np.ones_like(holds)
        return column(
            self.core,
            holds=holds,
            known=known,
            # Adding 0.0 makes zeros alike: what is rounded up to zero would have a sign.
            value=None if value is None else np.where(known, rounded(value) + 0.0, np.nan),
            threshold=threshold,
            sign=sign,
            reason=self._reason,
        )

    def _asked(self, series: ValueSeries, rows: Floats, words: str) -> Floats:
        self.require(~np.isnan(rows[:, -1]), self._why(series, words))
        return rows

    def _reason(self, day: date) -> str:
        row = self.core.position_on(day)
        first = next(reason for known, reason in self._parts if row is not None and not known[row])
        return first if isinstance(first, str) else first(day)

    def _why(self, series: ValueSeries, words: str) -> Callable[[date], str]:
        def why(day: date) -> str:
            absent = [leg for leg in series.name.split("/") if leg in self.history.absent]
            if absent:
                return self._absence(absent[0])
            (position,) = last_positions(series, np.array([day.toordinal()])).tolist()
            if position == NOTHING:
                return f"no value of {series.name} is known yet"
            last = int(series.ordinals[position])
            if day.toordinal() - last > series.fresh_days:
                return f"the last value of {series.name} is of {date.fromordinal(last)}, which is stale"
            return f"{series.name}: {words}"

        return why

    def _absence(self, name: str) -> str:
        return f"{name} could not be had: {self.history.absent[name].removeprefix(f'{name}: ')}"


_GAP = ", each with a value"


class SightedSystem(System[ParamsT]):
    """Base of the systems: a column made of what is seen, and a sentence about a day."""

    setting: RotationSetting

    def observe(self, history: History) -> Column:
        """Make its column."""
        return self.column(Sight(history, self.setting))

    def column(self, sight: Sight) -> Column:
        """Make its column of what is seen."""
        raise NotImplementedError

    def says(self, reading: Reading) -> str:
        """Say what a known reading says, without since when."""
        raise NotImplementedError

    def sentence(self, reading: Reading) -> str:
        """Put a reading into words."""
        if reading.holds is None:
            return super().sentence(reading)
        remark = f" ({self.remark})" if self.remark else ""
        return f"{self.says(reading)}, since {reading.since}{remark}"
