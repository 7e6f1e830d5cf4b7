"""Random markets with the faults that real ones have, and random settings to trade them with; by a seed.

Late listings, delisted coins, days and sessions without a bar, an index that ends early, gaps at the open.
"""

import csv
import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from tests.support.oracle import new_york_sessions

COINS = ("ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
FIRST_SESSION, LAST_DAY = date(2013, 1, 2), date(2019, 6, 30)


def write_random_market(folder: Path, seed: int) -> dict[str, Any]:
    """Write `BTC.csv`, `RUT.csv` and the coins' files of about five years, and give a configuration for them."""
    chance = Random(seed)
    sessions = [session for session in new_york_sessions() if FIRST_SESSION <= session <= LAST_DAY]
    sessions = sessions[: len(sessions) - chance.choice([0, 0, 2, 3, 4, 9])]
    index_closes = _walk(chance, len(sessions), start=1000, deviation=0.011, trend=0.0018)
    _write(
        chance,
        folder / "RUT.csv",
        _without_some_sessions(chance, sessions),
        dict(zip(sessions, index_closes, strict=True)),
    )
    first_day = date(2014, 1, 1) + timedelta(days=chance.randrange(60))
    days = _days(first_day, LAST_DAY - timedelta(days=chance.choice([0, 0, 1, 5])))
    core = dict(zip(days, _walk(chance, len(days), start=500, deviation=0.03, trend=0.008), strict=True))
    _write(chance, folder / "BTC.csv", _without_some(chance, days, share=0.004), core)
    for coin in COINS:
        first = days[0] + timedelta(days=chance.choice([-100, 0, 0, chance.randrange(1500)]))
        last = chance.choice([LAST_DAY, LAST_DAY, first + timedelta(days=200 + chance.randrange(1500))])
        listed = _days(first, min(last, LAST_DAY))
        own = _walk(chance, len(listed), start=chance.choice([0.02, 3, 200]), deviation=0.03, trend=0.002)
        closes = {day: close * math.sqrt(core.get(day, 500) / 500) for day, close in zip(listed, own, strict=True)}
        _write(
            chance,
            folder / f"{coin}.csv",
            _without_some(chance, listed, share=chance.choice([0.0, 0.01, 0.05, 0.3])),
            closes,
        )
    return _settings(chance, sorted(index_closes)[int(len(sessions) * 0.6)])


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _walk(chance: Random, length: int, *, start: float, deviation: float, trend: float) -> list[float]:
    closes, direction = [start], trend
    for _ in range(length - 1):
        if chance.random() < 1 / 90:
            direction = chance.choice([-trend, 0, trend, trend])
        closes.append(closes[-1] * math.exp(direction + chance.gauss(0, deviation)))
    return closes


def _without_some(chance: Random, days: Sequence[date], *, share: float) -> list[date]:
    inner = [day for day in days[1:-1] if chance.random() >= share]
    return [days[0], *inner, days[-1]]


def _without_some_sessions(chance: Random, sessions: Sequence[date]) -> list[date]:
    kept: list[date] = []
    position = 0
    while position < len(sessions):
        kept.extend(sessions[position : position + 20 + chance.randrange(100)])
        position = sessions.index(kept[-1]) + 1 + chance.randint(1, 3)
    return kept


def _write(chance: Random, path: Path, days: Sequence[date], closes: dict[date, float]) -> None:
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["date", "open", "high", "low", "close", "volume"])
        for before, day in pairwise([days[0], *days]):
            gap = chance.gauss(0, 0.06 if chance.random() < 0.1 else 0.003)
            first, last = closes[before] * math.exp(gap), closes[day]
            row = (first, max(first, last) * 1.004, min(first, last) * 0.996, last)
            writer.writerow([day, *(f"{price:.7f}" for price in row), chance.randrange(10**6)])


def _settings(chance: Random, level: float) -> dict[str, Any]:
    breakout = {
        "mode": chance.choice(["auto", "auto", "auto", "fixed"]),
        "lookback_years": chance.choice([2, 3]),
        "min_age_weeks": chance.choice([2, 4, 8, 20]),
        "buffer": chance.choice([0.0, 0.0, 0.004]),
        "confirm_sessions": chance.randint(1, 4),
        "tolerance": chance.choice([0.0, 0.0, 0.01]),
        "loss_sessions": chance.randint(1, 4),
        "valid_weeks": chance.choice([None, None, 3, 12, 30]),
    }
    if breakout["mode"] == "fixed":
        breakout["level"] = round(level, 2)
    strategy = {
        **chance.choice(
            [
                {},
                {"basket": {"ETH": 0.4, "SOL": 0.15}, "basket_equal": chance.sample(COINS[2:], 3)},
                {"basket": {"XRP": 0.2, "BTC": 0.3}, "basket_equal": ["DOGE", "ETH"]},
                {"basket": {"ETH": 0.6, "ADA": 0.4}, "basket_equal": []},
                {"basket": {}, "basket_equal": list(COINS)},
            ]
        ),
        "min_history_days": chance.choice([1, 30, 200]),
        "breakout": breakout,
        "macd": {
            "fast": chance.randint(2, 6),
            "slow": chance.randint(8, 14),
            "signal": chance.randint(2, 5),
            "valid_weeks": chance.randint(3, 9),
            "warmup_weeks": chance.choice([20, 40, 60]),
        },
        "hold_weeks": chance.choice([1, 3, 6, 10, 15, 20]),
        "exit_to": chance.choice(["core", "cash"]),
        "cash_reserve": chance.choice([0.0, 0.005, 0.03]),
        "rebalance_drift": chance.choice([None, 0.03, 0.08]),
    }
    return {
        "strategy": strategy,
        "window": {
            "from": chance.choice(["2014-03-01", "2015-02-11"]),
            "to": chance.choice([None, None, "2019-03-03"]),
        },
        "account": {"cash": chance.choice([9, 60, 400, 100000])},
        "costs": chance.choice([{}, {"commission": 0.0, "slippage": 0.0}, {"commission": 0.004, "slippage": 0.01}]),
    }
