"""From a configuration to a paper run: the session of the backtest, driven by an exchange's clock."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.core.errors import ConfigError, DataError, VenueError
from engine.core.events import DataDoubted, Event
from engine.core.fills import Costs
from engine.core.instrument import Instrument, symbol_of
from engine.core.market import History
from engine.core.out_of_position import coins_out_of_position
from engine.core.planner import Planner
from engine.core.strategy import AnyStrategy, Universe
from engine.data.jumps import jump_words
from engine.data.sessions import sessions_by_year
from engine.journal.newest_head import MarkedJournal, NewestHead
from engine.journal.sqlite import SqliteJournal
from engine.ports import Venue
from engine.record.account_notes import account_notes, held_in_cash, kill_switch_of
from engine.record.paper_folder import LogWriter, RecordedJournal, write_projections
from engine.record.projections import booked_fills, decided_days, rotations_of
from engine.record.run_log import LogLine, label_of
from engine.record.run_record import PAPER
from engine.record.sealing import file_contents, seal_of
from engine.record.summary import RunFacts, summary_of
from engine.record.too_small import too_small_notes
from engine.settings.changed import changed_settings
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.trading.drivers.believed_time import BelievedTime
from engine.trading.drivers.live import LiveDriver, Timing
from engine.trading.first_sends import FirstSends
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from engine.trading.terms import Terms
from engine.venues.exchange import LiveClient
from engine.wiring.backtest.benchmarks import benchmark_curves
from engine.wiring.backtest.quoted_study import StudyBeside, study_data
from engine.wiring.backtest.terms import first_ledger, sizing_of
from engine.wiring.data.live_market import Snapshots
from engine.wiring.data.price_jumps import JumpWatch, jumps_in
from engine.wiring.data.sources import live_sources
from engine.wiring.live.live_series import live_snapshots
from engine.wiring.live.live_venue import VenueSetting, venue_of
from engine.wiring.live.surroundings import Surroundings
from engine.wiring.live.unlisted import unlisted_instruments
from engine.wiring.live.watch import Watch

if TYPE_CHECKING:
    from engine.wiring.live.live_context import LiveContext


class PaperRun:
    """One paper run on one folder.

    Args:
        store: the folder's journal, open, so that no other bot is at work there.
        snapshots: the bars; None for those of `data.*`.
        watch: listens, for whoever shows what the run is at.
        synthetic: whether prices are made up: the venue's, and then every bar.
        mode: what its summary says that it is, `paper` or `rehearsal`.
        told: shown the line of each event as it is written.
        context: makes the boards of the thesis that are written down; None where none is.
        label: what a person calls the run by; one that has begun keeps its own.

    Attributes:
        planner: plans the orders, by the venue's rules as they were at the start of the run.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        write_log: LogWriter,
        around: Surroundings,
        *,
        client: LiveClient,
        store: SqliteJournal,
        snapshots: Snapshots | None = None,
        watch: Watch | None = None,
        synthetic: bool = False,
        mode: str = PAPER,
        told: Callable[[LogLine], None] | None = None,
        context: "LiveContext | None" = None,
        label: str = "",
    ) -> None:
        self.synthetic = synthetic
        self.mode = mode
        self._config = config
        self._folder = folder
        self._around = around
        self._watch = watch or Watch(around.now)
        self._client = client
        self._clock = BelievedTime(self._watch.clock(client.server_time), own_now=around.now, notice=around.notice)
        self._strategy: AnyStrategy = strategy_of(config)
        self._universe: Universe = self._strategy.universe
        client.hold_to((*self._universe.assets, config.account.quote))
        self._store = store
        past = list(store)
        self._newest_head = NewestHead(around.heads, store.path)
        # Asked before this start writes anything.
        self._may_be_copy = bool(past) and not self._newest_head.is_known_as(store.head)
        self._journal = RecordedJournal(MarkedJournal(store, self._newest_head), past, folder, write_log, told)
        ledger = first_ledger(config.account, past)
        standing = standing_of(past, Standing(ledger=ledger, state=self._strategy.start()))
        self._costs = Costs(commission=config.costs.commission, slippage=config.costs.slippage)
        self._place = venue_of(config)
        venue = config.venue
        settle_seconds = max(venue.settle_seconds, client.late_seconds + venue.timeout_seconds)
        is_held = self._may_be_copy and self._place.has_account
        first_sends = FirstSends(settle_seconds if is_held else 0.0, pause=around.pause, notice=around.notice)
        self._setting = VenueSetting(
            config=config,
            around=around,
            client=client,
            costs=self._costs,
            booked={(fill.symbol, fill.trade_id, fill.at) for fill in booked_fills(past)},
            first_sends=first_sends,
            settle_seconds=settle_seconds,
        )
        identity = self._identity(past, standing)
        orders = self._opened(past)
        self.planner = Planner(
            account=identity or config.name,
            instruments=orders.instruments(),
            costs=self._costs,
            trading_order=self._universe.assets,
        )
        self._session = Session(
            strategy=self._strategy,
            planner=self.planner,
            venue=orders,
            journal=self._journal,
            ledger=ledger,
            standing=standing,
            sell_wait_days=config.account.sell_wait_days,
            identity=identity,
            label=label,
            sizing=sizing_of(config.risk),
            max_drawdown=config.risk.max_drawdown,
        )
        self._jumps = JumpWatch(config.data.jumps, self._universe, self._say_jumps)
        self._start = ledger
        self._study = StudyBeside(folder.parent, self._universe)
        self._context = context
        self._snapshots = snapshots or live_snapshots(
            config, self._universe, client, around, now=self._clock.last, stands=lambda: self.standing, context=context
        )

    @property
    def study(self) -> Mapping[str, Any] | None:
        """What a study of its very bars says of the claims behind an entry; None where there is none."""
        return self._study.found

    def _at_rest(self) -> None:
        self._see_context()
        last_day = self._session.standing.last_day
        if last_day is not None and self._study.look(last_day, self._history_at):
            # Whoever reads the folder is to see it as well.
            self._write_files()

    def _see_context(self) -> None:
        for seen in () if self._context is None else self._context.boards(self._journal.events):
            self._session.saw_context(seen)

    def run(self, *, once: bool, rearm: bool = False) -> Path | None:
        """Run until told to end, or, with `once`, until nothing is left to do now; give the report.

        Args:
            rearm: re-arm the kill switch first, by a person's word: the next day is decided like a first one.

        Raises:
            VenueError: the exchange refuses, or cannot be reached; the files tell of all that was decided until then.
        """
        if rearm:
            self.rearm()
        if words := held_in_cash(kill_switch_of(self.events), mode=self.mode):
            self._around.notice(words)
        begun_after = self._session.standing.last_day
        try:
            self.driver().run(once=once)
        except VenueError:
            if self._session.standing.last_day != begun_after:
                # The bars of the days decided since the start are at hand, but for what came late.
                self._write_files()
            raise
        return self.end()

    def rearm(self) -> None:
        """Re-arm the kill switch, by a person's word; that it holds was looked at before the exchange was asked."""
        self._session.rearm(self._clock())

    def end(self) -> Path | None:
        """Write down that the run ends, and every file; give the report, None where there is none."""
        last_day = self._session.standing.last_day
        if last_day is None:
            return None
        self._session.end(last_day)
        history = self._history_at(last_day)
        if history is None:
            return None
        self._write_files_of(history)
        self._store.seal(seal_of(file_contents(self._folder), self._config.sha256()))
        self._newest_head.keep(self._store.head)
        return self._write_report()

    def _write_report(self) -> Path | None:
        from engine.report.html.page import write_report  # noqa: PLC0415 - wanted at the end only

        try:
            return write_report(self._folder)
        except (DataError, OSError) as error:
            # The record is whole; a page can be made of it at any time.
            self._around.notice(f"report.html was not written: {error}")
            return None

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
            sessions=sessions_by_year(),
            exchange_now=self._clock,
            pause=self._around.pause,
            ending=self._around.ending,
            changed=self._write_files,
            check_account=self._account_check(),
            first_sends=self._setting.first_sends,
            notice=self._around.notice,
            timing=Timing(
                grace=timedelta(seconds=config.live.grace_seconds),
                poll_seconds=config.live.poll_seconds,
                index_wait=timedelta(seconds=config.live.index_wait_seconds),
            ),
            max_stale_sessions=config.data.max_stale_sessions,
            examine=self._jumps.examine,
            synthetic=self.synthetic,
            at_rest=self._at_rest,
        )

    def _identity(self, past: Sequence[Event], standing: Standing) -> str:
        """Give the name by which orders on an exchange are told from those of other runs; a run of 0.1.0 has none."""
        if not self._place.has_account:
            return ""
        return standing.identity if past else self._around.identity()

    def _opened(self, past: Sequence[Event]) -> Venue:
        config, assets = self._config, self._universe.assets
        listed = self._client.instruments(assets, config.account.quote)
        if self._universe.core not in listed:
            market = symbol_of(self._universe.core, config.account.quote)
            raise ConfigError(f"strategy.core: {config.venue.name} has no market {market}")
        unlisted = unlisted_instruments(config, [asset for asset in assets if asset not in listed], past)
        instruments: dict[str, Instrument] = unlisted | {asset: rules.instrument for asset, rules in listed.items()}
        return self._place.opened(self._setting, instruments, listed)

    def _account_check(self) -> Callable[[datetime], None]:
        check = self._place.account_check
        if check is None:
            return lambda _: None
        return check(self._setting, self._session, self.planner, lambda: self._journal.events)

    def _say_jumps(self, words: Sequence[str], day: date) -> None:
        known = {event.message for event in self._journal.events if isinstance(event, DataDoubted)}
        self._session.doubt(day, (each for each in words if each not in known))
        for line in words:
            self._around.notice(f"WARNING: {line}")

    def _write_files(self) -> None:
        last_day = self._session.standing.last_day
        history = None if last_day is None else self._history_at(last_day)
        if history is not None:
            self._write_files_of(history)

    def _history_at(self, day: date) -> History | None:
        try:
            return self._snapshots.history_at(day)
        except (DataError, VenueError) as error:
            # No reason to end a run: the journal has it all, and the next change or end writes the files.
            self._around.notice(f"the files are as of the last change: {error}")
            return None

    def _write_files_of(self, history: History) -> None:
        events = self._journal.events
        days = decided_days(events)
        self._study.look(days[-1].day, lambda _: history)
        facts = RunFacts(
            mode=self.mode,
            name=self._config.name,
            strategy=self._config.strategy.name,
            config_sha256=self._config.sha256(),
            version=__version__,
            synthetic=self.synthetic,
            data_sources=live_sources(
                history,
                self._universe,
                self._snapshots,
                coins=self._config.data.crypto,
                index=self._config.data.index,
                synthetic=self.synthetic,
            ),
            notes=(*too_small_notes(events), *account_notes(events, mode=self.mode)),
            doubts=tuple(jump_words(jumps_in(history, self._universe, until=days[-1].day))),
            benchmark_equity=benchmark_curves(
                Terms(name="", start=self._start, instruments=self.planner.instruments, costs=self._costs),
                self._config.account,
                self._universe,
                history,
                [day.day for day in days],
            ),
            rotates=self._universe.rotates,
            label=label_of(events),
            settings=changed_settings(self._config),
            study=self.study,
            study_data=study_data(history, self._universe, days[-1].day) if self._universe.rotates else None,
        )
        rotations = rotations_of(days)
        standing = self._session.standing
        missed = coins_out_of_position(
            standing.orders,
            standing.missed,
            ledger=standing.ledger,
            last=days[-1],
            wait_days=self._config.account.sell_wait_days,
        )
        summary = summary_of(facts, days=days, fills=booked_fills(events), rotations=rotations, out_of_position=missed)
        write_projections(self._folder, events, summary, facts.benchmark_equity)
