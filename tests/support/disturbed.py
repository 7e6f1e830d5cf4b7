"""A paper run that is disturbed: by faults of the exchange, and by deaths of the process at places that are counted.

The run is the real one: its wiring, its journal on the disk, ccxt over HTTP. Prices are made up, pauses pass on a clock
of the rig's own, and death is an exception at a request or a write; the next process finds a copy of the folder as it
was at that instant.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar
from unittest import mock

from engine.core.calendar import decision_instant
from engine.core.errors import EngineError
from engine.core.events import Event
from engine.core.ledger import Ledger
from engine.core.market import BarSeries
from engine.core.strategy import Decision, Holdings, StrategyParams
from engine.journal.sqlite import SqliteJournal
from engine.practice.api import answer
from engine.practice.calls import Answer
from engine.practice.calls import Call as PracticeCall
from engine.practice.clock import PracticeClock
from engine.practice.exchange import COIN_ALLOWANCE, PracticeExchange
from engine.practice.faults import Fault
from engine.practice.matching import OrderRequest
from engine.practice.orders import PracticeOrder
from engine.practice.server import PracticeServer
from engine.settings.config import Config, Data, Live, VenueSettings
from engine.trading.recovery import standing_of
from engine.trading.standing import Standing
from engine.venues.binance.client import Call, RestClient
from engine.venues.binance.credentials import Credentials
from engine.venues.binance.signer import Parameters
from engine.venues.binance.verdicts import Reply
from engine.wiring.data.live_market import SeriesUpTo, Snapshots, VenueBars, VenueCandles
from engine.wiring.live.live_exchange import LiveExchange
from engine.wiring.live.paper import PaperRun
from engine.wiring.live.paper_folder import paper_journal
from engine.wiring.live.surroundings import Surroundings
from tests.support.fakes import DAY, ScriptedState, ScriptedStrategy
from tests.support.markets import coin_bars
from tests.support.patience import PATIENCE_SECONDS
from tests.support.practice import KEY, WallClock

T = TypeVar("T")
When = Literal["before", "after"]
Ending = Literal["done", "killed", "failed"]

ASSETS = ("BTC", "ETH", "SOL", "XRP")
TARGETS = ({"BTC": 0.6, "ETH": 0.39}, None, {"SOL": 0.5, "XRP": 0.49}, None, {"BTC": 0.99}, None)
"""A start, a rotation and its end. A refused sell of BTC leaves cash for a part of the buys, and none for the last."""
# Two closes are alike, so that orders of the rotation cost the same when a market makes them wait for a day.
PATH = (1.0, 1.02, 0.99, 0.99, 1.03, 1.01, 1.0, 1.0)
PRICES = {"BTC": 40_000.0, "ETH": 2_000.0, "SOL": 100.0, "XRP": 0.5}
BARS = {asset: coin_bars(asset, DAY, [price * factor for factor in PATH]) for asset, price in PRICES.items()}
UNTRADED = coin_bars("BNB", DAY, [300.0 * factor for factor in PATH])
"""A market of the exchange that is none of the strategy's."""
ROTATION, QUIET, HOME, END = 2, 3, 4, 5
"""Days, counted from the first: the rotation and the day after, the way back and the day after."""
ORDERS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
"""The markets of the rotation's orders, in their order: two sells, two buys."""
CASH = Decimal(100_000)
FRESH = Standing(ledger=Ledger(quote="USDT", cash=CASH), state=ScriptedState())
MOST_LIVES, MOST_CYCLES = 8, 16


