"""The synthetic sample market: an index and nine coins made in code, the same bits everywhere, so that a first run needs no network.

It exercises the program; the returns it yields prove nothing about any market or strategy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from types import MappingProxyType

import numpy as np

from engine.core.calendar import Days
from engine.core.errors import DataError
from engine.core.market import BarSeries, Floats, crypto_series
from engine.data.index_bars import index_series
from engine.data.sample_noise import Noise, noise
from engine.data.sample_regimes import INDEX, INDEX_START, LAST_DAY, LEADER, MARKETS, SEED, Market, phase_column
from engine.ports import LoadedSeries

SOURCE = "synthetic sample"

Sessions = Callable[[date, date], Days]
"""Gives the index's trading sessions from the first to the last date, both included."""

_DAYS_A_YEAR = 365.25
_WEEKDAYS_A_YEAR = 261.0
_WORST_DAY = -0.6
# From 1e-10 on each decade takes one decimal less, down to none from 1e5 on: six significant digits.
_DECADES = np.array([float(f"1e{exponent}") for exponent in range(-10, 6)])
_POWERS_OF_TEN = np.array([float(f"1e{exponent}") for exponent in range(len(_DECADES) + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """Closes of one market on every calendar day from its first, with the noise and the day's deviation beside them."""

    market: Market
    days: Days
    close: Floats
    deviation: Floats
    noise: Noise


class SampleBars:
    """Provider of the sample market: fulfils `MarketData` for coins and index alike."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def load(self, symbol: str) -> LoadedSeries:
        """Give the bars of a sample market, all of them final since `LAST_DAY`.

        Raises:
            DataError: the sample has no such market.
        """
        path = _paths().get(symbol)
        if path is None:
            raise DataError(f"{symbol}: the synthetic sample has no such series; it has {', '.join(_paths())}")
        bars = self._index_bars(path) if symbol == INDEX else _coin_bars(path)
        return LoadedSeries(bars=bars, source=SOURCE, sha256=_digest(bars), synthetic=True)

    def _index_bars(self, path: _Path) -> BarSeries:
        # The path has a close for every calendar day; sessions only pick from it, so another calendar shifts nothing.
        sessions = self._sessions(path.market.first_day, LAST_DAY)
        rows = np.searchsorted(path.days, sessions)
        open_, high, low, close = _ohlc(path, rows)
        return index_series(
            INDEX, days=path.days[rows], open=open_, high=high, low=low, close=close, volume=_volume(path, rows)
        )


def _coin_bars(path: _Path) -> BarSeries:
    rows = np.arange(len(path.days))
    open_, high, low, close = _ohlc(path, rows)
    return crypto_series(
        path.market.symbol, days=path.days, open=open_, high=high, low=low, close=close, volume=_volume(path, rows)
    )


@cache
def _paths() -> Mapping[str, _Path]:
    """Make the closes of the whole market, once a process."""
    noises = {m.symbol: noise(SEED + place, len(_days_of(m))) for place, m in enumerate(MARKETS)}
    index_shock = noises[INDEX].shock
    leader_shock = _linked_shock(noises[LEADER].shock, index_shock)
    paths = {}
    for market in MARKETS:
        make = _index_path if market.symbol == INDEX else _coin_path
        paths[market.symbol] = make(market, noises[market.symbol], leader_shock)
    return MappingProxyType(paths)


def _days_of(market: Market) -> Days:
    return np.arange(market.first_day, np.datetime64(LAST_DAY) + 1, dtype="datetime64[D]")


def _is_weekday(days: Days) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    # 1970-01-01 was a Thursday: counted from it, Monday is (n + 3) % 7 == 0.
    return (days.astype(np.int64) + 3) % 7 < 5  # noqa: PLR2004 - Monday to Friday


def _linked_shock(own: Floats, index_shock: Floats) -> Floats:
    """Mix the index's shock into the leader's, on the days that the index trades."""
    days = _days_of(next(market for market in MARKETS if market.symbol == LEADER))
    link = np.where(_is_weekday(days), phase_column(days, "link"), 0.0)
    return link * index_shock[-len(days) :] + np.sqrt(1 - link * link) * own


def _index_path(market: Market, noise: Noise, _: Floats) -> _Path:
    days = _days_of(market)
    weekday = _is_weekday(days)
    deviation = phase_column(days, "index_volatility") / np.sqrt(_WEEKDAYS_A_YEAR)
    drift = phase_column(days, "index_drift") / _WEEKDAYS_A_YEAR
    returns = np.where(weekday, drift + deviation * deviation / 2 + deviation * noise.shock, 0.0)
    return _Path(market=market, days=days, close=_compounded(market, returns), deviation=deviation, noise=noise)


def _coin_path(market: Market, noise: Noise, leader_shock: Floats) -> _Path:
    days = _days_of(market)
    leader = market.beta * phase_column(days, "coin_volatility") / np.sqrt(_DAYS_A_YEAR)
    own = market.own_volatility / np.sqrt(_DAYS_A_YEAR)
    if market.symbol == LEADER:
        shock = leader * leader_shock
    else:
        shock = leader * leader_shock[-len(days) :] + own * noise.shock
    variance = leader * leader + own * own
    drift = (phase_column(days, "coin_drift") + market.gearing * phase_column(days, "coin_lead")) / _DAYS_A_YEAR
    return _Path(
        market=market,
        days=days,
        close=_compounded(market, drift + variance / 2 + shock),
        deviation=np.sqrt(variance),
        noise=noise,
    )


def _compounded(market: Market, returns: Floats) -> Floats:
    """Multiply the daily returns up, one after the other: additions, products and roots are exact by IEEE 754, exp is not."""
    return market.start * np.cumprod(1 + np.maximum(returns, _WORST_DAY))


def _ohlc(path: _Path, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[Floats, Floats, Floats, Floats]:
    """Dress the closes of the picked days with an open near the close before and a range around both."""
    close = path.close[rows]
    deviation = path.deviation[rows]
    before = np.concatenate(([path.market.start], close[:-1]))
    open_ = before * (1 + 0.1 * deviation * path.noise.gap[rows])
    high = np.maximum(open_, close) * (1 + 0.7 * deviation * path.noise.reach_up[rows])
    low = np.minimum(open_, close) * (1 - 0.7 * deviation * path.noise.reach_down[rows])
    return _rounded(open_), _rounded(high), _rounded(low), _rounded(close)


def _volume(path: _Path, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Floats:
    """Trade more on the days that move more."""
    moved = np.abs(path.noise.shock[rows])
    return np.rint(path.market.daily_volume * (0.4 + 0.5 * path.noise.trade[rows] + 0.6 * moved))


def _rounded(prices: Floats) -> Floats:
    """Round to six significant digits, as exchanges quote; whole numbers above that. Order is kept."""
    decimals = len(_DECADES) - np.searchsorted(_DECADES, prices, side="right")
    scale = _POWERS_OF_TEN[decimals]
    return np.rint(prices * scale) / scale


def _digest(bars: BarSeries) -> str:
    digest = sha256()
    for column in (bars.days.astype(np.int64), bars.open, bars.high, bars.low, bars.close, bars.volume):
        digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
