"""The script of the sample market: who is listed when, and which phases all of its markets pass through together.

The dates and figures are invented. They have the shape of a market (cycles, crashes, a ceiling broken after years, coins
that follow bitcoin and overshoot it) and are no record of any.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.core.calendar import Days
from engine.core.market import Floats

INDEX = "RUT"
LEADER = "BTC"
INDEX_START = date(2007, 1, 1)
LAST_DAY = date(2026, 6, 30)
SEED = 20_260_630
"""Chosen among a few so that breakouts are won, lost and lifted and every exit occurs; not for returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
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


MARKETS = (
    Market(symbol=INDEX, first_day=INDEX_START, start=780, beta=0, own_volatility=0, gearing=0, daily_volume=3e9),
    Market(symbol=LEADER, first_day=date(2012, 1, 2), start=5.2, beta=1, own_volatility=0, gearing=0, daily_volume=4e4),
    Market(symbol="ETH", first_day=date(2015, 8, 10), start=1.1, beta=1.1, own_volatility=0.40, gearing=0.7, daily_volume=6e5),
    Market(symbol="XRP", first_day=date(2013, 8, 5), start=0.006, beta=0.9, own_volatility=0.55, gearing=0.8, daily_volume=9e8),
    Market(symbol="DOGE", first_day=date(2013, 12, 16), start=0.0004, beta=1.0, own_volatility=0.65, gearing=1.0, daily_volume=2e9),
    Market(symbol="BNB", first_day=date(2017, 7, 26), start=2.4, beta=1.0, own_volatility=0.45, gearing=0.6, daily_volume=5e5),
    Market(symbol="LINK", first_day=date(2017, 10, 2), start=0.4, beta=1.2, own_volatility=0.55, gearing=0.9, daily_volume=7e6),
    Market(symbol="ADA", first_day=date(2017, 10, 9), start=0.03, beta=1.2, own_volatility=0.50, gearing=1.0, daily_volume=3e8),
    Market(symbol="SOL", first_day=date(2020, 4, 13), start=0.9, beta=1.3, own_volatility=0.60, gearing=1.2, daily_volume=6e6),
    Market(symbol="AVAX", first_day=date(2020, 9, 22), start=4.5, beta=1.3, own_volatility=0.55, gearing=1.2, daily_volume=4e6),
)  # fmt: skip


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
    """Give, for each of the days (from `INDEX_START` on), the value `name` of its phase."""
    firsts = np.array([phase.first_day for phase in PHASES], dtype="datetime64[D]")
    values = np.array([getattr(phase, name) for phase in PHASES], dtype=np.float64)
    return values[np.searchsorted(firsts, days, side="right") - 1]
