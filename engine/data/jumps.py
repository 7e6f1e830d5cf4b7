"""Jumps of a price beyond what a market does: a ticker used again, a redenomination, a split that a vendor left out.

Nothing is mended: a jump is found and put into words; whether it ends a run is for the configuration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np

from engine.core.market import BarSeries

MOST_NAMED = 3
"""Jumps of one series that are put into words one by one."""

WHOLE_FROM = 100
"""A factor from here on is written without decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Two neighbouring closes of a series, whatever gap lies between, too far apart.

    Attributes:
        day: of the later close; before: of the earlier one.
        ratio: the later over the earlier.
        largest_move: how many times either way a market of its kind moves at most.
    """

    symbol: str
    day: date
    before: date
    ratio: float
    largest_move: float

    def __str__(self) -> str:
        times = f"{_number(self.ratio)} times" if self.ratio > 1 else f"1/{_number(1 / self.ratio)} of"
        return (
            f"{self.symbol}: jump of the price: the close of {self.day} is {times} that of {self.before}; no market "
            f"of its kind moves by more than {self.largest_move:g} times: something else under its name, or a new unit"
        )


def jumps_of(bars: BarSeries, *, largest_move: float, until: date) -> Sequence[Jump]:
    """Find the jumps of a series up to a day.

    Args:
        largest_move: a close that is more than so many times the one before, or less than one so-manyth of it, is one.
    """
    close = bars.close[bars.ordinals <= until.toordinal()]
    ratio = close[1:] / close[:-1]
    return [
        Jump(
            symbol=bars.symbol,
            day=bars.days[row + 1].item(),
            before=bars.days[row].item(),
            ratio=float(ratio[row]),
            largest_move=largest_move,
        )
        for row in np.flatnonzero((ratio > largest_move) | (ratio * largest_move < 1)).tolist()
    ]


def jump_words(jumps: Sequence[Jump]) -> Iterator[str]:
    """Put jumps into words, the first few of each series one by one and the others by their number.

    Args:
        jumps: those of a series in a row.
    """
    for symbol, group in groupby(jumps, key=lambda jump: jump.symbol):
        own = list(group)
        yield from map(str, own[:MOST_NAMED])
        if len(own) > MOST_NAMED:
            yield f"{symbol}: jumps of the price {len(own) - MOST_NAMED:,} times more, the last time on {own[-1].day}"


def _number(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= WHOLE_FROM else f"{factor:,.2f}"
