"""From a configuration to a paper run: the session of the backtest, driven by an exchange's clock."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np

from engine import __version__
from engine.config import Config
from engine.core.calendar import Days
from engine.core.errors import ConfigError, DataError, VenueError
from engine.core.events import Event, RunStarted
from engine.core.fills import Costs
from engine.core.instrument import Instrument, symbol_of
from engine.core.ledger import Ledger
from engine.core.planner import Planner
from engine.core.strategy import AnyStrategy, Universe
from engine.data.sessions import NewYorkSessions
from engine.drivers.live import LiveDriver, Timing
from engine.epochs import EpochKeeper
from engine.journal.codec import EventCodec
from engine.journal.config_history import kept_config, note_replaced
from engine.journal.paper_folder import (
    LogWriter,
    RecordedJournal,
    check_for_lost_journal,
    keep_config,
    sweep_leftovers,
    write_projections,
)
from engine.journal.projections import booked_fills, decided_days, rotations_of
from engine.journal.sqlite import JOURNAL_FILE, SqliteJournal
from engine.journal.summary import RunFacts, summary_of
from engine.ports import ProgressBar, Venue
from engine.recovery import standing_of
from engine.session import Session, Standing
from engine.venues.answers import Quote
from engine.venues.credentials import Credentials, read_credentials
from engine.venues.exchange import BinanceSpot
from engine.venues.exchange_account import ExchangeAccount
from engine.venues.exchange_venue import ExchangeVenue
from engine.venues.hosts import MARKET_DATA, Network
from engine.venues.simulated import QuoteOf, SimulatedVenue
from engine.wiring.backtest import benchmark_curves, instruments_of, strategy_of
from engine.wiring.live_market import CsvFilesUpTo, ProvidedBars, SeriesUpTo, Snapshots, VenueBars, VenueCandles
from engine.wiring.market import Providers
from engine.wiring.sources import live_sources
from engine.wiring.watch import Watch

SIMULATED = "simulated"
RECORD_SECONDS = 5.0
"""How long a price that only goes on record is waited for."""
DOTENV = Path(".env")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a paper run takes from the process around it.

    Attributes:
        now: our clock; it signs requests and decides nothing.
        pause: waits so many seconds, or less when the run is to end.
        ending: whether the run is to end.
        notice: told, in words, what a person should know.
        progress: told of downloads.
    """

    now: Callable[[], datetime]
    pause: Callable[[float], None]
    ending: Callable[[], bool]
    notice: Callable[[str], None]
    progress: ProgressBar


