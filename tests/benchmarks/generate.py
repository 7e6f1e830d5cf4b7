"""Write a made-up market of any size as CSV files, with the configuration of a backtest over it.

    python tests/benchmarks/generate.py FOLDER --series 50 --years 9

One index (RUT, on the sessions of the New York Stock Exchange) and coins (BTC, ETH, COIN001 …) as seeded random walks.
Their drifts swing over some years, so that the index breaks out and falls back, and rotations happen. It says nothing
about any strategy: it is for measuring time.
"""

import argparse
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import exchange_calendars
import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

INDEX = "RUT"
LAST_DAY = date(2025, 12, 31)
LOT_STEP = 0.00001
SIGNIFICANT_DIGITS = 6
DAYS_A_YEAR, SESSIONS_A_YEAR = 365.25, 252


def coin_names(series: int) -> list[str]:
    """Name the coins of a market of `series` series, the index among them."""
    return ["BTC", "ETH", *(f"COIN{number:03d}" for number in range(1, series - 2))]


def swing(length: int, *, period: float, size: float) -> Floats:
    """Give the daily drifts of a cycle: shape (length,), log return a day; over a period they add up to zero."""
    phase = np.arange(length) * (2 * np.pi / period)
    return np.asarray(size * np.pi / period * np.sin(phase), dtype=np.float64)


def pulled_back(steps: Floats) -> Floats:
    """Add up steps that are drawn back to the start by 0.2 % a day, or 27 years would end at absurd prices."""
    pull = 0.002
    # The mean is seeded with the first step at full weight, so the walk begins at rest.
    rested = pd.Series(np.concatenate([[0.0], steps[1:]]))
    return np.asarray(rested.ewm(alpha=pull, adjust=False).mean() / pull, dtype=np.float64)


def six_digits(prices: Floats) -> Floats:
    """Round to six significant digits, which keeps their order and the files small."""
    scale = 10.0 ** (SIGNIFICANT_DIGITS - 1 - np.floor(np.log10(prices)))
    return np.asarray(np.round(prices * scale) / scale, dtype=np.float64)


def bars_of(days: pd.DatetimeIndex, log_closes: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """Make whole bars around closes: opens near the last close, highs and lows a little outside."""
    close = np.exp(log_closes)
    gap = rng.normal(0, 0.002, len(close))
    open_ = np.concatenate([close[:1], close[:-1]]) * np.exp(gap)
    above, below = np.abs(rng.normal(0, 0.01, (2, len(close))))
    return pd.DataFrame(
        {
            "open": six_digits(open_),
            "high": six_digits(np.maximum(open_, close) * (1 + above)),
            "low": six_digits(np.minimum(open_, close) / (1 + below)),
            "close": six_digits(close),
            "volume": rng.integers(1_000, 10_000_000, len(close)),
        },
        index=days.rename("date"),
    )


def index_bars(first: date, seed: int) -> pd.DataFrame:
    """Make the index: a slow rise, a swing of three years, one per cent a day."""
    calendar = exchange_calendars.get_calendar("XNYS", start=pd.Timestamp(first), end=pd.Timestamp(LAST_DAY))
    days = pd.DatetimeIndex(calendar.sessions)
    rng = np.random.default_rng([seed, 0])
    drift = 0.10 / SESSIONS_A_YEAR + swing(len(days), period=2.5 * SESSIONS_A_YEAR, size=0.25)
    return bars_of(days, np.log(1000.0) + np.cumsum(drift + rng.normal(0, 0.010, len(days))), rng)


def coin_bars(first: date, seed: int, number: int) -> pd.DataFrame:
    """Make coin `number`: what all coins share, with a swing of two years, and a walk of its own."""
    days = pd.date_range(first, LAST_DAY, freq="D")
    shared = pulled_back(np.random.default_rng([seed, 1]).normal(0, 0.025, len(days)))
    rng = np.random.default_rng([seed, 2, number])
    own = pulled_back(rng.normal(0, 0.025, len(days)))
    common = shared + np.cumsum(swing(len(days), period=2 * DAYS_A_YEAR, size=1.5))
    return bars_of(days, np.log(10_000.0 if number == 0 else 10.0) + common + own, rng)


def configuration(folder: Path, coins: list[str], first: date) -> dict[str, Any]:
    """Give the configuration of a backtest that holds every coin."""
    return {
        "name": f"market-{len(coins) + 1}",
        "strategy": {"name": "rotation", "basket": {"ETH": 0.5}, "basket_equal": coins[2:]},
        "window": {"from": first},
        "account": {"instruments": {coin: {"lot_step": LOT_STEP} for coin in coins[2:]}},
        "data": {
            "crypto": "csv",
            "index": "csv",
            "csv_dir": str(folder.resolve()),
            "cache_dir": str(folder.resolve() / "cache"),
        },
    }


def write_market(folder: Path, *, series: int, years: int, seed: int) -> Path:
    """Write the CSV files and the configuration of a market; give the configuration's path."""
    folder.mkdir(parents=True, exist_ok=True)
    first = date(LAST_DAY.year + 1 - years, 1, 1)
    coins = coin_names(series)
    index_bars(first, seed).to_csv(folder / f"{INDEX}.csv")
    for number, coin in enumerate(coins):
        coin_bars(first, seed, number).to_csv(folder / f"{coin}.csv")
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(configuration(folder, coins, first), sort_keys=False), encoding="utf-8")
    return path


def main() -> None:
    """Write a market as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, default=13, help="index and coins together, at least 4")
    parser.add_argument("--years", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.series < 4 or arguments.years < 3:
        parser.error("at least 4 series and 3 years are wanted: the weekly MACD warms up for 100 weeks")
    print(write_market(arguments.folder, series=arguments.series, years=arguments.years, seed=arguments.seed))


if __name__ == "__main__":
    main()
