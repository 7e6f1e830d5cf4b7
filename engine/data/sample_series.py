"""What the sample has beside its ten markets: shares and funds of New York, and series that are no bars.

All of it goes through the phases of the sample market: rates are raised while the index advances and lowered while it
falls, money is plenty while coins rise, spreads and volatility follow the index's. The same bits on every machine: what
is added up is added one after the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import fsum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Days, days_between
from engine.core.errors import DataError
from engine.core.market import Floats
from engine.data.dated_values import DatedValues, RuleOf, dated_values, published
from engine.data.digest import bars_sha256
from engine.data.index_bars import index_series
from engine.data.sample import SOURCE, WEEKDAYS_A_YEAR, MarketPath, compounded, dressed, market_paths
from engine.data.sample_noise import Noise, noise
from engine.data.sample_regimes import INDEX, LAST_DAY, PHASES, SEED, Market, phase_column
from engine.data.series_table import SERIES
from engine.data.sessions import SessionsBetween
from engine.ports import LoadedSeries, LoadedValues

FIRST_DAY = PHASES[0].first_day
FIRST_SEED = SEED + 1000
"""Apart from those of the markets, so that neither list moves the other's chance."""
VOLATILITY_INDEX = "VIX"
POLICY_STEP, DAYS_BETWEEN_STEPS, LOWEST_RATE, HIGHEST_RATE = 0.25, 56, 0.08, 5.33


@dataclass(frozen=True, slots=True)
class _Share:
    """A share or fund of the sample.

    Attributes:
        beta: its share in the index's returns; own_volatility, drift: a year, of what is its own.
        altitude: its share in what the smaller coins gain or lose against the leader.
    """

    symbol: str
    first_day: date
    start: float
    beta: float
    own_volatility: float
    drift: float
    altitude: float
    daily_volume: float


_SHARES = (
    #      symbol  first day          start   beta  own   drift  altitude volume
    _Share("IWM",  date(2007, 1, 1),  78.0,   1.00, 0.02, 0.000, 0.00, 3e7),
    _Share("SPY",  date(2007, 1, 1),  141.0,  0.80, 0.05, 0.020, 0.00, 9e7),
    _Share("QQQ",  date(2007, 1, 1),  43.0,   0.95, 0.08, 0.045, -0.04, 5e7),
    _Share("GLD",  date(2007, 1, 1),  63.0,   -0.05, 0.15, 0.050, -0.04, 8e6),
    _Share("SLV",  date(2007, 1, 1),  12.8,   0.15, 0.26, 0.010, 0.10, 1.5e7),
    _Share("NVDA", date(2007, 1, 1),  0.9,    1.30, 0.30, 0.150, -0.10, 4e8),
    _Share("IWN",  date(2007, 1, 1),  79.0,   1.02, 0.04, -0.010, 0.02, 1e6),
    _Share("IWC",  date(2007, 1, 1),  58.0,   1.08, 0.06, -0.015, 0.05, 1e5),
    _Share("CPER", date(2011, 11, 14), 25.0,  0.35, 0.16, -0.010, 0.10, 1e5),
    _Share("HG=F", date(2007, 1, 1),  2.9,    0.35, 0.17, 0.000, 0.10, 5e4),
)  # fmt: skip


class SampleShares:
    """The bars of New York's shares, funds and volatility in the sample: a provider like `SampleBars`.

    Args:
        sessions: the sessions of New York.
    """

    def __init__(self, sessions: SessionsBetween) -> None:
        self._sessions = sessions

    def load(self, symbol: str) -> LoadedSeries:
        """Give the bars of a share.

        Raises:
            DataError: the sample has no such share.
        """
        paths = _share_paths()
        if symbol not in paths:
            raise DataError(f"{symbol}: the synthetic sample has no such series; it has {', '.join(paths)}")
        path = paths[symbol]
        rows = np.searchsorted(path.days, self._sessions(path.market.first_day, LAST_DAY))
        bars = dressed(path, rows, index_series)
        return LoadedSeries(bars=bars, source=SOURCE, sha256=bars_sha256(bars), synthetic=True)


class SampleValues:
    """The provider `sample` of series that are no bars.

    Args:
        sessions: the sessions of New York.
        rule_of: gives each series' rule, by which it is published.
    """

    def __init__(self, sessions: SessionsBetween, rule_of: RuleOf) -> None:
        self._sessions = sessions
        self._rule_of = rule_of

    def load(self, name: str) -> LoadedValues:
        """Give the values of a series.

        Raises:
            DataError: the sample has no such series.
        """
        if name not in SERIES:
            raise DataError(f"{name}: the synthetic sample has no such series; it has {', '.join(SERIES)}")
        return published(_values(name, self._sessions), self._rule_of(name), source=SOURCE, synthetic=True)


