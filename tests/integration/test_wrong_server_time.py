"""An exchange that says once that it is later than it is: no day is decided early, and none on a candle that forms."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from engine.core.events import DayDecided
from engine.practice.api import answer
from engine.practice.calls import Answer, Call
from engine.practice.exchange import PracticeExchange
from engine.practice.server import PracticeServer
from engine.settings.config import Config, Data, Live, VenueSettings
from engine.venues.binance.credentials import Credentials
from engine.wiring.live.live_exchange import LiveExchange
from engine.wiring.live.paper import PaperRun
from engine.wiring.live.paper_folder import paper_journal
from engine.wiring.live.surroundings import Surroundings
from strategies.hold import HoldParams
from tests.support.practice import KEY, bitcoin, practice
from tests.support.rehearsal import TIME

CLOSES = [40_000.0 + 100 * number for number in range(10)]
"""Of the first to the tenth of January 2024; each day opens at the close before it."""
HALF_PAST_ELEVEN = datetime(2024, 1, 5, 23, 30, tzinfo=UTC)
FOURTH, FIFTH, SIXTH = date(2024, 1, 4), date(2024, 1, 5), date(2024, 1, 6)


class Bench:
    """A bot on an exchange that gives wrong answers about the time when it is told to."""

    def __init__(self) -> None:
        self.exchange = practice(bitcoin(*CLOSES, opens=[40_000.0, *CLOSES[:-1]]), at=HALF_PAST_ELEVEN)
        self.errors: list[timedelta] = []
        self.run: Any = None
        self.store: Any = None

    def answer(self, _: PracticeExchange, call: Call) -> Answer:
        right = answer(self.exchange, call)
        if call.path != TIME or not self.errors:
            return right
        wrong = self.exchange.now + self.errors.pop(0)
        return replace(right, body=json.dumps({"serverTime": int(wrong.timestamp() * 1000)}).encode())

    @contextmanager
    def open(self, folder: Path) -> Iterator["Bench"]:
        with (
            mock.patch("engine.practice.server.answer", self.answer),
            PracticeServer(self.exchange) as server,
        ):
            config = Config(
                strategy=HoldParams(),
                data=Data(crypto="venue"),
                venue=VenueSettings(name="binance-testnet", base_url=server.url),
                live=Live(grace_seconds=0.0),
            )
            around = Surroundings(
                now=lambda: self.exchange.now,
                pause=lambda _: None,
                ending=lambda: False,
                notice=lambda _: None,
                progress=mock.Mock(),
            )
            keys = Credentials(api_key=KEY.name, secret=KEY.secret, kind="HMAC")
            client = LiveExchange(config, keys, around).reach()
            with paper_journal(config, folder, at=self.exchange.now, accept_config=False) as self.store:
                self.run = PaperRun(config, folder, lambda _: None, around, client=client, store=self.store)
                yield self
            client.close()

    def decided(self) -> list[tuple[date, Decimal]]:
        return [(event.day, event.core_close) for event in self.store if isinstance(event, DayDecided)]


@pytest.mark.parametrize("error", [timedelta(hours=1), timedelta(days=3)])
@pytest.mark.parametrize("cycles_before", [0, 1, 2])
def test_no_day_is_decided_early(tmp_path: Path, error: timedelta, cycles_before: int) -> None:
    with Bench().open(tmp_path) as bench:
        driver = bench.run.driver()
        for number in range(4):
            bench.errors = [error] if number == cycles_before else []
            driver.cycle()
        before_midnight = bench.decided()
        bench.exchange.set_clock(datetime(2024, 1, 6, 0, 0, 1, tzinfo=UTC))
        driver.cycle()

        assert before_midnight == [(FOURTH, Decimal(40_300))]
        assert bench.decided() == [(FOURTH, Decimal(40_300)), (FIFTH, Decimal(40_400))]


def test_a_clock_that_stays_days_ahead_ends_no_day_whose_candle_forms(tmp_path: Path) -> None:
    with Bench().open(tmp_path) as bench:
        driver = bench.run.driver()
        driver.cycle()
        bench.errors = [timedelta(days=3)] * 8
        driver.cycle()
        ahead = bench.decided()
        bench.errors = []
        bench.exchange.set_clock(datetime(2024, 1, 6, 0, 0, 1, tzinfo=UTC))
        for _ in range(2):
            driver.cycle()

        assert ahead == [(FOURTH, Decimal(40_300))]
        assert bench.decided()[1:] == [(FIFTH, Decimal(40_400))]