class PaperRun:
    """One paper run on one folder.

    Args:
        store: the folder's journal, open, so that no other bot is at work there.
        snapshots: the bars; None for those of `data.*`.
        watch: listens, for whoever shows what the run is at.
        synthetic: whether the snapshots are of the made-up market.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        write_log: LogWriter,
        around: Surroundings,
        *,
        client: BinanceSpot,
        store: SqliteJournal,
        snapshots: Snapshots | None = None,
        watch: Watch | None = None,
        synthetic: bool = False,
    ) -> None:
        self._config = config
        self._folder = folder
        self._around = around
        self._synthetic = synthetic
        self._watch = watch or Watch(around.now)
        self._client = client
        self._strategy: AnyStrategy = strategy_of(config)
        self._universe: Universe = self._strategy.universe
        past = list(store)
        self._journal = RecordedJournal(store, past, folder, write_log)
        ledger = _first_ledger(config, past)
        standing = standing_of(past, Standing(ledger=ledger, state=self._strategy.start()))
        self._costs = Costs(commission=config.costs.commission, slippage=config.costs.slippage)
        venue = self._venue(past)
        self._planner = Planner(
            account=config.name, instruments=venue.instruments(), costs=self._costs, trading_order=self._universe.assets
        )
        self._session = Session(
            strategy=self._strategy,
            planner=self._planner,
            venue=venue,
            journal=self._journal,
            ledger=ledger,
            standing=standing,
        )
        self._start = ledger
        self._snapshots = snapshots or Snapshots(self._universe, *self._bars())

    def run(self, *, once: bool) -> Path | None:
        """Run until told to end, or, with `once`, until nothing is left to do now; give the report."""
        self.driver().run(once=once)
        return self.end()

    def end(self) -> Path | None:
        """Write down that the run ends, and every file; give the report, None where there is none."""
        last_day = self._session.standing.last_day
        if last_day is not None:
            self._session.end(last_day)
        self._write_files()
        return None if last_day is None else self._write_report()

    def _write_report(self) -> Path | None:
        from engine.report.html import write_report  # noqa: PLC0415 - wanted at the end only

        try:
            return write_report(self._folder)
        except (DataError, OSError) as error:
            # The record is whole; a page can be made of it at any time.
            self._around.notice(f"report.html was not written: {error}")
            return None

    @property
    def planner(self) -> Planner:
        """Plans the orders, by the venue's rules as they were at the start of the run."""
        return self._planner

    @property
    def ledger(self) -> Ledger:
        """What the run holds now."""
        return self._session.ledger

    @property
    def standing(self) -> Standing:
        """Where the session stands now."""
        return self._session.standing

    @property
    def events(self) -> Sequence[Event]:
        """All that happened, in order; grows while the run goes on."""
        return self._journal.events

    def driver(self) -> LiveDriver:
        """Make what drives the session by the exchange's clock."""
        config = self._config
        return LiveDriver(
            session=self._session,
            strategy=self._strategy,
            bars=self._watch.bars(self._snapshots),
            sessions=_new_york_sessions(),
            exchange_now=self._watch.clock(self._client.server_time),
            pause=self._around.pause,
            ending=self._around.ending,
            changed=self._write_files,
            check_account=self._account_check(),
            notice=self._around.notice,
            timing=Timing(
                grace=timedelta(seconds=config.live.grace_seconds),
                poll_seconds=config.live.poll_seconds,
                index_wait=timedelta(seconds=config.live.index_wait_seconds),
            ),
            max_stale_sessions=config.data.max_stale_sessions,
        )

    def _venue(self, past: Sequence[Event]) -> Venue:
        config, assets = self._config, self._universe.assets
        listed = self._client.instruments(assets, config.account.quote)
        if self._universe.core not in listed:
            market = symbol_of(self._universe.core, config.account.quote)
            raise ConfigError(f"strategy.core: {config.venue.name} has no market {market}")
        # A coin that the venue will list one day is traded by the configured or built-in rules until a restart.
        unlisted = instruments_of(config, [asset for asset in assets if asset not in listed])
        instruments: dict[str, Instrument] = unlisted | {asset: rules.instrument for asset, rules in listed.items()}
        if config.venue.name == SIMULATED:
            return SimulatedVenue(
                instruments=instruments, quotes=self._client.best_quotes, costs=self._costs, quote=config.account.quote
            )
        return ExchangeVenue(
            client=self._client,
            instruments=instruments,
            quote=config.account.quote,
            commission=config.costs.commission,
            listed=listed,
            booked_trades={(fill.symbol, fill.trade_id, fill.at) for fill in booked_fills(past)},
            market=self._market_quotes(),
            sleep=self._around.pause,
            ending=self._around.ending,
        )

    def _account_check(self) -> Callable[[datetime], None]:
        config, around = self._config, self._around
        if config.venue.name == SIMULATED:
            return _nothing_to_check
        account = ExchangeAccount(self._client, quote=config.account.quote, sleep=around.pause, ending=around.ending)
        return EpochKeeper(self._session, account, self._planner, place=config.venue.name).check

    def _market_quotes(self) -> QuoteOf:
        """Give the real market's quotes as far as they can be had: no order waits for what only goes on record."""
        config, around = self._config, self._around
        client = self._client
        if config.venue.base_url is None:
            client = BinanceSpot(
                network=MARKET_DATA,
                base_url=None,
                credentials=None,
                timeout_seconds=min(config.venue.timeout_seconds, RECORD_SECONDS),
                max_retries=0,
                sleep=around.pause,
                now=around.now,
                notice=around.notice,
            )

        def quotes(symbols: Sequence[str]) -> Mapping[str, Quote]:
            try:
                return client.best_quotes(symbols)
            except VenueError as error:
                around.notice(f"the real market's price is not on record: {error}")
                return {}

        return quotes

    def _bars(self) -> tuple[SeriesUpTo, SeriesUpTo]:
        config = self._config
        providers = Providers(config, now=self._client.server_time, progress=self._around.progress, stale_allowed=False)
        coins: SeriesUpTo
        index: SeriesUpTo
        if config.data.crypto == "venue":
            coins = VenueBars(VenueCandles(self._client, self._universe.assets, config.account.quote))
        elif config.data.crypto == "csv":
            coins = CsvFilesUpTo(_given(providers.coins(), "data.crypto"), _folder(config))
        else:
            coins = ProvidedBars(_given(providers.coins(), "data.crypto"))
        if config.data.index == "csv":
            index = CsvFilesUpTo(_given(providers.index(), "data.index"), _folder(config))
        elif self._universe.indices:
            index = ProvidedBars(_given(providers.index(), "data.index"))
        else:
            index = coins
        return coins, index

    def _write_files(self) -> None:
        events = self._journal.events
        days = decided_days(events)
        if not days:
            return
        history = self._snapshots.history_at(days[-1].day)
        facts = RunFacts(
            mode="paper",
            name=self._config.name,
            strategy=self._config.strategy.name,
            config_sha256=self._config.sha256(),
            version=__version__,
            synthetic=self._synthetic,
            data_sources=live_sources(
                history,
                self._universe,
                self._snapshots,
                coins=self._config.data.crypto,
                index=self._config.data.index,
                synthetic=self._synthetic,
            ),
            notes=(),
            benchmark_equity=benchmark_curves(
                self._config,
                self._universe,
                history,
                self._costs,
                self._start,
                [day.day for day in days],
                instruments=self._planner.instruments,
            ),
        )
        rotations = rotations_of(days)
        summary = summary_of(facts, days=days, fills=booked_fills(events), rotations=rotations)
        write_projections(self._folder, events, summary, facts.benchmark_equity)


