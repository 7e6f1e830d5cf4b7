"""The synthetic sample market: an index and nine coins made in code, the same bits everywhere, no file, no network.

It shows that the program works. Returns on it prove nothing about any market or any strategy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Days, days_between
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats, crypto_series
from engine.data.digest import bars_sha256
from engine.data.index_bars import index_series
from engine.data.kinds import SeriesBuilder
from engine.data.sample_noise import Noise, noise
from engine.data.sample_regimes import INDEX, LAST_DAY, LEADER, MARKETS, SEED, Market, phase_column
from engine.data.sessions import SessionsBetween
from engine.ports import LoadedSeries

SOURCE = "synthetic sample"

DAYS_A_YEAR = 365.25
WEEKDAYS_A_YEAR = 261.0
WORST_RETURN = -0.6
"""A day's return stops here: a simple return below -1 would turn a price negative."""

# From 1e-10 on each decade takes one decimal less, down to none from 1e5 on: six significant digits.
_DECADES = np.array([float(f"1e{exponent}") for exponent in range(-10, 6)])
_POWERS_OF_TEN = np.array([float(f"1e{exponent}") for exponent in range(len(_DECADES) + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPath:
    """One market on every calendar day from its first: closes before rounding, the day's deviation, the noise."""

    market: Market
    days: Days
    close: Floats
    deviation: Floats
    noise: Noise


class SampleBars:
    """The provider `sample`, for coins and the index alike; made once a process, on first use.

    Args:
        sessions: the sessions of the index's exchange.
    """

    def __init__(self, sessions: SessionsBetween) -> None:
        self._sessions = sessions

    def load(self, symbol: str) -> LoadedSeries:
        """Give the bars of a market of the sample.

        Raises:
            DataError: the sample has no such market.
        """
        if symbol not in MARKETS:
            raise DataError(f"{symbol}: the synthetic sample has no such series; it has {', '.join(MARKETS)}")
        path = market_paths()[symbol]
        bars = self._index_bars(path) if symbol == INDEX else dressed(path, np.arange(len(path.days)), crypto_series)
        return LoadedSeries(bars=bars, source=SOURCE, sha256=bars_sha256(bars), synthetic=True)

    def _index_bars(self, path: MarketPath) -> BarSeries:
        # The path has a close for every calendar day and sessions only pick from it: another calendar shifts nothing.
        sessions = self._sessions(path.market.first_day, LAST_DAY)
        return dressed(path, np.searchsorted(path.days, sessions), index_series)


@cache
def market_paths() -> Mapping[str, MarketPath]:
    """Give the paths of all markets, made once a process."""
    noises = {
        symbol: noise(SEED + place, len(_days_of(market))) for place, (symbol, market) in enumerate(MARKETS.items())
    }
    leader_shock = _linked_shock(noises[LEADER].shock, noises[INDEX].shock)
    paths = {
        symbol: _coin_path(market, noises[symbol], leader_shock)
        for symbol, market in MARKETS.items()
        if symbol != INDEX
    }
    return MappingProxyType({INDEX: _index_path(MARKETS[INDEX], noises[INDEX]), **paths})


def _days_of(market: Market) -> Days:
    return days_between(market.first_day, LAST_DAY)


def _linked_shock(own: Floats, index_shock: Floats) -> Floats:
    """Mix the index's shock into the leader's on the days that the index trades; the deviation stays 1."""
    days = _days_of(MARKETS[LEADER])
    link = np.where(np.is_busday(days), phase_column(days, "link"), 0.0)
    shock: Floats = link * index_shock[-len(days) :] + np.sqrt(1 - link * link) * own
    return shock


def _index_path(market: Market, noise: Noise) -> MarketPath:
    days = _days_of(market)
    deviation = phase_column(days, "index_volatility") / np.sqrt(WEEKDAYS_A_YEAR)
    drift = phase_column(days, "index_drift") / WEEKDAYS_A_YEAR
    returns = np.where(np.is_busday(days), drift + deviation * deviation / 2 + deviation * noise.shock, 0.0)
    return MarketPath(market=market, days=days, close=compounded(market, returns), deviation=deviation, noise=noise)


def _coin_path(market: Market, noise: Noise, leader_shock: Floats) -> MarketPath:
    days = _days_of(market)
    shared = market.beta * phase_column(days, "coin_volatility") / np.sqrt(DAYS_A_YEAR)
    own = market.own_volatility / np.sqrt(DAYS_A_YEAR)
    variance = shared * shared + own * own
    drift = (phase_column(days, "coin_drift") + market.gearing * phase_column(days, "coin_lead")) / DAYS_A_YEAR
    returns = drift + variance / 2 + shared * leader_shock[-len(days) :] + own * noise.shock
    return MarketPath(
        market=market, days=days, close=compounded(market, returns), deviation=np.sqrt(variance), noise=noise
    )


def compounded(market: Market, returns: Floats) -> Floats:
    """Give the closes that daily returns make of a market's start."""
    # Products one after the other are exact by IEEE 754 on every build of numpy; exp of a sum of logarithms is not.
    return market.start * np.cumprod(1 + np.maximum(returns, WORST_RETURN))


def dressed(path: MarketPath, rows: NDArray[np.int64], build: SeriesBuilder) -> BarSeries:
    """Dress the closes of the picked days: an open near the close before, a range around both, more trade on a move."""
    close, deviation, market = path.close[rows], path.deviation[rows], path.market
    before = np.concatenate(([market.start], close[:-1]))
    open_ = before * (1 + 0.1 * deviation * path.noise.gap[rows])
    high = np.maximum(open_, close) * (1 + 0.7 * deviation * path.noise.reach_up[rows])
    low = np.minimum(open_, close) * (1 - 0.7 * deviation * path.noise.reach_down[rows])
    volume = market.daily_volume * (0.4 + 0.5 * path.noise.trade[rows] + 0.6 * np.abs(path.noise.shock[rows]))
    return build(
        market.symbol,
        days=path.days[rows],
        open=_rounded(open_),
        high=_rounded(high),
        low=_rounded(low),
        close=_rounded(close),
        volume=np.rint(volume),
    )


def _rounded(prices: Floats) -> Floats:
    """Round to six significant digits, to whole numbers from 100,000 on; what was not above stays not above."""
    decimals = len(_DECADES) - np.searchsorted(_DECADES, prices, side="right")
    scale = _POWERS_OF_TEN[decimals]
    rounded: Floats = np.rint(prices * scale) / scale
    return rounded
