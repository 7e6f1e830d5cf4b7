"""One fold: where a session stands is what its journal on the disk says, and what the exchange's own books say.

Random scripts of an exchange's answers, of targets (none among them), missed days, resets between cycles and between
two orders of one, and restarts and deaths at any act. The journal and its fold are ours on both sides; the exchange's
books are not: they are what proves something.
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
from engine.journal.codec import EventCodec
from engine.journal.sqlite import SqliteJournal, read_journal
from engine.trading.epochs import EpochKeeper
from engine.trading.recovery import standing_of
from engine.trading.session import Session
from engine.trading.standing import Standing
from tests.support.fakes import DAY, ScriptedState, ScriptedStrategy, free_sends
from tests.support.fickle_exchange import LEAST, PRICES, RATE, FickleExchange
from tests.support.markets import coin_bars, history_of

SCRIPTS = int(os.environ.get("ALTFUSE_FOLD_SCRIPTS", "200"))
"""How many random scripts are played; 10,000 before a release."""
CYCLES = 24
ASSETS = tuple(PRICES)
HISTORY = history_of(*(coin_bars(asset, DAY, [float(price)] * CYCLES) for asset, price in PRICES.items()))
CASH = Decimal(1000)
FEES, ROUNDS = Fraction(101, 100), 6
"""What is bought back may be this much more for the sake of fees, and so many times the least that an order may be."""
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
        self._wiped: Ledger | None = None
        self._before, self._epoch = FRESH.ledger, FRESH.epoch
        # What orders that were to make up for one reset bought after the next; it is the rest of the account's.
        self._too_much = dict.fromkeys(self._exchange.balances, Fraction(0))
        self._start = {asset: Fraction(FRESH.ledger.held(asset)) for asset in self._exchange.balances}

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
            first_sends=free_sends(),
            notice=lambda words: None,
        )
        self._exchange.mishap = lambda: self._reset(session, chance=0.03)
        while self._cycle < CYCLES:
            self._cycle += 1
            self._reset(session, chance=0.05)
            for _ in self._one_cycle(session, keeper):
                self._compare_books(session.standing)
            if self._chance.random() < 0.15:
                break
        journal.flush()
        assert standing_of(read_journal(self._path, CODEC), FRESH) == session.standing

    def _reset(self, session: Session, *, chance: float) -> None:
        if self._chance.random() >= chance:
            return
        self._exchange.reset()
        # Where the journal knows of no fill there is nothing by which a reset is recognised, and nothing to buy back.
        if session.standing.known is not None:
            # An epoch that began in a cycle that ended with the process has not been compared, and is over by now.
            self._wiped, self._epoch = session.ledger, session.standing.epoch

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
        """Since the last reset the exchange has seen what the ledger has, and what was not ours, to the last digit."""
        if standing.epoch != self._epoch:
            self._begin_epoch(standing)
        if standing.orders.in_doubt is None and self._wiped is None:
            for asset in self._start:
                ours = Fraction(standing.ledger.held(asset)) - self._start[asset]
                assert self._bought(asset) == ours + _outside(standing.ledger, asset), asset
            self._compare_coins(standing)
            assert not [each for each in standing.orders.waiting if each.client_order_id in self._exchange.placed]
        # A coin is out of position only while something of it is undone, or planned again.
        planned = {order.asset for order in standing.orders.waiting}
        assert not [each for each in standing.missed.coins.values() if not each.quantity and each.asset not in planned]
        self._before = standing.ledger

    def _begin_epoch(self, standing: Standing) -> None:
        """Count from the instant of the reset: what was executed between it and its discovery is in both books."""
        wiped = self._wiped
        assert wiped is not None, "a reset was imagined"
        for asset in self._start:
            since = _outside(self._before, asset) - _outside(wiped, asset)
            written_off = Fraction(self._before.held(asset)) - Fraction(standing.ledger.held(asset))
            self._start[asset] = Fraction(wiped.held(asset)) - since - written_off
            self._too_much[asset] = max(self._bought(asset) - Fraction(standing.ledger.held(asset)), Fraction(0))
        self._epoch, self._wiped = standing.epoch, None

    def _compare_coins(self, standing: Standing) -> None:
        """What was bought since the last reset is what is held, bought back or not, and not twice that."""
        for asset, price in PRICES.items():
            slack = ROUNDS * Fraction(LEAST / price) + self._too_much[asset]
            assert self._bought(asset) <= Fraction(standing.ledger.held(asset)) * FEES + slack, asset

    def _bought(self, asset: str) -> Fraction:
        return self._exchange.balances[asset] - self._exchange.given[asset]


def _outside(ledger: Ledger, asset: str) -> Fraction:
    return Fraction(ledger.outside.get(asset, 0))


def _make_hasty(connection: Connection, _: Path) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@settings(max_examples=SCRIPTS, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_session_journal_and_exchange_agree_whatever_happens(seed: int) -> None:
    # How a file survives a power cut is another test's matter; here it would be most of the time.
    with TemporaryDirectory() as folder, mock.patch("engine.journal.sqlite.make_durable", _make_hasty):
        Script(Random(seed), Path(folder) / "journal.sqlite").play()