@cache
def _share_paths() -> Mapping[str, MarketPath]:
    index = market_paths()[INDEX]
    returns = np.diff(index.close, prepend=index.market.start) / np.concatenate(
        ([index.market.start], index.close[:-1])
    )
    paths = {share.symbol: _share_path(share, place, index, returns) for place, share in enumerate(_SHARES)}
    return MappingProxyType({**paths, VOLATILITY_INDEX: _volatility_path(index)})


def _share_path(share: _Share, place: int, index: MarketPath, index_returns: Floats) -> MarketPath:
    days = days_between(share.first_day, LAST_DAY)
    chance = noise(FIRST_SEED + place, len(days))
    own = share.own_volatility / np.sqrt(WEEKDAYS_A_YEAR)
    drift = (share.drift + share.altitude * phase_column(days, "coin_lead")) / WEEKDAYS_A_YEAR
    moves = share.beta * index_returns[-len(days) :] + drift + own * chance.shock
    market = _market(share.symbol, share.first_day, share.start, share.daily_volume)
    deviation = np.abs(share.beta) * index.deviation[-len(days) :] + own
    close = compounded(market, np.where(np.is_busday(days), moves, 0.0))
    return MarketPath(market=market, days=days, close=close, deviation=deviation, noise=chance)


def _volatility_path(index: MarketPath) -> MarketPath:
    """Give an index of volatility: that of the phase, and how far the index moved in the last days."""
    yearly = phase_column(index.days, "index_volatility")
    moved = np.abs(index.noise.shock)
    lately = sum((np.concatenate((moved[:lag], moved[: len(moved) - lag])) for lag in range(5)), np.zeros(len(moved)))
    close: Floats = 100 * yearly * (0.7 + 0.08 * lately)
    market = _market(VOLATILITY_INDEX, index.market.first_day, 13.0, 0.0)
    return MarketPath(
        market=market, days=index.days, close=close, deviation=np.full(len(close), 0.04), noise=index.noise
    )


def _market(symbol: str, first_day: date, start: float, daily_volume: float) -> Market:
    return Market(symbol, first_day, start, 0.0, 0.0, 0.0, daily_volume)


def _values(name: str, sessions: SessionsBetween) -> DatedValues:
    if name in _CLOSES:
        path = _share_paths()[_CLOSES[name]]
        days = sessions(path.market.first_day, LAST_DAY)
        return dated_values(name, days=days, value=path.close[np.searchsorted(path.days, days)])
    column, observed, first_day = _COLUMNS[name]
    days = _OBSERVED[observed](max(first_day, FIRST_DAY), sessions)
    value = column()[(days - np.datetime64(FIRST_DAY, "D")).astype(np.int64)]
    return dated_values(name, days=days, value=np.rint(value * 1e4) / 1e4)


def _days() -> Days:
    return days_between(FIRST_DAY, LAST_DAY)


@cache
def _chance(place: int) -> Noise:
    return noise(FIRST_SEED + 100 + place, len(_days()))


def _drawn(target: Floats, place: int, *, pull: float, size: float) -> Floats:
    """Give a path that is drawn to its target and pushed off by chance, day by day."""
    value, path = float(target[0]), np.empty(len(target))
    for row, (wanted, shock) in enumerate(zip(target.tolist(), _chance(place).shock.tolist(), strict=True)):
        value += (wanted - value) * pull + size * shock
        path[row] = value
    return path


@cache
def _policy_rate() -> Floats:
    """Raised in steps while the index advances, lowered while it falls."""
    drift = phase_column(_days(), "index_drift").tolist()
    rate, path = 4.83, np.empty(len(drift))
    for row, advance in enumerate(drift):
        if row % DAYS_BETWEEN_STEPS == DAYS_BETWEEN_STEPS - 1 and abs(advance) > 0.1:  # noqa: PLR2004 - neither way
            rate = min(max(rate + (POLICY_STEP if advance > 0 else -2 * POLICY_STEP), LOWEST_RATE), HIGHEST_RATE)
        path[row] = rate
    return path


def _overnight_rate() -> Floats:
    return _policy_rate() + 0.01 * np.rint(_chance(0).gap)


@cache
def _two_years() -> Floats:
    return np.maximum(_drawn(_policy_rate() + 0.2, 1, pull=0.02, size=0.04), LOWEST_RATE)


def _ten_years() -> Floats:
    return np.maximum(_drawn(0.6 * _policy_rate() + 1.5, 2, pull=0.01, size=0.04), LOWEST_RATE)


@cache
def _assets() -> Floats:
    growth = 600.0 * phase_column(_days(), "coin_drift") + 200.0
    return np.maximum(1.2e6 + np.cumsum(growth + 900.0 * _chance(3).shock), 1e6)


@cache
def _treasury_account() -> Floats:
    target = 420_000.0 - 160_000.0 * phase_column(_days(), "coin_lead")
    return np.maximum(_drawn(target, 4, pull=0.008, size=9_000.0), 20_000.0)


