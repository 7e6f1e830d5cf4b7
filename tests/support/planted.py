"""Markets of which the truth is known: an index and coins without any relation, with a lead, with none but the week's.

Coins trade for 12.6 years, the index for longer. Coins share a factor; returns have fat tails and clustered volatility.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator

from engine.analysis.study import blocks
from engine.analysis.study.claims import CLAIMS
from engine.analysis.study.court import Court
from engine.analysis.study.events import thinned
from engine.analysis.study.evidence import Tried, driven_by, ranked
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import ALT, ALT_COINS, BTC, RUT, Record
from engine.analysis.study.rotations import RULES, rotations
from engine.core.calendar import DAYS_A_WEEK, days_between
from engine.core.market import BarSeries, Floats, crypto_series
from engine.core.series import SeriesKind, ValueSeries
from engine.data.index_bars import index_series
from strategies.rotation import RotationParams

FIRST, FIRST_COIN, LAST = date(2008, 1, 7), date(2013, 5, 1), date(2025, 12, 5)
PLANTED_WEEKS = 4
PLANTED_DAYS = PLANTED_WEEKS * DAYS_A_WEEK
DRAWS = 499
EVENTS = 14
CLAIM_BY_ID = {claim.id: claim for claim in CLAIMS}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is planted.

    Attributes:
        lead: how much of the index's day the coins do four weeks later; same: how much they do on the day.
        at_highs: what they gain a week more while the index is in new territory.
    """

    lead: float = 0.0
    same: float = 0.0
    at_highs: float = 0.0


def planted(seed: int, truth: Truth) -> Record:
    """Build a market."""
    chance = np.random.default_rng([2026, seed])
    days = days_between(FIRST, LAST)
    on_session = np.is_busday(days)
    index = np.where(on_session, _noise(chance, len(days), 0.012) + 0.0003, 0.0)
    broad = 0.6 * index + np.where(on_session, _noise(chance, len(days), 0.007), 0.0)
    factor = _noise(chance, len(days), 0.03) + truth.lead * np.append(np.zeros(PLANTED_DAYS), index[:-PLANTED_DAYS])
    factor += truth.same * index
    if truth.at_highs:
        factor += truth.at_highs / DAYS_A_WEEK * _in_new_territory(index)
    bars: dict[str, BarSeries] = {}
    for name, returns in ((RUT, index), ("SPY", broad)):
        closes = 1000 * np.exp(np.cumsum(returns))[on_session]
        bars[name] = index_series(name, days=days[on_session], **_prices(closes))
    begun = int((FIRST_COIN - FIRST) / timedelta(days=1))
    for name in (BTC, *ALT_COINS):
        closes = 100 * np.exp(np.cumsum(factor[begun:] + _noise(chance, len(days) - begun, 0.02)))
        bars[name] = crypto_series(name, days=days[begun:], **_prices(closes))
    return Record(bars=bars, values={}, absent={}, digests={})


