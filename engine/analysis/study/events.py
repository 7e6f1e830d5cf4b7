"""Events: days on which something is known, found by rules; and the tops, rallies and dips of Bitcoin.

Days are ordinals, ascending. What a state is not known to be on a day, it is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.analysis.study.record import ALT, BTC, RUT, Record
from engine.core.calendar import DAYS_A_WEEK, Ordinals, days_of
from engine.core.market import BarSeries, Floats
from strategies.signals.breakout import NEVER, BreakoutColumns, BreakoutParams, Breakouts
from strategies.signals.macd import MacdParams, weekly_macd

RECENT_DAYS = 28
TOUCH, RETEST_DAYS = 1.02, 182
TGA_FALL, TGA_DAYS, TGA_SINCE = -100_000.0, 28, date(2013, 1, 1).toordinal()
HIGH_WEEKS, SHOCK_DAYS, SHOCK_LEAST, SHOCK_QUANTILE = 20, 30, 365, 0.9
NEAR_HIGH, BELOW_HIGH = 0.98, 0.9
HALF, BEAR_DAYS = 0.5, 365


def records_of(bars: BarSeries) -> NDArray[np.bool_]:
    """Mark the sessions whose close is above every earlier one; the first is none."""
    found = np.zeros(len(bars), dtype=np.bool_)
    found[1:] = bars.close[1:] > np.maximum.accumulate(bars.close)[:-1]
    return found


def highs(bars: BarSeries, least_days: int) -> Ordinals:
    """Give the records that come at least so many days after the record before them."""
    records = bars.ordinals[records_of(bars)]
    found: Ordinals = records[1:][np.diff(records) >= least_days]
    return found


def breakout_of(bars: BarSeries) -> BreakoutColumns:
    """Follow the strategy's breakout, by its defaults, through all sessions."""
    return Breakouts(BreakoutParams()).of(bars)


def breaks(bars: BarSeries) -> Ordinals:
    """Give the sessions that confirm a breakout, or lift it."""
    if not len(bars):
        return bars.ordinals
    found: Ordinals = bars.ordinals[breakout_of(bars).breakout_session == bars.ordinals]
    return found


def retests(bars: BarSeries) -> Ordinals:
    """Give, for each breakout, the first later session that falls back to its level and closes above it."""
    if not len(bars):
        return bars.ordinals
    columns = breakout_of(bars)
    confirmed = np.flatnonzero(columns.breakout_session == bars.ordinals)
    lost = np.flatnonzero(columns.loss_session == bars.ordinals)
    found = []
    for at in confirmed.tolist():
        level, day = float(columns.support[at]), int(bars.ordinals[at])
        ends = [int(each[each > at][0]) for each in (confirmed, lost) if (each > at).any()]
        last = int(np.searchsorted(bars.ordinals, day + RETEST_DAYS, side="right")) - 1
        rows = np.arange(at + 1, min([last, *ends]) + 1)
        touched = rows[(bars.low[rows] <= TOUCH * level) & (bars.close[rows] > level)]
        if touched.size:
            found.append(int(bars.ordinals[touched[0]]))
    return np.unique(np.array(found, dtype=np.int64))


def crosses(record: Record) -> Ordinals:
    """Give the Sundays of the golden crosses of Bitcoin's weekly MACD, by the strategy's defaults."""
    weekly = weekly_macd(record.bars[BTC], MacdParams())
    found = weekly.sundays[(weekly.cross == weekly.sundays) & (weekly.cross > NEVER)]
    known: Ordinals = found[found <= record.end]
    return known


def month_highs(bars: BarSeries) -> Ordinals:
    """Give the last sessions of completed months whose close is above all earlier ones of months."""
    if not len(bars):
        return bars.ordinals
    months = bars.days.astype("datetime64[M]")
    last = np.append(np.flatnonzero(np.diff(months.astype(np.int64))), len(bars) - 1)
    after = (months[last[-1]] + np.timedelta64(1, "M")).astype("datetime64[D]")
    if np.busday_offset(after - np.timedelta64(1, "D"), 0, roll="backward") > bars.days[-1]:
        last = last[:-1]
    closes = bars.close[last]
    found = np.zeros(len(last), dtype=np.bool_)
    if len(last):
        found[1:] = closes[1:] > np.maximum.accumulate(closes)[:-1]
    highs_of_months: Ordinals = bars.ordinals[last[found]]
    return highs_of_months


def entries(days: Ordinals, quiet_days: int) -> Ordinals:
    """Give the days of a state with none in the `quiet_days` days before.

    Args:
        days: of the state, ascending.
    """
    if not len(days):
        return days
    found: Ordinals = days[np.append(True, np.diff(days) > quiet_days)]
    return found


def thinned(days: Ordinals, apart: int) -> Ordinals:
    """Keep, from the first on, every day at least `apart` days after the last one kept."""
    kept: list[int] = []
    for day in days.tolist():
        if not kept or day - kept[-1] >= apart:
            kept.append(day)
    return np.array(kept, dtype=np.int64)


def treasury_falls(record: Record) -> Ordinals:
    """Give the days on which the Treasury's account, as it was known, began to be much lower than four weeks before."""
    days = record.days[record.days >= TGA_SINCE]
    fall = record.known("WTREGEN", days) - record.known("WTREGEN", days - TGA_DAYS)
    return entries(days[fall <= TGA_FALL], TGA_DAYS)


