"""Builders of small markets: a market is a list of closes, not a file.

Whole markets by a seed come with the faults that real ones have: late listings, holes, a delisted coin, days of the
core and sessions of the index without a bar, gaps at the open. The index has a session on every weekday.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from engine.core.calendar import Days, days_between
from engine.core.market import BarSeries, Floats, History, crypto_series
from engine.data.index_bars import index_series
from engine.data.kinds import US_SYMBOLS
from engine.data.sample_series import SampleShares, SampleValues
from engine.data.series_table import series_rule

CORE, INDEX = "BTC", "RUT"
COINS = ("ETH", "SOL", "BNB", "XRP")
MONDAY = date(2015, 1, 5)
"""The first day of a whole market."""
DAYS_A_YEAR = 365


def coin_bars(
    symbol: str, first: date, closes: Sequence[float | None], *, opens: Sequence[float | None] | None = None
) -> BarSeries:
    """Build a coin: one close a calendar day from `first` on, None where there is no bar.

    Args:
        opens: in the same places as `closes`; without them a bar opens at the close before it.
    """
    days, close, open_ = _present(_days_from(first, len(closes)), closes, opens)
    return crypto_series(symbol, days=days, **_prices(open_, close))


def index_bars(symbol: str, first: date, closes: Sequence[float | None]) -> BarSeries:
    """Build an index: one close a weekday from `first` on, None where there is no bar."""
    days, close, open_ = _present(weekdays_from(first, len(closes)), closes, None)
    return index_series(symbol, days=days, **_prices(open_, close))


def history_of(*series: BarSeries) -> History:
    """Put series together by their symbols."""
    return History(series={bars.symbol: bars for bars in series})


def with_series(history: History, names: Iterable[str]) -> History:
    """Add series that a rule looks at, of the sample; a US symbol as bars, what is there already as it is."""
    missing = [name for name in names if name not in history.series]
    shares = {name: SampleShares(weekdays_between).load(name).bars for name in missing if name in US_SYMBOLS}
    values = SampleValues(weekdays_between, series_rule)
    return replace(
        history,
        series={**history.series, **shares},
        values={name: values.load(name).series for name in missing if name not in shares},
    )


def weekdays_from(first: date, count: int) -> Days:
    """Give `count` days from `first` on, Saturdays and Sundays left out."""
    days = _days_from(first, 2 * count + 4)
    return days[np.is_busday(days)][:count]


def weekdays_between(first: date, last: date) -> Days:
    """Give the weekdays from `first` to `last`, both included."""
    days = _days_from(first, (last - first).days + 1)
    return days[np.is_busday(days)]


def faulty_market(seed: int, *, years: int = 3, coins: Sequence[str] = COINS, core_is_whole: bool = False) -> History:
    """Build `BTC`, `RUT` and coins, with faults, from `MONDAY` on.

    The first coin is whole; of the others one is listed late, one has holes and one is delisted before the end. Opens
    gap by a few percent now and then, and by 30 % sometimes.
    """
    chance = np.random.default_rng(seed)
    length = years * DAYS_A_YEAR
    core = _walk(chance, length, start=500.0, deviation=0.03, trend=0.008)
    index = _walk(chance, length * 5 // 7, start=1000.0, deviation=0.008, trend=0.0025)
    series = [
        _faulty_coin(chance, CORE, core if core_is_whole else _with_lone_holes(chance, core)),
        index_bars(INDEX, MONDAY, _listed(_with_lone_holes(chance, index))),
    ]
    faults = (_whole, _listed_late, _with_holes, _delisted)
    for number, symbol in enumerate(coins):
        own = _walk(chance, length, start=float(chance.choice([0.02, 3.0, 200.0])), deviation=0.03, trend=0.002)
        closes = own * np.sqrt(core / core[0])
        series.append(_faulty_coin(chance, symbol, faults[number % len(faults)](chance, closes)))
    return history_of(*series)


def _days_from(first: date, count: int) -> Days:
    return days_between(first, first + timedelta(days=count - 1))


def _present(
    days: Days, closes: Sequence[float | None], opens: Sequence[float | None] | None
) -> tuple[Days, Floats, Floats]:
    close = np.array(closes, dtype=np.float64)
    there = ~np.isnan(close)
    close = close[there]
    open_ = np.append(close[:1], close[:-1]) if opens is None else np.array(opens, dtype=np.float64)[there]
    return days[there], close, open_


def _prices(open_: Floats, close: Floats) -> dict[str, Floats]:
    return {
        "open": open_,
        "high": np.maximum(open_, close) * 1.01,
        "low": np.minimum(open_, close) * 0.99,
        "close": close,
        "volume": np.full(len(close), 10.0),
    }


def _walk(chance: Generator, length: int, *, start: float, deviation: float, trend: float) -> Floats:
    # The direction changes every few months; without such regimes neither breakouts nor crosses would come.
    regimes = np.repeat(chance.choice([-trend, 0.0, trend, trend], size=length // 60 + 1), 60)[:length]
    steps = regimes + chance.normal(0, deviation, size=length)
    steps[0] = 0
    return np.round(start * np.exp(np.cumsum(steps)), 6) + 1e-6


def _faulty_coin(chance: Generator, symbol: str, closes: Floats) -> BarSeries:
    there = np.flatnonzero(~np.isnan(closes))
    size = np.where(chance.random(len(there)) < 0.1, 0.3, 0.01)
    gaps: NDArray[np.float64] = np.exp(size * chance.uniform(-1, 1, size=len(there)))
    opens = np.full(len(closes), np.nan)
    opens[there] = np.append(closes[there][:1], closes[there][:-1]) * gaps
    return coin_bars(symbol, MONDAY, _listed(closes), opens=_listed(opens))


def _listed(column: Floats) -> list[float | None]:
    return [None if value != value else value for value in column.tolist()]  # noqa: PLR0124 - NaN is not itself


def _whole(chance: Generator, closes: Floats) -> Floats:
    return closes


def _listed_late(chance: Generator, closes: Floats) -> Floats:
    return _without(closes, range(int(chance.integers(len(closes) * 2 // 3))))


def _delisted(chance: Generator, closes: Floats) -> Floats:
    return _without(closes, range(int(chance.integers(len(closes) // 2, len(closes))), len(closes)))


def _with_holes(chance: Generator, closes: Floats) -> Floats:
    share = float(chance.choice([0.02, 0.1, 0.3]))
    return _without(closes, np.flatnonzero(chance.random(len(closes)) < share).tolist())


def _with_lone_holes(chance: Generator, closes: Floats) -> Floats:
    # Never two in a row: a week of the core always has a bar, and the index never lags far.
    return _without(closes, list(_lone(chance, len(closes))))


def _lone(chance: Generator, length: int) -> Iterator[int]:
    position = int(chance.integers(20, 60))
    while position < length - 1:
        yield position
        position += int(chance.integers(2, 120))


def _without(closes: Floats, positions: Sequence[int]) -> Floats:
    left = closes.copy()
    left[list(positions)] = np.nan
    return left
