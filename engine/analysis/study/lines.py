"""What a series says on any day: the last value dated on or before it, as columns over days.

Prices are log prices; a day before a file's first row or past its last has none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.core.calendar import Ordinals
from engine.core.market import BarSeries, Floats

LEAST_BARS_BEFORE = 30
"""A coin takes part in the typical alt once it has so many bars before a day."""
LEAST_COINS = 3
RATIO = "/"


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """Dated values.

    Attributes:
        ordinals: ascending, unique; values: of the same length.
        slack: for so many days after its last row it still says what that said.
    """

    ordinals: Ordinals
    values: Floats
    slack: int = 0

    def __len__(self) -> int:
        return len(self.ordinals)

    @property
    def first(self) -> int:
        """The ordinal of the first value.

        Raises:
            IndexError: there is none.
        """
        return int(self.ordinals[0])

    @property
    def last(self) -> int:
        """The ordinal of the last value.

        Raises:
            IndexError: there is none.
        """
        return int(self.ordinals[-1])

    def at(self, days: Ordinals) -> Floats:
        """Give the last value dated on or before each day; NaN where there is none."""
        if not len(self):
            return np.full(len(days), np.nan)
        at = np.searchsorted(self.ordinals, days, side="right") - 1
        is_there = (at >= 0) & (days <= self.last + self.slack)
        found: Floats = np.where(is_there, self.values[np.maximum(at, 0)], np.nan)
        return found


def up_to(line: Line, end: int) -> Line:
    """Give the values that are dated up to a day."""
    stop = int(np.searchsorted(line.ordinals, end, side="right"))
    return Line(ordinals=line.ordinals[:stop], values=line.values[:stop], slack=line.slack)


def log_closes(ordinals: Ordinals, closes: Floats) -> Line:
    """Give closes as a line of log prices; rows without a positive close are left out."""
    kept = closes > 0
    return Line(ordinals=ordinals[kept], values=np.log(closes[kept]))


class Prices:
    """Log prices by name; `ETH/BTC` is a ratio.

    Args:
        lines: by name.
    """

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._lines = lines

    def __contains__(self, name: str) -> bool:
        return all(part in self._lines for part in name.split(RATIO))

    def __getitem__(self, name: str) -> Line:
        return self._lines[name]

    def at(self, name: str, days: Ordinals) -> Floats:
        """Give the log price on each day; NaN where it, or one side of the ratio, is not defined."""
        over, _, under = name.partition(RATIO)
        found = self._lines[over].at(days)
        return found - self._lines[under].at(days) if under else found

    def change(self, name: str, since: Ordinals, until: Ordinals) -> Floats:
        """Give the log return between days."""
        return self.at(name, until) - self.at(name, since)


def typical_alt(coins: Iterable[BarSeries], days: Ordinals) -> Line:
    """Give the log price of the typical alt: each day the mean of the coins' log returns.

    A coin takes part on a day when it has bars on it and on the day before, and `LEAST_BARS_BEFORE` before it;
    fewer than `LEAST_COINS` such coins make the day undefined. It is 1 on the day before the first defined
    day, and ends before the first undefined day after that.

    Args:
        days: consecutive.
    """
    total, count = np.zeros(len(days)), np.zeros(len(days), dtype=np.int64)
    for bars in coins:
        if not len(bars):
            continue
        at = np.searchsorted(bars.ordinals, days)
        on = np.minimum(at, len(bars) - 1)
        is_here = (bars.ordinals[on] == days) & (at >= max(1, LEAST_BARS_BEFORE))
        before = np.maximum(on - 1, 0)
        takes_part = is_here & (bars.ordinals[before] == days - 1)
        logs = np.log(bars.close)
        total[takes_part] += (logs[on] - logs[before])[takes_part]
        count += takes_part
    defined = np.flatnonzero(count >= LEAST_COINS)
    if not defined.size:
        return Line(ordinals=days[:0], values=np.array([], dtype=np.float64))
    first = int(defined[0])
    after = np.flatnonzero(count[first:] < LEAST_COINS)
    stop = first + int(after[0]) if after.size else len(days)
    returns = total[first:stop] / count[first:stop]
    return Line(
        ordinals=np.arange(int(days[first]) - 1, int(days[first]) + len(returns)),
        values=np.concatenate(([0.0], np.cumsum(returns))),
    )
