"""A paper run quotes the newest study of its very bars, up to its last decided day, and no other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.calendar import decision_instant
from engine.dashboard.board import Board
from engine.data.csv_files import read_csv_bars
from engine.data.digest import bars_sha256
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.server import PracticeServer
from engine.wiring.practice.exchange import practice_market
from tests.support.command import Outcome, call_command, write_small_market
from tests.support.practice import WallClock

DAY = date(2015, 11, 10)
SMALL = (
    'strategy={"basket": {"ETH": 1.0}, "basket_equal": [], "breakout": {"lookback_years": 2, "min_age_weeks": 4}, '
    '"macd": {"fast": 3, "slow": 6, "signal": 2, "warmup_weeks": 20}, "hold_weeks": 6}'
)
RUN = "paper-rotation-simulated"
QUOTE = "The claims behind an entry, tested on these bars (study-rotation-20260101T000000Z): a fuse: supported, n = 7."


@dataclass(frozen=True, kw_only=True)
class Place:
    market: Path
    out: Path
    exchange: PracticeExchange
    url: str

    def paper(self) -> Outcome:
        settings = (
            f"venue.base_url={self.url}", "live.grace_seconds=0", "data.crypto=csv", "data.index=csv",
            f"data.csv_dir={self.market}", SMALL,
        )  # fmt: skip
        assigned = [part for each in settings for part in ("--set", each)]
        return call_command("paper", "config/rotation.yaml", "--once", "--out", self.out, *assigned)

    def review(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(call_command("review", RUN, "--json", "--out", self.out).stdout)
        return content

    def on_the_dashboard(self) -> str:
        view = Board(self.out).run(RUN)
        assert view is not None
        return view.claims

    def summary(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / RUN / "summary.json").read_text(encoding="utf-8"))
        return content

    def study(self, data: dict[str, str], *, end: date = DAY) -> None:
        folder = self.out / "study-rotation-20260101T000000Z"
        folder.mkdir(parents=True)
        claim = {"row": "001-8", "primary": True, "title": "A fuse", "verdict": "supported", "n": 7}
        content = {"end": str(end), "draws": 9999, "data": data, "results": [claim]}
        (folder / "study.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with served(tmp_path) as found:
        yield found


@contextmanager
def served(folder: Path) -> Iterator[Place]:
    market = folder / "market"
    write_small_market(market)
    exchange = PracticeExchange(
        practice_market(market).coins,
        clock=PracticeClock(decision_instant(DAY) + timedelta(minutes=1), speed=0.0, wall=WallClock()),
        keys=[],
    )
    with PracticeServer(exchange) as server:
        yield Place(market=market, out=folder / "out", exchange=exchange, url=server.url)


def digests(market: Path) -> dict[str, str]:
    """Digest what the files hold up to the day, by the names of a study."""
    bars = {name: read_csv_bars(market / f"{name}.csv", name, index=name == "RUT") for name in ("BTC", "ETH", "RUT")}
    return {name: bars_sha256(each.take(sum(day <= DAY for day in each.days.tolist()))) for name, each in bars.items()}


def test_a_study_of_its_bars_is_quoted_until_the_next_day_is_decided(place: Place) -> None:
    place.study({**digests(place.market), "SOL": "of no matter"})

    ended = place.paper()

    assert ended.exit_code == 0, ended
    assert QUOTE in " ".join(ended.stdout.split())
    assert place.summary()["study"]["claims"][0]["n"] == place.review()["study"]["claims"][0]["n"] == 7
    assert QUOTE in (place.out / RUN / "report.html").read_text(encoding="utf-8")
    assert place.on_the_dashboard() == QUOTE

    place.exchange.set_clock(decision_instant(DAY) + timedelta(days=1, minutes=1))
    ended = place.paper()

    assert "1 day decided (2015-11-11)" in ended.stdout
    assert "claims" not in ended.stdout
    assert "study" not in place.summary()
    assert place.review()["study"] is None
    assert place.on_the_dashboard() == ""
    assert "Untested: `study` tests the claims." in (place.out / RUN / "report.html").read_text(encoding="utf-8")


def test_a_study_that_is_made_after_the_run_ended_is_found_by_whoever_reads_it(place: Place) -> None:
    place.paper()
    before = place.review()["study"]

    place.study(digests(place.market))

    assert (before, place.review()["study"]["folder"]) == (None, "study-rotation-20260101T000000Z")


def test_a_study_of_other_bars_is_not_quoted(place: Place) -> None:
    place.study({**digests(place.market), "ETH": "another"})

    ended = place.paper()

    assert "claims" not in ended.stdout
    assert "study" not in place.summary()
    assert place.review()["study"] is None
