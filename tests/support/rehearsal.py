"""A paper run on a practice exchange whose clock goes on to the next day whenever the bot has nothing left to do.

Nothing waits on the wall clock: the exchange sees the bot's requests, and a bot that asks for the time again and again
is idle. So every request is also a point at which the bot can be stopped or killed, the same in every run.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from engine.core.calendar import decision_instant
from engine.practice import api
from engine.practice.calls import Answer, Call
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.server import PracticeServer
from engine.practice.signatures import HmacKey
from engine.wiring.practice.exchange import practice_market
from tests.support.command import ROOT, Outcome
from tests.support.patience import PATIENCE_SECONDS
from tests.support.practice import WallClock

KEY = HmacKey(name="rehearsal-key-of-64-characters", secret="rehearsal-secret-of-64-characters")
TIME = "/api/v3/time"
Death = Literal["before", "after"]
"""Whether the bot dies before the exchange does what it was asked, or after it."""
IDLE_AFTER = 3
"""Questions for the time in a row, after which the bot is idle."""
FOLDER = "paper-rotation-binance-testnet"


class Rehearsal:
    """A practice exchange over a folder of CSV files, and a bot that trades on it.

    Args:
        market: folder of CSV files; the index is read from there, coins come from the exchange.
        out: the parent of the run folder.
        days: the first and the last day to decide; the bot is ended in good order after the last.

    Attributes:
        is_fatal: tells of each request whether it is the bot's last.
        kills: how often it was.
    """

    def __init__(self, market: Path, out: Path, configuration: Mapping[str, Any], *, days: tuple[date, date]) -> None:
        first_day, self.last_day = days
        self.out = out
        self.exchange = PracticeExchange(
            practice_market(market).coins,
            clock=PracticeClock(decision_instant(first_day), speed=0.0, wall=WallClock()),
            keys=[KEY],
        )
        self.start_balances = self.exchange.balances()
        self.kills = 0
        self.is_fatal: Callable[[Call], Death | None] = lambda _: None
        self.config = out.parent / "rehearsal.json"
        self.config.write_text(json.dumps({"name": "rotation", **configuration}), encoding="utf-8")
        self.url = ""
        self._market = market
        self._process: subprocess.Popen[str] | None = None
        self._idle = 0

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.out / FOLDER

    @contextmanager
    def open(self) -> Iterator["Rehearsal"]:
        """Serve the exchange inside the block."""
        answer = api.answer

        def watched(exchange: PracticeExchange, call: Call) -> Answer:
            with exchange.lock:
                return self._watch(call, lambda: answer(exchange, call))

        with mock.patch("engine.practice.server.answer", watched), PracticeServer(self.exchange) as server:
            self.url = server.url
            yield self

    def arguments(self, *more: str) -> list[str]:
        """Give the command line of the bot."""
        settings = {
            "venue.base_url": self.url,
            "data.crypto": "venue",
            "data.index": "csv",
            "data.csv_dir": str(self._market),
            "live.poll_seconds": "0.001",
            "live.grace_seconds": "0",
        }
        assigned = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return ["paper", str(self.config), "--venue", "binance-testnet", "--out", str(self.out), *assigned, *more]

    def run(self, *more: str, key: HmacKey = KEY) -> Outcome:
        """Run the bot in a process of its own until it ends, or is killed."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BINANCE_TESTNET_API_KEY": key.name,
            "BINANCE_TESTNET_API_SECRET": key.secret,
        }
        self._idle = 0
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.hasty", *self.arguments(*more)],
            cwd=self.out.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            self._process = process
            try:
                stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
            finally:
                process.kill()
                self._process = None
        return Outcome(exit_code=process.returncode, stdout=stdout, stderr=stderr)

    def run_through(self) -> Outcome:
        """Run the bot, again and again where it is killed, until it has decided the last day."""
        outcome = self.run()
        while outcome.exit_code == -signal.SIGKILL:
            outcome = self.run()
        return outcome

    def decisions(self) -> list[dict[str, Any]]:
        """Read what was decided."""
        text = (self.folder / "decisions.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def bought(self) -> dict[str, Decimal]:
        """Give what the bot's trades have changed in the exchange's balances."""
        changes = {asset: held - self.start_balances[asset] for asset, held in self.exchange.balances().items()}
        return {asset: change for asset, change in changes.items() if change}

    def _watch(self, call: Call, answered: Callable[[], Answer]) -> Answer:
        death = self.is_fatal(call)
        if death is not None:
            self.kills += 1
            self._signal(signal.SIGKILL)
            # The process is gone with its connection; what counts is whether the exchange has done what was asked.
            return answered() if death == "after" else Answer(body=b"", delivery="drop")
        result = answered()
        self._idle = self._idle + 1 if call.path == TIME else 0
        if self._idle >= IDLE_AFTER:
            self._idle = 0
            self._go_on()
        return result

    def _go_on(self) -> None:
        if self.exchange.now >= decision_instant(self.last_day):
            self._signal(signal.SIGTERM)
        else:
            self.exchange.advance(timedelta(days=1))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
