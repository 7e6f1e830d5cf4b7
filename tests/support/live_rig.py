"""A practice exchange over HTTP, and bots on its one account: the real wiring, ccxt, journals on the disk.

Targets are scripted. Every pause of a bot moves the wall clock, and the exchange's with it, so that what lags comes in
time. The wall clock is years off the exchange's: it decides nothing.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from engine.core.calendar import decision_instant
from engine.core.events import Event
from engine.core.ledger import Ledger
from engine.core.market import BarSeries
from engine.core.strategy import Decision, Holdings, StrategyParams
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.practice import api
from engine.practice.calls import Answer, Call
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.orders import PracticeOrder
from engine.practice.server import PracticeServer
from engine.settings.config import Config, Data, Live, VenueSettings
from engine.trading.recovery import standing_of
from engine.trading.standing import Standing
from engine.venues.binance.credentials import Credentials
from engine.wiring.live.live_exchange import LiveExchange
from engine.wiring.live.paper import PaperRun
from engine.wiring.live.paper_folder import make_folder, paper_journal
from engine.wiring.live.surroundings import Surroundings
from tests.support.fakes import DAY, ScriptedState, ScriptedStrategy
from tests.support.practice import KEY, WallClock

CASH = Decimal(100_000)
MOST_CYCLES = 12
POLL_SECONDS = 20.0
Targets = Sequence[Mapping[str, float] | None]


class Holding(ScriptedStrategy):
    """Follows a script, and holds on to its last targets where that says nothing and after its end."""

    def __init__(self, assets: Sequence[str], script: Targets) -> None:
        super().__init__(assets, [*script, *([None] * 100)])
        self._script = script

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        decision = super().decide(state, facts, holdings)
        said = [targets for targets in self._script[: state.days + 1] if targets is not None]
        return replace(decision, targets=said[-1] if said else {})


class Rig:
    """An exchange whose clock stands a minute after the end of a day, counted from 0.

    Attributes:
        answer: what answers a request; to be replaced by whoever disturbs it.
        targets: of the bots that begin from now on.
    """

    def __init__(self, folder: Path, bars: Sequence[BarSeries], targets: Targets, **options: Any) -> None:
        self.wall = WallClock()
        self.exchange = PracticeExchange(
            bars,
            clock=PracticeClock(decision_instant(DAY) + timedelta(minutes=1), speed=1.0, wall=self.wall),
            keys=[KEY],
            **options,
        )
        self.exchange.limits.enforced = False
        for foreign in self.exchange.account.free.keys() - set(self.exchange.own_assets):
            del self.exchange.account.free[foreign]
        self.start_balances = self.exchange.balances()
        self.answer: Callable[[Call], Answer] = lambda call: api.answer(self.exchange, call)
        self.assets = tuple(series.symbol for series in bars)
        self.targets = targets
        self.url = ""
        self.folder = folder

    @contextmanager
    def open(self) -> Iterator["Rig"]:
        """Serve the exchange inside the block."""

        def strategy_of(_: Config) -> Holding:
            return Holding(self.assets, self.targets)

        real = api.answer

        def answered(exchange: PracticeExchange, call: Call) -> Answer:
            with exchange.lock:
                return self.answer(call) if call.path.startswith("/api/") else real(exchange, call)

        with (
            mock.patch("engine.wiring.live.paper.strategy_of", strategy_of),
            mock.patch("engine.wiring.live.paper_folder.strategy_of", strategy_of),
            mock.patch("engine.practice.server.answer", answered),
            PracticeServer(self.exchange) as server,
        ):
            self.url = server.url
            yield self

    def to_day(self, number: int) -> None:
        """Put the clock a minute after the end of a day."""
        self.exchange.set_clock(decision_instant(DAY + timedelta(days=number)) + timedelta(minutes=1))

    def orders(self) -> list[PracticeOrder]:
        """Give every order that the exchange accepted."""
        records = self.exchange.records
        return [
            order
            for symbol in records.symbols()
            for order in records.orders(symbol, from_id=1, start=None, end=None, limit=max(records.count(), 1))
        ]

    def changes(self) -> dict[str, Decimal]:
        """Give what has changed in the exchange's balances since it was opened."""
        now = self.exchange.balances()
        changes = {asset: held - self.start_balances[asset] for asset, held in now.items()}
        return {asset: change for asset, change in changes.items() if change}