class KilledError(BaseException):
    """The process ends here; nothing that catches errors catches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A request or a write, before and after which a process can end.

    Attributes:
        what: the call or the kinds of events, as text.
        market: the symbol that it is about, as the exchange writes it; empty for none or many.
    """

    kind: Literal["request", "write"]
    what: str
    market: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """The boundary at which a process ends, counted from 0, and on which side of it.

    Attributes:
        of: counts only boundaries of this kind, such as `POST order`; None counts all.
    """

    number: int
    when: When
    of: str | None = None

    def is_at(self, boundaries: Sequence[Boundary]) -> bool:
        """Tell whether the last of these is the one."""
        counted = [each for each in boundaries if self.of in (None, each.what)]
        return len(counted) == self.number + 1 and counted[-1] is boundaries[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """What happens to one process: faults that are ordered when it starts, and its death.

    Attributes:
        puts_back: whether the next one finds the folder as it was before the rotation.
    """

    faults: tuple[Fault, ...] = ()
    death: Death | None = None
    puts_back: bool = False


@dataclass(slots=True, kw_only=True)
class Life:
    """One process: the boundaries it came to, and how it ended."""

    death: Death | None
    boundaries: list[Boundary] = field(default_factory=list)
    ending: Ending = "done"
    error: str = ""
    is_dead: bool = False

    def cross(self, boundary: Boundary, act: Callable[[], T]) -> T:
        """Do what is beyond a boundary, or end there."""
        self.boundaries.append(boundary)
        is_last = self.death is not None and self.death.is_at(self.boundaries)
        if self.is_dead or (is_last and self.death is not None and self.death.when == "before"):
            self.is_dead = True
            raise KilledError
        result = act()
        if is_last:
            self.is_dead = True
            raise KilledError
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run and all that happens to it.

    Attributes:
        lives: what happens to the first processes; those after them live undisturbed.
        last: the last day; from_start: whether it begins with an empty folder, not before the rotation.
        prepare: a standing condition of the exchange; markets trade again from the next day on,
            and faults that have found nothing to strike are forgotten after the quiet day.
        asks_for_candles: whether bars come from the exchange, which costs requests, or are there.
        own: what the account holds of each coin beside what is ours.
        on_request: told of each request before it is answered.
        waits_after_failures: whether a day passes after two processes in a row that failed.
        has_rival: whether another bot, of another folder, has traded on the account before.
    """

    name: str
    lives: tuple[Disturbance, ...] = ()
    last: int = QUIET
    from_start: bool = False
    prepare: Callable[[PracticeExchange], None] | None = None
    asks_for_candles: bool = False
    timeout_seconds: float = PATIENCE_SECONDS
    own: Decimal = COIN_ALLOWANCE
    on_request: Callable[[PracticeExchange, PracticeCall], None] | None = None
    waits_after_failures: bool = False
    has_rival: bool = False


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run came to; everything is read from the journal on the disk and from the exchange's own books.

    Attributes:
        ledgers: by day; before: that with which it went on.
        first_balances: what the account held, ours and others', when the run went on.
    """

    exchange: PracticeExchange
    folder: Path
    lives: list[Life] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    standing: Standing = FRESH
    ledgers: dict[int, Ledger] = field(default_factory=dict)
    before: Ledger = FRESH.ledger
    first_balances: dict[str, Decimal] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def orders(self) -> list[PracticeOrder]:
        """Every order that the exchange accepted."""
        records = self.exchange.records
        return [
            order
            for symbol in records.symbols()
            for order in records.orders(symbol, from_id=1, start=None, end=None, limit=records.count())
        ]


class Rotating(ScriptedStrategy):
    """Holds on to its targets on a day that changes nothing, as strategies do."""

    def __init__(self) -> None:
        super().__init__(ASSETS, TARGETS)

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        standing = next(targets for targets in reversed(TARGETS[: state.days + 1]) if targets is not None)
        return replace(decision, targets=standing)


def _rotating(_: Config) -> Rotating:
    return Rotating()


class Rig:
    """Plays cases against one served exchange, which is made anew for each of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wall = WallClock()
        self._life = Life(death=None)
        self._url = ""
        self._count = 0
        self._case = Case(name="none")
        self.skew = timedelta()
        self._exchange = self._new_exchange(0, COIN_ALLOWANCE)
        self._before_rotation: Path | None = None
        self._orders_before: Sequence[PracticeOrder] = ()
        self._ledger_before = FRESH.ledger

    @contextmanager
    def open(self) -> Iterator["Rig"]:
        """Serve the exchange inside the block, and watch every request and write."""
        send, append_all = RestClient.send, SqliteJournal.append_all

        def watched_send(client: RestClient, call: Call, parameters: Parameters) -> Reply:
            boundary = Boundary(kind="request", what=call, market=_market_in(parameters))
            return self._life.cross(boundary, lambda: send(client, call, parameters))

        def watched_append(journal: SqliteJournal, events: Sequence[Event]) -> None:
            self._life.cross(_boundary_of(events), lambda: append_all(journal, events))

        with (
            mock.patch.object(RestClient, "send", watched_send),
            mock.patch.object(SqliteJournal, "append_all", watched_append),
            mock.patch("engine.wiring.live.paper.strategy_of", _rotating),
            mock.patch("engine.wiring.live.paper_folder.strategy_of", _rotating),
            mock.patch("engine.practice.server.answer", self._answer),
            PracticeServer(self._exchange) as server,
        ):
            self._url = server.url
            before = self.play(Case(name="before the rotation", last=ROTATION - 1, from_start=True))
            self._before_rotation, self._orders_before = before.folder, before.orders
            self._ledger_before = before.standing.ledger
            yield self

    def play(self, case: Case) -> Outcome:
        """Play a case through all its processes, until one of them has come to the end of the last day."""
        first = 0 if case.from_start else ROTATION
        self._case = Case(name="before it")
        self.skew = timedelta()
        exchange = self._exchange = self._new_exchange(first, case.own)
        if case.prepare is not None:
            case.prepare(exchange)
        outcome = Outcome(
            exchange=exchange, folder=self._new_folder(None if case.from_start else self._before_rotation)
        )
        if case.has_rival:
            self._trade_beside(exchange)
        self._case = case
        outcome.first_balances = exchange.balances()
        if not case.from_start:
            outcome.before = self._ledger_before
        while not outcome.lives or outcome.lives[-1].ending != "done":
            number = len(outcome.lives)
            if number == MOST_LIVES:
                outcome.problems.append(f"not at the end after {number} processes: {outcome.lives[-1].error}")
                break
            disturbance = case.lives[number] if number < len(case.lives) else Disturbance()
            for fault in disturbance.faults:
                exchange.add_fault(replace(fault))
            life = self._life = Life(death=disturbance.death)
            outcome.lives.append(life)
            self._live(case, outcome, life)
            if case.waits_after_failures and [each.ending for each in outcome.lives[-2:]] == ["failed"] * 2:
                # Whoever looks after it looks again the next day.
                self._next_day(outcome.exchange)
            if disturbance.puts_back and self._before_rotation is not None:
                outcome.folder = self._new_folder(self._before_rotation)
        return outcome

    def _trade_beside(self, exchange: PracticeExchange) -> None:
        rival, life = Outcome(exchange=exchange, folder=self._new_folder(None)), Life(death=None)
        self._life = life
        self._live(Case(name="rival", last=ROTATION), rival, life)
        self.forget(rival)

    def _answer(self, _: PracticeExchange, call: PracticeCall) -> Answer:
        exchange = self._exchange
        if self._case.on_request is not None:
            self._case.on_request(exchange, call)
        return answer(exchange, call)

    def forget(self, outcome: Outcome) -> None:
        """Remove the folder of a run."""
        shutil.rmtree(outcome.folder)

    def _live(self, case: Case, outcome: Outcome, life: Life) -> None:
        config = self._config(case)
        around = Surroundings(
            now=lambda: self._wall() + self.skew,
            pause=self._wall.run,
            ending=lambda: False,
            notice=_unheard,
            progress=mock.Mock(),
        )
        credentials = Credentials(api_key=KEY.name, secret=KEY.secret, kind="HMAC")
        try:
            with (
                closing(LiveExchange(config, credentials, around).reach()) as client,
                paper_journal(config, outcome.folder, at=client.server_time(), accept_config=False) as store,
            ):
                try:
                    bars: SeriesUpTo = _BarsThere()
                    if case.asks_for_candles:
                        bars = VenueBars(VenueCandles(client, "USDT"))
                    snapshots = Snapshots(Rotating().universe, bars, bars)
                    run = PaperRun(
                        config, outcome.folder, _keep_no_log, around, client=client, store=store, snapshots=snapshots
                    )
                    self._go_through(case, outcome, run, store)
                except KilledError:
                    # Before anything is closed in good order.
                    outcome.folder = self._new_folder(outcome.folder)
                    raise
        except KilledError:
            life.ending = "killed"
        except EngineError as error:
            life.ending, life.error = "failed", str(error)

    def _go_through(self, case: Case, outcome: Outcome, run: PaperRun, store: SqliteJournal) -> None:
        driver = run.driver()
        while True:
            day = day_number(outcome.exchange.now)
            for _ in range(MOST_CYCLES):
                is_idle = driver.cycle()
                outcome.events = list(store)
                outcome.standing = standing_of(outcome.events, FRESH)
                if outcome.standing != run.standing:
                    outcome.problems.append(f"the journal says {outcome.standing}, the session {run.standing}")
                if is_idle:
                    break
            outcome.ledgers[day] = outcome.standing.ledger
            if day == case.last:
                return
            self._next_day(outcome.exchange)

    def _next_day(self, exchange: PracticeExchange) -> None:
        day = day_number(exchange.now)
        for symbol in ORDERS:
            exchange.halt(symbol, None)
        if day == QUIET:
            exchange.faults.pending.clear()
        exchange.set_clock(decision_instant(_day(day + 1)))

    def _config(self, case: Case) -> Config:
        return Config(
            name="matrix",
            strategy=StrategyParams(name="scripted"),
            data=Data(crypto="venue"),
            venue=VenueSettings(
                name="binance-testnet", base_url=self._url, max_retries=2, timeout_seconds=case.timeout_seconds
            ),
            live=Live(grace_seconds=0.0),
        )

    def _new_exchange(self, day: int, own: Decimal) -> PracticeExchange:
        """Make an exchange at the end of a day, with the orders of the days before."""
        exchange = PracticeExchange(
            [*BARS.values(), UNTRADED],
            clock=PracticeClock(decision_instant(_day(0)), speed=0.0, wall=self._wall),
            keys=[KEY],
            allowance=dict.fromkeys((*ASSETS, UNTRADED.symbol), own),
        )
        # Hundreds of foreign coins would cost each cell more than its faults do.
        for foreign in exchange.account.free.keys() - set(exchange.own_assets):
            del exchange.account.free[foreign]
        for order in self._orders_before if day else ():
            request = OrderRequest(
                symbol=order.symbol,
                side=order.side,
                order_type="MARKET",
                client_order_id=order.client_order_id,
                quantity=order.quantity,
            )
            exchange.engine.place(request, order.at)
        exchange.set_clock(decision_instant(_day(day)))
        return exchange

    def _new_folder(self, source: Path | None) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        if source is None:
            folder.mkdir()
        else:
            shutil.copytree(source, folder)
        return folder


class _BarsThere:
    """Series that are there already; a snapshot cuts off what is not known yet."""

    def up_to(self, symbol: str, day: date) -> BarSeries:
        return BARS[symbol]


def _day(number: int) -> date:
    return DAY + timedelta(days=number)


def day_number(at: datetime) -> int:
    """Give the day that is over at an instant, counted from the first."""
    return (at.date() - DAY).days - 1


def _market_in(parameters: Parameters) -> str:
    text = str(parameters.get("symbol", parameters.get("symbols", "")))
    named = [symbol for symbol in ORDERS if symbol in text]
    return named[0] if len(named) == 1 else ""


def _boundary_of(events: Sequence[Event]) -> Boundary:
    kinds = [type(event).__name__ for event in events]
    return Boundary(kind="write", what=" ".join(dict.fromkeys(kinds)), market=_market_of(events[0]))


def _market_of(event: Any) -> str:
    for part in ("order", "fill"):
        symbol: str = getattr(getattr(event, part, None), "symbol", "")
        if symbol:
            return symbol.replace("/", "")
    return ""


def _unheard(words: str) -> None:
    """Say nothing: what matters is in the journal."""


def _keep_no_log(lines: object) -> None:
    """Keep no log: the journal is read."""