def _noise(chance: Generator, length: int, deviation: float) -> Floats:
    # Volatility is high for some weeks and low for others, as markets have it.
    weeks = np.exp(0.4 * chance.standard_normal(length // 30 + 1))
    noise: Floats = deviation * np.repeat(weeks, 30)[:length] * chance.standard_t(5, length) / np.sqrt(5 / 3)
    return noise


def _in_new_territory(index: Floats) -> Floats:
    level = np.cumsum(index)
    made = np.flatnonzero(np.append(False, level[1:] > np.maximum.accumulate(level)[:-1]))
    days = np.arange(len(index))
    last = made[np.maximum(np.searchsorted(made, days - 1, side="right") - 1, 0)]
    return (days - 1 - last < 28).astype(np.float64)


def _prices(closes: Floats) -> dict[str, Floats]:
    opens = np.append(closes[:1], closes[:-1])
    return {
        "open": opens,
        "high": np.maximum(opens, closes),
        "low": np.minimum(opens, closes),
        "close": closes,
        "volume": np.full(len(closes), 1.0),
    }


def at_random(court: Court, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Give days of events that have nothing to do with anything, in clusters."""
    chance = np.random.default_rng([77, seed])
    first, last = court.record.bars[BTC].ordinals[[0, -1]] + np.array([60, -126])
    starts = np.sort(chance.integers(first, last, 3 * EVENTS))
    chosen = thinned(starts, 126)
    return np.sort(chosen[:EVENTS])


def court_of(record: Record) -> Court:
    """Give the court as the suite asks it."""
    return Court(record=record, draws=DRAWS)


def claim(test: str) -> Callable[[Court, int], Outcome]:
    """Give a claim of the registry."""
    return lambda court, _: CLAIM_BY_ID[test].run(court)


BLOCKS: Mapping[str, Callable[[Court, int], Outcome]] = {
    "assoc": claim("000-13b"),
    "partial": lambda court, _: court.assoc("001-5a", court.week(RUT), court.week(ALT), given=[court.week("SPY")]),
    "lead": claim("001-8a"),
    "net": claim("004-5a"),
    "shift": lambda court, _: blocks.shift(court.week(RUT, 13), court.ahead(ALT, 13), margin=26, width=13),
    "event": lambda court, seed: court.event(at_random(court, seed), ALT, 126),
    "hit": lambda court, seed: court.hit(at_random(court, seed), ALT, 126),
    "state": claim("002-5e"),
}
"""Each block, asked of what has no relation in a market without one."""


def p_of(outcome: Outcome) -> float:
    """Give the p of an outcome that has one."""
    assert outcome.judged is not None
    return outcome.judged.p


def with_luck(record: Record) -> Record:
    """Give a market in which one event was followed by a threefold gain: a single high after a year without.

    The index falls by a third, stays there for a year and a half, makes one new high, and falls back for good.
    """
    bars = record.bars[RUT]
    days = np.arange(len(bars), dtype=np.float64)
    closes = 700 + 10 * np.sin(days / 9) + 100 * np.exp(-days)
    at = len(bars) * 2 // 3
    closes[0], closes[1], closes[at] = 900.0, 1000.0, 1010.0
    event = int(bars.ordinals[at])
    changed = {RUT: replace(bars, close=closes)}
    for coin in (BTC, *ALT_COINS):
        own = record.bars[coin]
        rise = np.clip((own.ordinals - event) / 126, 0, 1)
        changed[coin] = replace(own, close=own.close * np.exp(1.2 * rise))
    return replace(record, bars={**record.bars, **changed})


WARM_UP = 800
"""After so many days both signals have their history."""
PLACEBO_NAMES = ("QQQ", "GLD", "SLV", "NVDA", "VIX")


def with_placebos(seed: int, *, a_day: float) -> Record:
    """Give a market with the placebos in it, all of them noise.

    Args:
        a_day: what coins gain a day on Bitcoin in the rotations that the index drives, and lose outside them.
    """
    record = planted(seed, Truth())
    chance = np.random.default_rng([99, seed])
    bars = dict(record.bars)
    sessions = bars[RUT].days
    for name in ("SPY", *PLACEBO_NAMES):
        closes = 100 * np.exp(np.cumsum(_noise(chance, len(sessions), 0.012) + 0.0003))
        bars[name] = index_series(name, days=sessions, **_prices(closes))
    tried = _tried(replace(record, bars=bars))
    inside = np.full(len(tried.days), -1.0)
    for span in rotations(tried.signals(tried.basket()), RULES["both"]):
        inside[span.entry + 1 : span.exit + 1] = 1.0
    gained = np.exp(a_day * np.cumsum(np.append(np.zeros(WARM_UP), inside)))
    for coin in ALT_COINS if a_day else ():
        own = bars[coin]
        before = np.append(1.0, gained[:-1])
        bars[coin] = replace(own, open=own.open * before, close=own.close * gained)
    copper = chance.normal(0, 0.01, len(sessions)).cumsum()
    values = ValueSeries(
        name="COPPER_CLOSE",
        kind=SeriesKind.DAILY,
        ordinals=bars[RUT].ordinals,
        values=3 * np.exp(copper),
        known_at=bars[RUT].known_at,
    )
    return replace(record, bars=bars, values={"COPPER_CLOSE": values})


def _tried(record: Record) -> Tried:
    days = record.bars[BTC].ordinals[WARM_UP:]
    return Tried(record=record, params=RotationParams(name="rotation"), costs=0.0015, days=days)


def placebo_rank(record: Record) -> tuple[int, int, int]:
    """Give the rank of the index among the placebos, of how many, and how often it rotated."""
    tried = _tried(record)
    basket = tried.basket()
    driven = driven_by(tried, tried.signals(basket))
    order = ranked({name: basket.total(spans) for name, spans in driven.items()})
    return order.index(RUT) + 1, len(order), len(driven[RUT])
