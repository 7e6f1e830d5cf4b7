"""One fold: where a session stands is what its journal on the disk says, and what the exchange's own books say.

Random scripts of an exchange's answers, of targets (none among them), missed days, resets, and restarts and deaths at
any act. The journal and its fold are ours on both sides; the exchange's books are not: they are what proves something.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from sqlite3 import Connection
from tempfile import TemporaryDirectory
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.calendar import opening_instant
from engine.core.errors import VenueError
from engine.core.events import Event
from engine.core.fills import Costs
from engine.core.ledger import Ledger
from engine.core.planner import Planner
from engine.core.strategy import Decision, Holdings
from engine.epochs import EpochKeeper
from engine.journal.codec import EventCodec
from engine.journal.sqlite import SqliteJournal, read_journal
from engine.recovery import standing_of
from engine.session import Session
from engine.standing import Standing
from tests.support.fakes import DAY, ScriptedState, ScriptedStrategy
from tests.support.fickle_exchange import PRICES, RATE, FickleExchange
from tests.support.markets import coin_bars, history_of

SCRIPTS = int(os.environ.get("ALTFUSE_FOLD_SCRIPTS", "200"))
"""How many random scripts are played; 10,000 before a release."""
CYCLES = 24
ASSETS = tuple(PRICES)
HISTORY = history_of(*(coin_bars(asset, DAY, [float(price)] * CYCLES) for asset, price in PRICES.items()))
CASH = Decimal(1000)
FRESH = Standing(ledger=Ledger(quote="USDT", cash=CASH), state=ScriptedState())
CODEC = EventCodec(ScriptedState)
WEIGHTS: Sequence[dict[str, float] | None] = (
    None,
    {},
    {"BTC": 0.99},
    {"ETH": 0.5, "BNB": 0.49},
    {"BNB": 0.99},
    {"BTC": 0.3, "ETH": 0.3, "BNB": 0.3},
    {"BTC": 0.003},
)


class CrashError(Exception):
    """The process ends here."""


class MortalFile:
    """A journal on the disk whose writer may die at any act, before or after it is written.

    What was written reaches the file when somebody looks: opening a transaction an act would be most of a test.
    """

    def __init__(self, file: SqliteJournal, chance: Random) -> None:
        self._file = file
        self._chance = chance
        self._written: list[Event] = []

    @property
    def unwritten(self) -> Sequence[Event]:
        return self._written

    def flush(self) -> None:
        self._file.append_all(self._written)
        self._written.clear()

    def append(self, event: Event) -> None:
        self.append_all([event])

    def append_all(self, events: Sequence[Event]) -> None:
        fate = self._chance.random()
        if fate < 0.02:
            raise CrashError
        self._written += events
        if fate < 0.04:
            raise CrashError


class Targets(ScriptedStrategy):
    """Holds on to its targets on a day that changes nothing, as strategies do; before any change it wants nothing."""

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        past = (targets for targets in reversed(self._targets[: state.days + 1]) if targets is not None)
        return replace(decision, targets=next(past, {}))


class Script:
    """One life of a bot after another on one file and one exchange, as chance will have it."""

    def __init__(self, chance: Random, path: Path) -> None:
        self._chance = chance
        self._path = path
        beside = {"USDT": chance.choice(["0", "5000"]), "BNB": chance.choice(["0", "0.3", "100"])}
        self._exchange = FickleExchange(chance, cash=CASH, beside=beside)
        self._strategy = Targets(ASSETS, [chance.choice(WEIGHTS) for _ in range(CYCLES)])
        self._planner = Planner(
            account="bot",
            instruments=self._exchange.instruments(),
            costs=Costs(commission=RATE, slippage=Decimal(0)),
            trading_order=ASSETS,
        )
        self._cycle = 0
        self._wiped = 0
        self._epoch, self._began = FRESH.epoch, FRESH.ledger

    def play(self) -> None:
        """Live until the cycles are over, or the exchange holds too little to go on."""
        while self._cycle < CYCLES:
            with closing(SqliteJournal(self._path, CODEC, at=datetime(2024, 1, 1, tzinfo=UTC))) as file:
                journal = MortalFile(file, self._chance)
                try:
                    self._live(journal)
                except CrashError:
                    continue
                except VenueError:
                    return
                finally:
                    journal.flush()

    def _live(self, journal: MortalFile) -> None:
        session = Session(
            strategy=self._strategy,
            planner=self._planner,
            venue=self._exchange,
            journal=journal,
            ledger=FRESH.ledger,
            standing=standing_of(read_journal(self._path, CODEC), FRESH),
        )
        keeper = EpochKeeper(
            session,
            self._exchange,
            self._planner,
            place="the exchange",
            events=lambda: [*read_journal(self._path, CODEC), *journal.unwritten],
            notice=lambda words: None,
        )
        while self._cycle < CYCLES:
            self._cycle += 1
            if self._chance.random() < 0.05:
                self._reset(session)
            for _ in self._one_cycle(session, keeper):
                self._compare_books(session.standing)
            if self._chance.random() < 0.15:
                break
        journal.flush()
        assert standing_of(read_journal(self._path, CODEC), FRESH) == session.standing

    def _reset(self, session: Session) -> None:
        self._exchange.reset()
        # Where the journal knows of no fill there is nothing by which a reset is recognised, and nothing to buy back.
        self._wiped += session.standing.known is not None

    def _one_cycle(self, session: Session, keeper: EpochKeeper) -> Iterator[None]:
        last = session.standing.last_day
        day = DAY if last is None else last + timedelta(days=1)
        at = opening_instant(day)
        session.settle(at)
        yield
        if session.standing.orders.in_doubt is not None:
            return
        keeper.check(at)
        yield
        if last is None or self._chance.random() < 0.5:
            if last is None:
                session.begin(day)
            session.decide(day, self._strategy, HISTORY, plan_orders=self._chance.random() < 0.8)
            yield
        session.work_orders(at)
        yield

    def _compare_books(self, standing: Standing) -> None:
        """Since the epoch began the exchange has seen what the ledger has, and what was not ours, to the last digit."""
        doubt = standing.orders.in_doubt
        if doubt is not None or standing.epoch - 1 < self._wiped:
            return
        if standing.epoch != self._epoch:
            self._epoch, self._began = standing.epoch, standing.ledger
        for asset, balance in self._exchange.balances.items():
            ours = Fraction(standing.ledger.held(asset)) - Fraction(self._began.held(asset))
            outside = Fraction(standing.ledger.outside.get(asset, 0))
            assert balance - self._exchange.given[asset] == ours + outside, asset
        assert not [order for order in standing.orders.waiting if order.client_order_id in self._exchange.placed]
        # A coin is out of position only while something of it is undone, or planned again.
        planned = {order.asset for order in standing.orders.waiting}
        assert not [each for each in standing.missed.coins.values() if not each.quantity and each.asset not in planned]


def _make_hasty(connection: Connection, _: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@settings(max_examples=SCRIPTS, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_session_journal_and_exchange_agree_whatever_happens(chance: Random) -> None:
    # How a file survives a power cut is another test's matter; here it would be most of the time.
    with TemporaryDirectory() as folder, mock.patch("engine.journal.sqlite._make_durable", _make_hasty):
        Script(chance, Path(folder) / "journal.sqlite").play()
