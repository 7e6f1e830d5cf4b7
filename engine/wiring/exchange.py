"""From a folder of CSV files, or the sample market, to a practice exchange."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.core.calendar import opening_instant
from engine.core.errors import ConfigError, DataError
from engine.core.market import BarSeries
from engine.data.csv_files import read_csv_bars
from engine.data.sample import SampleBars
from engine.data.sample_regimes import INDEX, MARKETS
from engine.data.sessions import NewYorkSessions
from engine.practice.clock import PracticeClock
from engine.practice.control import instant_in
from engine.practice.exchange import COMMISSION, SLIPPAGE, PracticeExchange
from engine.practice.signatures import ApiKey

COIN_FILE = re.compile(r"[A-Z0-9]{1,12}\.csv")
DEFAULT_SPAN = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class PracticeMarket:
    """The bars that a practice exchange is made of.

    Attributes:
        coins: a series each, at least one.
        source: where they come from, in words.
        synthetic: whether they are made up.
    """

    coins: Sequence[BarSeries]
    source: str
    synthetic: bool

    @property
    def leader(self) -> BarSeries:
        """The series whose days decide where the clock may stand: Bitcoin's, or the longest without it."""
        return next((bars for bars in self.coins if bars.symbol == "BTC"), max(self.coins, key=len))


def practice_market(folder: Path | None, *, index: str = INDEX) -> PracticeMarket:
    """Load every series of a folder but the index; the sample market without a folder.

    Raises:
        DataError: the folder is missing or has no file of a coin, or a row of one is bad.
    """
    if folder is None:
        sample = SampleBars(NewYorkSessions().between)
        coins = [sample.load(symbol).bars for symbol in MARKETS if symbol != INDEX]
        return PracticeMarket(coins=coins, source="the synthetic sample market", synthetic=True)
    if not folder.is_dir():
        raise DataError(f"{folder}: is not a folder; one that holds BTC.csv, ETH.csv and so on is wanted")
    files = sorted(path for path in folder.iterdir() if COIN_FILE.fullmatch(path.name) and path.stem != index)
    if not files:
        raise DataError(f"{folder}: holds no file of a coin; files like BTC.csv are wanted")
    coins = [read_csv_bars(path, path.stem, index=False) for path in files]
    return PracticeMarket(coins=coins, source=f"csv files of {folder}", synthetic=False)


def practice_exchange(
    market: PracticeMarket,
    *,
    keys: Sequence[ApiKey],
    wall: Callable[[], datetime],
    at: datetime | None = None,
    speed: float = 0.0,
    allowance: Mapping[str, Decimal] | None = None,
    commission: Decimal = COMMISSION,
    slippage: Decimal = SLIPPAGE,
) -> PracticeExchange:
    """Open an exchange over a market.

    Args:
        keys: what opens its account.
        wall: the wall clock.
        at: where its clock starts; without it a year before the last bar.
        speed: seconds that pass there for one on the wall; 0 stands still until it is steered.
        allowance, commission, slippage: as `PracticeExchange` takes them.

    Raises:
        ConfigError: the instant is outside the days that have bars.
    """
    leader = market.leader
    first, end = opening_instant(leader.first_day), opening_instant(leader.last_day) + timedelta(days=1)
    start = max(first, end - DEFAULT_SPAN) if at is None else at
    if not first <= start <= end:
        raise ConfigError(
            f"--at {start:%Y-%m-%d}: {leader.symbol} has bars from {leader.first_day} to {leader.last_day}; "
            "a day among them is wanted"
        )
    return PracticeExchange(
        market.coins,
        clock=PracticeClock(start, speed=speed, wall=wall),
        keys=keys,
        allowance=allowance,
        commission=commission,
        slippage=slippage,
        synthetic=market.synthetic,
    )


def instant_of_option(text: str) -> datetime:
    """Read `--at`.

    Raises:
        ConfigError: it is no date and no instant.
    """
    try:
        return instant_in(text)
    except ValueError as error:
        raise ConfigError(f"--at: {error}") from error