def credentials_of(config: Config) -> Credentials | None:
    """Read the keys of the configured venue; None where it wants none.

    Raises:
        VenueError: they cannot be read.
    """
    return None if config.venue.name == SIMULATED else read_credentials(os.environ, dotenv=DOTENV)


def exchange_client(config: Config, credentials: Credentials | None, around: Surroundings) -> BinanceSpot:
    """Connect to the configured venue, or to the public market data that a simulated one fills at.

    Raises:
        VenueError: keys are missing or refused, or the exchange cannot be reached.
    """
    simulated = config.venue.name == SIMULATED
    client = BinanceSpot(
        network=MARKET_DATA if simulated else cast("Network", config.venue.name),
        base_url=config.venue.base_url,
        credentials=credentials,
        timeout_seconds=config.venue.timeout_seconds,
        max_retries=config.venue.max_retries,
        sleep=around.pause,
        now=around.now,
        notice=around.notice,
    )
    client.server_time()
    if not simulated:
        client.check_keys()
    return client


def paper_folder(config: Config, out: Path) -> Path:
    """Make or take up the run's folder: `paper-<name>-<venue>`.

    Raises:
        ConfigError: it cannot be written.
    """
    if "sample" in (config.data.crypto, config.data.index):
        raise ConfigError("data: sample is not allowed for `paper`; it trades on real bars")
    folder = out / f"paper-{config.name}-{config.venue.name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--out {out}: cannot be written: {error.strerror}; name a folder that can be written"
        ) from error
    return folder


@contextmanager
def paper_journal(config: Config, folder: Path, *, at: datetime, accept_config: bool) -> Iterator[SqliteJournal]:
    """Open the folder's journal, and hold the folder to the configuration that it began with.

    Args:
        at: the instant of opening.
        accept_config: take a changed configuration from today on.

    Raises:
        ConfigError: another bot is at work in the folder, or it began with another configuration.
        DataError: the journal is damaged, lost, or cannot be written.
    """
    codec = EventCodec(type(strategy_of(config).start()))
    check_for_lost_journal(folder)
    with SqliteJournal(folder / JOURNAL_FILE, codec, at=at) as store:
        sweep_leftovers(folder)
        # Nothing was done under a configuration before the first event.
        before = kept_config(folder)
        keep_config(folder, config.effective(), accept=accept_config or not len(store))
        note_replaced(folder, before, at=at, records=len(store))
        yield store


def _first_ledger(config: Config, past: Sequence[Event]) -> Ledger:
    """Give what the account began with; the configuration may have changed since."""
    started = next((event for event in past if isinstance(event, RunStarted)), None)
    if started is None:
        return Ledger(quote=config.account.quote, cash=config.account.cash)
    return Ledger(quote=started.quote, cash=started.cash)


def _nothing_to_check(at: datetime) -> None:
    """Check nothing: what fills in this process is never reset, and holds what the ledger says."""


def _given(provider: Any, key: str) -> Any:
    if provider is None:
        raise ConfigError(f"{key}: has no provider of bars for `paper`")
    return provider


def _folder(config: Config) -> Path:
    if config.data.csv_dir is None:
        raise ConfigError("data.csv_dir: null is not allowed with a csv provider; name the folder of the CSV files")
    return config.data.csv_dir


def _new_york_sessions() -> Callable[[date, date], Days]:
    """Give the sessions between two days, out of a calendar that is computed once a year of days."""
    calendar = NewYorkSessions()
    known: dict[int, Days] = {}

    def between(first: date, last: date) -> Days:
        year = last.year
        if year not in known:
            known[year] = calendar.between(date(year - 1, 1, 1), date(year, 12, 31))
        days = known[year]
        if first < date(year - 1, 1, 1):
            return calendar.between(first, last)
        return days[(days >= np.datetime64(first)) & (days <= np.datetime64(last))]

    return between
