"""A made-up market with all that the systems look at: US symbols, and series published by their rules, with faults.

Sessions and values are missing here and there, and each series is silent once for so long that it goes stale.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.random import Generator

from engine.core.calendar import Days, days_between, ordinals_of
from engine.core.market import BarSeries, Floats, History
from engine.core.series import SeriesKind, ValueSeries
from engine.data.kinds import US_SYMBOLS
from engine.data.series_table import SERIES, SeriesRule
from tests.support.markets import index_bars, weekdays_between

FLOWS = ("BTC_ETF_FLOW", "ETH_ETF_FLOW", "SOL_ETF_FLOW", "IWM_FLOW")
RULES: Mapping[str, SeriesRule] = SERIES
SILENT_FOR: Mapping[SeriesKind, int] = {SeriesKind.DAILY: 25, SeriesKind.WEEKLY: 40, SeriesKind.MONTHLY: 130}
WEEKDAYS: Mapping[str, str] = {"WALCL": "0010000", "WTREGEN": "0010000", "WRESBAL": "0010000", "NFCI": "0000100"}


def with_faulty_series(history: History, seed: int) -> History:
    """Give the history with symbols and series beside it, over the same years."""
    core = history["BTC"]
    chance = np.random.default_rng(seed)
    symbols = {symbol: _symbol(chance, symbol, core.first_day, core.last_day) for symbol in US_SYMBOLS}
    values = {name: _values(chance, name, core.first_day, core.last_day) for name in RULES}
    return replace(history, series={**history.series, **symbols}, values=values)


def _symbol(chance: Generator, symbol: str, first: date, last: date) -> BarSeries:
    closes = _walk(chance, len(weekdays_between(first, last)), 0.01)
    listed: list[float | None] = list(closes)
    for place in chance.choice(len(listed), size=len(listed) // 40, replace=False).tolist():
        listed[place] = None
    bars = index_bars(symbol, first, listed)
    return replace(bars, volume=np.exp(chance.normal(10, 0.25, size=len(bars))))


def _values(chance: Generator, name: str, first: date, last: date) -> ValueSeries:
    rule = RULES[name]
    days = _dates(name, rule.kind, days_between(first, last))
    kept = chance.random(len(days)) > 0.02
    silence = chance.integers(len(days) // 2, len(days) * 3 // 4)
    kept &= (days < days[silence]) | (days > days[silence] + np.timedelta64(SILENT_FOR[rule.kind], "D"))
    values = chance.normal(0, 100, size=len(days)) if name in FLOWS else _walk(chance, len(days), 0.02)
    if name == "NFCI":
        values -= values.mean()
    if name in {"WALCL", "WTREGEN"}:
        values *= 80_000
    return ValueSeries(
        name=name,
        kind=rule.kind,
        ordinals=ordinals_of(days[kept]),
        values=values[kept],
        known_at=rule.publication.known_at(days[kept]),
    )


def _dates(name: str, kind: SeriesKind, days: Days) -> Days:
    if kind is SeriesKind.MONTHLY:
        firsts: Days = days[days == days.astype("datetime64[M]").astype("datetime64[D]")]
        return firsts
    return days if name == "DFF" else days[np.is_busday(days, weekmask=WEEKDAYS.get(name, "1111100"))]


def _walk(chance: Generator, length: int, deviation: float) -> Floats:
    closes: Floats = np.round(10 * np.exp(np.cumsum(chance.normal(0, deviation, size=length))), 4)
    return closes