@cache
def _reverse_repo() -> Floats:
    target = 250.0 - 350.0 * phase_column(_days(), "coin_drift")
    return np.maximum(_drawn(target, 5, pull=0.01, size=12.0), 0.0)


def _reserves() -> Floats:
    return np.maximum(_assets() - _treasury_account() - 1000 * _reverse_repo(), 1e5)


def _spread() -> Floats:
    volatility, drift = phase_column(_days(), "index_volatility"), phase_column(_days(), "index_drift")
    return np.maximum(_drawn(2.2 + 14 * (volatility - 0.12) - 1.5 * drift, 6, pull=0.02, size=0.05), 2.0)


def _conditions() -> Floats:
    volatility = phase_column(_days(), "index_volatility")
    return _drawn(-0.75 + 3.5 * (volatility - 0.12), 7, pull=0.02, size=0.01)


def _money() -> Floats:
    growth = 0.045 + 0.03 * phase_column(_days(), "coin_drift")
    money: Floats = 7000.0 * np.cumprod(1 + growth / 365.25, dtype=np.float64)
    return money


def _dollar() -> Floats:
    return _drawn(104.0 - 4.0 * phase_column(_days(), "coin_drift"), 8, pull=0.01, size=0.25)


def _flows(place: int, size: float) -> Callable[[], Floats]:
    return lambda: size * (0.4 * phase_column(_days(), "coin_drift") + 0.8 * _chance(place).shock)


def _monthly_rate() -> Floats:
    """Give, on each day, the mean of its month: exact, whatever adds up how."""
    days, rate = _days(), _overnight_rate().tolist()
    _, starts, counts = np.unique(days.astype("datetime64[M]"), return_index=True, return_counts=True)
    months = zip(starts.tolist(), counts.tolist(), strict=True)
    means = [fsum(rate[start : start + count]) / count for start, count in months]
    return np.repeat(np.array(means), counts)


_CLOSES: Mapping[str, str] = MappingProxyType(
    {
        "IWM_ADJCLOSE": "IWM",
        "IWN_ADJCLOSE": "IWN",
        "IWC_ADJCLOSE": "IWC",
        "SPY_ADJCLOSE": "SPY",
        "CPER_CLOSE": "CPER",
        "COPPER_CLOSE": "HG=F",
        "VIX_CBOE": VOLATILITY_INDEX,
    }
)

_COLUMNS: Mapping[str, tuple[Callable[[], Floats], str, date]] = MappingProxyType(
    {
        "WALCL": (_assets, "wednesdays", FIRST_DAY),
        "WTREGEN": (_treasury_account, "wednesdays", FIRST_DAY),
        "WRESBAL": (_reserves, "wednesdays", FIRST_DAY),
        "RRPONTSYD": (_reverse_repo, "sessions", date(2013, 9, 23)),
        "TGA_DTS": (_treasury_account, "sessions", date(2022, 4, 18)),
        "DFF": (_overnight_rate, "days", FIRST_DAY),
        "HY_OAS": (_spread, "sessions", FIRST_DAY),
        "DGS2": (_two_years, "sessions", FIRST_DAY),
        "DGS10": (_ten_years, "sessions", FIRST_DAY),
        "NFCI": (_conditions, "fridays", FIRST_DAY),
        "M2SL": (_money, "months", FIRST_DAY),
        "FEDFUNDS": (_monthly_rate, "months", FIRST_DAY),
        "DXY": (_dollar, "sessions", FIRST_DAY),
        "BTC_ETF_FLOW": (_flows(9, 250.0), "sessions", date(2024, 1, 11)),
        "ETH_ETF_FLOW": (_flows(10, 90.0), "sessions", date(2024, 7, 23)),
        "SOL_ETF_FLOW": (_flows(11, 25.0), "sessions", date(2025, 10, 28)),
        "IWM_FLOW": (_flows(12, 150.0), "sessions", FIRST_DAY),
    }
)
"""Its value on each day, on which days it is observed, and from when on."""


def _weekdays(weekmask: str) -> Callable[[date, SessionsBetween], Days]:
    def between(first: date, _sessions: SessionsBetween) -> Days:
        days = days_between(first, LAST_DAY)
        return days[np.is_busday(days, weekmask=weekmask)]

    return between


def _first_days_of_months(first: date, _sessions: SessionsBetween) -> Days:
    days = days_between(first, LAST_DAY)
    chosen: NDArray[np.bool_] = days == days.astype("datetime64[M]").astype("datetime64[D]")
    return days[chosen]


_OBSERVED: Mapping[str, Callable[[date, SessionsBetween], Days]] = MappingProxyType(
    {
        "days": lambda first, _sessions: days_between(first, LAST_DAY),
        "sessions": lambda first, sessions: sessions(first, LAST_DAY),
        "wednesdays": _weekdays("0010000"),
        "fridays": _weekdays("0000100"),
        "months": _first_days_of_months,
    }
)
