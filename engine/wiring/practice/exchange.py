"""From a folder of CSV files, or the sample market, to a practice exchange."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.core.calendar import opening_instant
from engine.core.errors import ConfigError, DataError
from engine.core.market import PRICES, BarSeries
from engine.data.csv_files import read_csv_bars
from engine.data.sample import SampleBars
from engine.data.sample_regimes import INDEX, MARKETS
from engine.data.sessions import NewYorkSessions
from engine.machine.regular_files import regular
from engine.practice.clock import PracticeClock
from engine.practice.control import instant_in
from engine.practice.exchange import COMMISSION, QUOTE, QUOTE_ALLOWANCE, SLIPPAGE, PracticeExchange
from engine.practice.signatures import ApiKey
from engine.settings.config import Config
from engine.settings.reading import build_config, with_assignments
from engine.settings.registry import params_of

# As Binance has it of symbols (2026-06): letters and digits of any script, none of them a small Latin one.
COIN_NAME = re.compile(r"[^\W_a-z][\w.-]{0,45}")
SMALL_LATIN = re.compile(r"[a-z]")
DEFAULT_SPAN = timedelta(days=365)
LONGEST_HEADER = 1 << 16


@dataclass(frozen=True, kw_only=True)
class PracticeMarket:
    """The bars that a practice exchange is made of.

    Attributes:
        coins: a series each, at least one.
        source: where they come from, in words.
        synthetic: whether they are made up.
        left_out: files of the folder that are not served, each with the reason.
    """

    coins: Sequence[BarSeries]
    source: str
    synthetic: bool
    left_out: Sequence[str] = ()

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
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    reasons = {path: _why_left_out(path, index) for path in files}
    served = [path for path, reason in reasons.items() if not reason]
    left_out = [f"{path.name}: {reason}" for path, reason in reasons.items() if reason]
    if not served:
        more = f" (left out: {'; '.join(left_out)})" if left_out else ""
        raise DataError(f"{folder}: holds no file of a coin; files like BTC.csv are wanted{more}")
    coins = [read_csv_bars(path, path.stem, index=False) for path in served]
    return PracticeMarket(coins=coins, source=f"csv files of {folder}", synthetic=False, left_out=left_out)


def _why_left_out(path: Path, index: str) -> str:
    """Say why a file is no coin's; empty where it is one's."""
    if path.suffix != ".csv":
        return f"its name ends in {path.suffix}; .csv in small letters is looked for"
    reason = _why_no_coin(path.stem, index)
    if reason:
        return reason
    columns = _columns(path)
    if len(columns) > 1 and not columns & {*PRICES}:
        return "holds no bars: it has no column open, high, low or close"
    return ""


def _why_no_coin(name: str, index: str) -> str:
    if name == index:
        return "the index, no coin"
    if name == QUOTE:
        return "the quote currency, no coin"
    if SMALL_LATIN.search(name):
        return "a coin's file is named in capitals, like BTC.csv"
    if not COIN_NAME.fullmatch(name):
        return "no coin has such a name; letters, digits, dots, dashes and low lines are allowed, up to 46"
    return ""


def _columns(path: Path) -> set[str]:
    try:
        with regular(path).open(encoding="utf-8-sig", errors="replace") as file:
            return {name.strip().strip('"').lower() for name in file.readline(LONGEST_HEADER).split(",")}
    except OSError:
        # Whoever reads it whole says it better.
        return set()


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


@dataclass(frozen=True, kw_only=True)
class PracticeSettings:
    """What of a configuration an exchange goes by.

    Attributes:
        index: the name of the file that is no coin's.
        allowance: enough for the account that is to trade here.
    """

    index: str
    allowance: Mapping[str, Decimal]
    commission: Decimal
    slippage: Decimal


def settings_of(assignments: Sequence[str]) -> PracticeSettings:
    """Read what `--set` says of costs, account and index; any other key is checked, and is the bot's.

    Raises:
        ConfigError: a key or value is not allowed, or the account is in another currency.
    """
    return practice_settings(build_config(with_assignments({}, assignments), params_of))


def practice_settings(config: Config) -> PracticeSettings:
    """Take what an exchange goes by out of a configuration.

    Raises:
        ConfigError: the account is in another currency than the exchange's.
    """
    if config.account.quote != QUOTE:
        raise ConfigError(
            f"account.quote: {config.account.quote} is not allowed here; the practice exchange trades in {QUOTE}"
        )
    return PracticeSettings(
        index=str(getattr(config.strategy, "index", INDEX)),
        allowance={QUOTE: max(config.account.cash, QUOTE_ALLOWANCE)},
        commission=config.costs.commission,
        slippage=config.costs.slippage,
    )


def checked_speed(speed: float) -> float:
    """Give `--speed` back if a clock can run by it.

    Raises:
        ConfigError: it is no number, or infinite.
    """
    if not math.isfinite(speed):
        raise ConfigError(f"--speed {speed}: a number is wanted, 0 or more")
    return speed


def instant_of_option(text: str) -> datetime:
    """Read `--at`.

    Raises:
        ConfigError: it is no date and no instant.
    """
    try:
        return instant_in(text)
    except ValueError as error:
        raise ConfigError(f"--at: {error}") from error
