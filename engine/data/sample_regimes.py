"""The script of the sample market: who is listed when, and which phases all of its markets pass through together.

The figures are invented, and so are most dates. They have the shape of a market (cycles, crashes, a ceiling broken
after years, coins that follow the leader and overshoot it) and are no record of any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from engine.core.calendar import Days
from engine.core.market import Floats

INDEX = "RUT"
LEADER = "BTC"
LAST_DAY = date(2026, 6, 30)
SEED = 510
"""Found by a search over 2,500 for what a reader should see happen from 2018 on: breakouts won, lost and lifted,
crosses used, spent and expired, every exit; among those found, one whose rotations now win and now lose.
"""


@dataclass(frozen=True, slots=True)
class Market:
    """A market of the sample.

    Attributes:
        first_day: its first bar; start: the price before it, in quote currency or index points.
        beta: its share in the leader's shocks; own_volatility: a year, of shocks that are its own.
        gearing: its share in what all the smaller coins gain or lose against the leader.
        daily_volume: typical volume of a day, in the units of the market.
    """

    symbol: str
    first_day: date
    start: float
    beta: float
    own_volatility: float
    gearing: float
    daily_volume: float


_LISTED = (
    #      symbol  first day           start    beta own  gearing volume
    Market(INDEX,  date(2007, 1, 1),   780,     0.0, 0.00, 0.0, 3e9),
    Market(LEADER, date(2012, 1, 2),   30,      1.0, 0.00, 0.0, 4e4),
    Market("ETH",  date(2015, 8, 10),  1.1,     1.1, 0.40, 0.7, 6e5),
    Market("XRP",  date(2013, 8, 5),   0.0008,  0.9, 0.55, 0.8, 9e8),
    Market("DOGE", date(2013, 12, 16), 0.0004,  1.0, 0.65, 1.0, 2e9),
    Market("BNB",  date(2017, 7, 26),  2.4,     1.0, 0.45, 0.6, 5e5),
    Market("LINK", date(2017, 10, 2),  0.1,     1.2, 0.55, 0.9, 7e6),
    Market("ADA",  date(2017, 10, 9),  0.008,   1.2, 0.50, 1.0, 3e8),
    Market("SOL",  date(2020, 4, 13),  0.9,     1.3, 0.60, 1.2, 6e6),
    Market("AVAX", date(2020, 9, 22),  4.5,     1.3, 0.55, 1.2, 4e6),
)  # fmt: skip

MARKETS: Mapping[str, Market] = MappingProxyType({market.symbol: market for market in _LISTED})
"""Every market by symbol, the index first, then the leader. A market's place is its seed: new ones go to the end."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time with one character, from its first day to the next phase.

    Attributes:
        index_drift, coin_drift: growth of the logarithm of the index and of the leader, a year.
        coin_lead: the same of the smaller coins, above the leader's; scaled by each one's gearing.
        index_volatility, coin_volatility: a year.
        link: correlation of the leader's shock with the index's of the same day.
    """

    first_day: date
    index_drift: float
    index_volatility: float
    coin_drift: float
    coin_volatility: float
    coin_lead: float
    link: float


PHASES = (
    #      first day            index        coins              link
    Phase(date(2007, 1, 1),     0.06, 0.15,  0.00, 0.80,  0.00, 0.00),  # the end of an old advance
    Phase(date(2007, 10, 1),   -0.48, 0.33,  0.00, 0.80,  0.00, 0.00),  # the index falls for a year and a half
    Phase(date(2009, 3, 1),     0.34, 0.25,  0.00, 0.80,  0.00, 0.00),  # and climbs back to its old ceiling
    Phase(date(2011, 4, 1),    -0.05, 0.22,  1.50, 0.95,  0.00, 0.00),  # coins are born into a sideways index
    Phase(date(2013, 1, 1),     0.20, 0.15,  2.00, 0.95,  0.30, 0.05),  # first mania, the ceiling breaks
    Phase(date(2014, 1, 1),     0.02, 0.16, -1.20, 0.80, -0.40, 0.05),  # first winter
    Phase(date(2015, 2, 1),    -0.26, 0.20,  0.60, 0.62,  0.20, 0.05),  # the index gives its ceiling back
    Phase(date(2016, 2, 1),     0.26, 0.17,  1.00, 0.60,  0.50, 0.10),
    Phase(date(2017, 2, 1),     0.12, 0.13,  1.90, 0.78,  1.20, 0.10),  # second mania, late
    Phase(date(2018, 1, 15),   -0.38, 0.23, -1.20, 0.78, -0.40, 0.15),  # second winter, both fall
    Phase(date(2018, 12, 1),    0.32, 0.17,  0.90, 0.62,  0.10, 0.20),  # recovery into a new breakout
    Phase(date(2020, 3, 1),    -1.60, 0.42, -1.40, 0.90, -0.40, 0.45),  # crash of two months
    Phase(date(2020, 5, 1),     0.50, 0.21,  1.30, 0.65,  0.80, 0.35),  # third mania, together
    Phase(date(2021, 6, 1),    -0.05, 0.18, -0.30, 0.66,  0.30, 0.35),  # a pause above the support
    Phase(date(2022, 3, 1),     0.24, 0.16,  0.50, 0.55,  0.20, 0.30),  # which lifts the breakout
    Phase(date(2022, 11, 1),   -0.50, 0.25, -1.10, 0.60, -0.50, 0.40),  # third winter
    Phase(date(2023, 8, 15),    0.30, 0.17,  0.85, 0.48,  0.10, 0.30),  # an old ceiling again
    Phase(date(2025, 1, 15),   -0.60, 0.27, -0.30, 0.52, -0.40, 0.40),  # a false start
    Phase(date(2025, 5, 15),    0.36, 0.18,  0.50, 0.46,  0.30, 0.35),
)  # fmt: skip


def phase_column(days: Days, name: str) -> Floats:
    """Give the value `name` of the phase that each day falls in; no day may lie before the first phase."""
    firsts = np.array([phase.first_day for phase in PHASES], dtype="datetime64[D]")
    values = np.array([getattr(phase, name) for phase in PHASES], dtype=np.float64)
    return values[np.searchsorted(firsts, days, side="right") - 1]