def ether_highs(record: Record) -> Ordinals:
    """Give the Fridays on which ETH began to be above its 20 Fridays before."""
    fridays = record.fridays
    now = record.prices.at("ETH", fridays)
    before = [record.prices.at("ETH", fridays - DAYS_A_WEEK * k) for k in range(1, HIGH_WEEKS + 1)]
    return entries(fridays[now > np.max(before, axis=0)], 126)


def shocks(record: Record) -> Ordinals:
    """Give the days on which Bitcoin's volatility began to be above nine tenths of all it had been so far."""
    line = record.prices[BTC]
    days = np.arange(line.first, line.last + 1)
    returns = np.diff(line.at(days))
    if len(returns) < SHOCK_DAYS:
        return days[:0]
    windows = np.lib.stride_tricks.sliding_window_view(returns, SHOCK_DAYS)
    volatility = np.std(windows, axis=1, ddof=1)
    days = days[SHOCK_DAYS:]
    judged = range(SHOCK_LEAST - 1, len(volatility))
    found = [at for at in judged if volatility[at] > np.quantile(volatility[: at + 1], SHOCK_QUANTILE)]
    return entries(days[found], 90)


def recent_record(record: Record, days: Ordinals) -> Floats:
    """Tell for each day whether the index made a record in the 28 days up to it: 1, 0, or NaN where it has no close."""
    bars = record.bars[RUT]
    made = bars.ordinals[records_of(bars)]
    count = np.searchsorted(made, days, side="right") - np.searchsorted(made, days - RECENT_DAYS, side="right")
    return np.where(np.isnan(record.prices.at(RUT, days)), np.nan, (count > 0).astype(np.float64))


def of_high(record: Record, name: str, days: Ordinals) -> Floats:
    """Give a price as a share of its highest so far on each day."""
    line = record.prices[name]
    if not len(line):
        return np.full(len(days), np.nan)
    high = np.maximum.accumulate(line.values)
    at = np.searchsorted(line.ordinals, days, side="right") - 1
    return np.exp(line.at(days) - high[np.maximum(at, 0)])


def gaps(record: Record) -> Ordinals:
    """Give the days on which the index came near its high while Bitcoin and the typical alt were below theirs."""
    days = record.days
    near = of_high(record, RUT, days) >= NEAR_HIGH
    below = (of_high(record, BTC, days) <= BELOW_HIGH) & (of_high(record, ALT, days) <= BELOW_HIGH)
    return entries(days[near & below], 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tops:
    """The tops of Bitcoin that a bear market followed, and those of which that is not decided yet, as ordinals."""

    closed: tuple[int, ...]
    open: tuple[int, ...]


def tops(bars: BarSeries, end: int) -> Tops:
    """Find the bear market tops.

    A record that is followed, before any higher close, by a fall to half of it, and stays above all for more than a
    year. Never exceeded yet, halved, and at most a year old: it is open.
    """
    closed, still_open = [], []
    closes, days = bars.close, bars.ordinals
    at_record = np.flatnonzero(records_of(bars))
    nexts = np.append(at_record[1:], len(bars))
    for at, after in zip(at_record.tolist(), nexts.tolist(), strict=True):
        between = closes[at + 1 : after]
        if not between.size or float(between.min()) > HALF * closes[at]:
            continue
        is_exceeded = after < len(bars)
        days_below = (int(days[after]) if is_exceeded else end) - int(days[at])
        if days_below > BEAR_DAYS:
            closed.append(int(days[at]))
        elif not is_exceeded:
            still_open.append(int(days[at]))
    return Tops(closed=tuple(closed), open=tuple(still_open))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rally:
    """From a low that a close doubles to the high that a close halves, as ordinals; `ended`: whether one did."""

    start: int
    top: int
    ended: bool


def rallies(bars: BarSeries) -> tuple[Rally, ...]:
    """Find the rallies: a zigzag of doublings and halvings on closes, that begins looking for a low."""
    found: list[Rally] = []
    closes, days = bars.close.tolist(), bars.ordinals.tolist()
    low = high = 0
    rising = False
    for at, close in enumerate(closes):
        if rising:
            if close > closes[high]:
                high = at
            elif close <= HALF * closes[high]:
                found.append(Rally(start=days[low], top=days[high], ended=True))
                rising = False
                low = min(range(high + 1, at + 1), key=closes.__getitem__)
        elif close < closes[low]:
            low = at
        elif close >= 2 * closes[low]:
            rising, high = True, at
    if rising:
        found.append(Rally(start=days[low], top=days[high], ended=False))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dip:
    """A close a tenth below the high: its day, and how many days passed until the high was back, at most a year."""

    day: int
    days: int


def dips(bars: BarSeries) -> tuple[Dip, ...]:
    """Find the dips of which the end is known, or that lasted longer than a year; then the high is counted anew."""
    found: list[Dip] = []
    high, since = 0.0, None
    for day, close in zip(bars.ordinals.tolist(), bars.close.tolist(), strict=True):
        if since is not None:
            if close >= high and day - since <= BEAR_DAYS:
                found.append(Dip(day=since, days=day - since))
                since = None
            elif day - since >= BEAR_DAYS:
                found.append(Dip(day=since, days=BEAR_DAYS))
                high, since = close, None
        if since is None:
            high = max(high, close)
            if close <= BELOW_HIGH * high:
                since = day
    return tuple(found)


def dates(days: Sequence[int] | Ordinals) -> tuple[date, ...]:
    """Give ordinals as dates."""
    return tuple(days_of(np.array(days, dtype=np.int64)).tolist()) if len(days) else ()


def iso(days: Sequence[int] | Ordinals) -> list[str]:
    """Give ordinals as ISO days."""
    return [day.isoformat() for day in dates(days)]