class Bot:
    """One folder, in which processes follow each other.

    Attributes:
        clock_off: by so much its machine's clock is off the wall's.
        heads: where its machine keeps how far journals came; None for nowhere.
    """

    def __init__(self, rig: Rig, name: str = "first", *, called: str = "rig", **settings: Any) -> None:
        self.rig = rig
        self.folder = rig.folder / name / f"paper-{called}-binance-testnet"
        self.notices: list[str] = []
        self.clock_off = timedelta()
        self.heads: Path | None = None
        self._called = called
        self._settings = settings

    def live(self, *, cycles: int = MOST_CYCLES, rearm: bool = False) -> None:
        """Start a process, let it work until nothing is left to do now, and end it without a farewell."""
        rig = self.rig
        config = self._config()
        around = Surroundings(
            now=lambda: rig.wall() + self.clock_off,
            pause=rig.wall.run,
            ending=lambda: False,
            notice=self.notices.append,
            progress=mock.Mock(),
            heads=self.heads,
        )
        credentials = Credentials(api_key=KEY.name, secret=KEY.secret, kind="HMAC")
        make_folder(self.folder)
        with (
            closing(LiveExchange(config, credentials, around).reach()) as client,
            paper_journal(config, self.folder, at=client.server_time(), accept_config=False) as store,
        ):
            run = PaperRun(config, self.folder, lambda _: None, around, client=client, store=store)
            if rearm:
                run.rearm()
            driver = run.driver()
            for _ in range(cycles):
                idle = driver.cycle()
                assert run.standing == standing_of(store, self._fresh())
                if idle:
                    break
                rig.wall.run(POLL_SECONDS)

    def live_through(self, first: int, last: int) -> None:
        """Live one process on each of these days."""
        for day in range(first, last + 1):
            self.rig.to_day(day)
            self.live()

    def copy_to(self, name: str) -> "Bot":
        """Copy the folder, as somebody does who puts it back later."""
        copy = Bot(self.rig, name, called=self._called, **self._settings)
        shutil.copytree(self.folder, copy.folder)
        return copy

    @property
    def events(self) -> list[Event]:
        """All that the journal on the disk says."""
        return list(read_journal(self.folder / JOURNAL_FILE))

    @property
    def standing(self) -> Standing:
        """Where the journal on the disk leads."""
        return standing_of(self.events, self._fresh())

    @property
    def ledger(self) -> Ledger:
        """What the bot holds by its journal."""
        return self.standing.ledger

    def decisions(self) -> list[dict[str, Any]]:
        """Read what was decided."""
        text = (self.folder / "decisions.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def bought(self) -> dict[str, Decimal]:
        """Give what the bot's account has changed by, as its ledger counts it, ours and outside of ours."""
        ledger = self.ledger
        assets = {*ledger.positions, *ledger.outside, "USDT"}
        changes = {
            asset: ledger.held(asset) - (CASH if asset == "USDT" else 0) + ledger.outside.get(asset, Decimal(0))
            for asset in assets
        }
        return {asset: change for asset, change in changes.items() if change}

    def _fresh(self) -> Standing:
        return Standing(ledger=Ledger(quote="USDT", cash=CASH), state=ScriptedState())

    def _config(self) -> Config:
        rest: dict[str, Any] = {"data": Data(crypto="venue"), **self._settings}
        return Config(
            name=self._called,
            strategy=StrategyParams(name="scripted"),
            venue=VenueSettings(name="binance-testnet", base_url=self.rig.url, max_retries=2),
            live=Live(grace_seconds=0.0),
            **rest,
        )
