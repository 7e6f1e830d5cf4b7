"""An exchange that bans the bot's address, or answers without end: no traffic in a ban, and a signal ends the run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from engine.core.errors import VenueError
from engine.practice.faults import Fault
from engine.practice.server import PracticeServer
from engine.settings.config import Config, VenueSettings
from engine.venues.binance.credentials import Credentials
from engine.venues.exchange import LiveClient
from engine.venues.quiet_times import QUIET_FILE, KeptQuietTimes
from engine.wiring.live.live_exchange import LiveExchange
from engine.wiring.live.surroundings import Surroundings
from strategies.hold import HoldParams
from tests.support.binance_server import Canned
from tests.support.command import ROOT
from tests.support.patience import PATIENCE_SECONDS
from tests.support.practice import KEY, WallClock, practice
from tests.support.rehearsal import TIME
from tests.support.signed_server import Asked, SignedServer, running

CREDENTIALS = Credentials(api_key=KEY.name, secret=KEY.secret, kind="HMAC")


@dataclass
class Bench:
    """Starts of a bot on an exchange; pauses pass on a clock of the test."""

    folder: Path
    url: str
    wall: WallClock
    lines: list[str] = field(default_factory=list)
    is_ending: bool = False

    def start(self, *, longest_wait_seconds: float = 259_200.0) -> LiveClient:
        config = Config(strategy=HoldParams(), venue=VenueSettings(name="binance-testnet", base_url=self.url))
        around = Surroundings(
            now=self.wall,
            pause=self._pause,
            ending=lambda: self.is_ending,
            notice=self.lines.append,
            progress=mock.Mock(),
            longest_wait_seconds=longest_wait_seconds,
            quiet=KeptQuietTimes(self.folder / QUIET_FILE),
        )
        return LiveExchange(config, CREDENTIALS, around).reach()

    def _pause(self, seconds: float) -> None:
        if not self.is_ending:
            self.wall.run(seconds)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    wall = WallClock()
    exchange = practice(speed=1.0, wall=wall)
    exchange.add_fault(Fault(kind="http", status=418, retry_after=600, path=TIME))
    with PracticeServer(exchange) as server:
        yield Bench(tmp_path, server.url, wall)


def test_a_ban_is_waited_out_and_said(bench: Bench) -> None:
    begun = bench.wall()
    bench.start().close()

    assert bench.wall() == begun + timedelta(seconds=600)
    # The first says what is waited for.
    _, line = bench.lines
    assert line.startswith("binance-testnet: this address is banned (")
    assert line.endswith("); waiting 600 seconds, until 2030-01-01 00:10:00 UTC")


def test_a_start_after_an_end_in_mid_ban_asks_nothing_until_the_ban_is_over(bench: Bench) -> None:
    bench.is_ending = True
    with pytest.raises(VenueError, match="the run is to end; nothing more is asked"):
        bench.start()
    bench.is_ending = False
    bench.wall.run(60)

    # Whoever wants to be done soon is told, and whoever has time waits; the server is up and would answer.
    with pytest.raises(VenueError, match=r"wants no request for 540 seconds, until 2030-01-01 00:10:00 UTC$"):
        bench.start(longest_wait_seconds=300.0)
    bench.start().close()

    assert bench.wall() == WallClock().at + timedelta(seconds=600)
    assert bench.lines[-1] == (
        "binance-testnet: it asked for a pause before this start; waiting 540 seconds, until 2030-01-01 00:10:00 UTC"
    )


def test_an_end_is_not_put_off_by_the_tries_of_a_question(bench: Bench) -> None:
    bench.is_ending = True
    bench.url = "http://127.0.0.1:1"
    with pytest.raises(VenueError, match="the run is to end; nothing more is asked"):
        bench.start()

    # What is waited for, and one try, and no other.
    assert len(bench.lines) == 2


class Dripping(SignedServer):
    """Answers every request without end."""

    def answer(self, asked: Asked) -> Canned:
        self.asked.append(asked)
        return Canned(drips=True)


def test_a_signal_ends_a_run_whose_exchange_answers_a_byte_now_and_then(tmp_path: Path) -> None:
    with running(Dripping()) as server:
        settings = {"venue.base_url": server.url, "venue.timeout_seconds": "0.3", "venue.max_retries": "100"}
        assigned = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        with subprocess.Popen(
            [sys.executable, "-m", "engine", "paper", ROOT / "config" / "rotation.yaml", "--out", tmp_path, *assigned],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            try:
                assert process.stderr is not None
                process.stderr.readline()  # what is waited for
                first = process.stderr.readline()
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE_SECONDS)
            finally:
                process.kill()

    assert "begins an answer and does not end it within 0.3 seconds" in first
    assert first.endswith("trying again in 0.5 seconds\n")
    assert process.returncode == 0
