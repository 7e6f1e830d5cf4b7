"""What `auto` makes of each answer: an unknown, refused or invalid series ends it, a host that is not there does not.

Through the real libraries, against loopback servers that answer as Binance and Yahoo do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from engine.core.errors import DataError
from engine.core.strategy import Universe
from engine.data import yahoo
from engine.data.failures import UnreachableError
from engine.settings.config import Config
from engine.wiring.data.market import Market, load_market
from strategies.hold import HoldParams
from tests.support import binance_server, yahoo_server
from tests.support.binance_server import BinanceServer, Canned, kline, klines
from tests.support.yahoo_server import Row, YahooServer, coin_row, session_row

FIRST, SATURDAY = date(2024, 5, 1), date(2024, 5, 11)
NOON = datetime(2024, 5, 11, 12, tzinfo=UTC)
SESSIONS = [date(2024, 5, day) for day in (6, 7, 8, 9, 10)]
COINS = ("BTC", "ETH", "SOL")
PAGE = Canned(body="<html><body>Welcome to the hotel</body></html>", content_type="text/html")


class Silent:
    """A progress bar that nobody sees."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)

    def expect(self, total: int) -> None:
        """Expect nothing."""

    def advance(self) -> None:
        """Count nothing."""


@dataclass
class Bench:
    """Both services, a cache, and a configuration that says `auto`."""

    binance: BinanceServer
    yahoo: YahooServer
    cache: Path
    now: datetime = NOON
    crypto: str = "auto"
    index: str = "auto"
    progress: Silent = field(default_factory=Silent)

    def load(self, *coins: str) -> Market:
        config = Config(
            strategy=HoldParams(),
            data=cast("Any", {"crypto": self.crypto, "index": self.index, "cache_dir": self.cache}),
            venue=cast("Any", {"base_url": self.binance.url, "max_retries": 0}),
        )
        universe = Universe(core="BTC", assets=coins or COINS, indices=("RUT",))
        return load_market(config, universe, now=lambda: self.now, progress=self.progress)

    def refused(self, *coins: str) -> str:
        with pytest.raises(DataError) as caught:
            self.load(*coins)
        assert caught.value.exit_code == 3
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def go_away(self) -> None:
        """Let both services answer with what stands between this place and them."""
        self.binance.canned_times.extend([PAGE] * 99)
        self.binance.canned.extend([PAGE] * 99)
        self.yahoo.canned.extend([PAGE] * 99)
        self.yahoo.canned_zones.extend([PAGE] * 99)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    binance, served = BinanceServer(now=NOON), YahooServer()
    for number, coin in enumerate(COINS):
        binance.candles[f"{coin}USDT"] = klines(FIRST, [100.0 * (number + 1) + day for day in range(11)])
        served.zones[f"{coin}-USD"] = "UTC"
        served.rows[f"{coin}-USD"] = [coin_row(FIRST, 100.0 * (number + 1))]
    served.rows["^RUT"] = [session_row(day, 2060.0 + n) for n, day in enumerate(SESSIONS)]
    real = yahoo.YahooBars
    monkeypatch.setattr(
        yahoo, "YahooBars", lambda **named: real(**{**named, "base_url": served.url, "sleep": _no_sleep})
    )
    monkeypatch.setattr("engine.wiring.data.providers.time.sleep", _no_sleep)
    with binance_server.running(binance), yahoo_server.running(served):
        yield Bench(binance, served, tmp_path / "cache")


def _no_sleep(seconds: float) -> None:
    """Wait for nobody."""


def test_good_answers_are_real_bars(bench: Bench) -> None:
    market = bench.load()

    assert not market.synthetic
    assert {symbol: len(bars) for symbol, bars in market.history.series.items()} == {
        "BTC": 10, "ETH": 10, "SOL": 10, "RUT": 5,
    }  # fmt: skip


def spoiled_candle(bench: Bench) -> None:
    # Of 5 May; the high stands second.
    bench.binance.candles["SOLUSDT"][4][2] = "1.0"


def unreadable_candle(bench: Bench) -> None:
    bench.binance.candles["SOLUSDT"][4][1] = "n/a"


def candle_at_one_o_clock(bench: Bench) -> None:
    bench.binance.candles["SOLUSDT"][4][0] += 3_600_000


def unknown_coin(bench: Bench) -> None:
    del bench.binance.candles["SOLUSDT"]


def coin_without_candles(bench: Bench) -> None:
    bench.binance.candles["SOLUSDT"] = []


def spoiled_session(bench: Bench) -> None:
    bench.yahoo.rows["^RUT"][2] = replace(bench.yahoo.rows["^RUT"][2], high=1.0)


def session_without_close(bench: Bench) -> None:
    bench.yahoo.rows["^RUT"][2] = replace(bench.yahoo.rows["^RUT"][2], close=None)


def saturday(bench: Bench) -> None:
    rows: list[Row] = [session_row(date(2024, 5, 4), 2050.0), *bench.yahoo.rows["^RUT"]]
    bench.yahoo.rows["^RUT"] = rows


def shifted_index(bench: Bench) -> None:
    days = [FIRST - timedelta(days=n) for n in range(120, 0, -1)]
    bench.yahoo.rows["^RUT"] = [session_row(day, 2060.0) for day in days if day.weekday() in (6, 0, 1, 2, 3)]


def unknown_index(bench: Bench) -> None:
    del bench.yahoo.rows["^RUT"]


def index_without_rows(bench: Bench) -> None:
    bench.yahoo.rows["^RUT"] = []


UNREADABLE = (
    "binance SOLUSDT: GET klines: the answer (HTTP 200) is not readable: the candle after 2024-05-04 is not readable:"
)
REFUSED = {
    spoiled_candle: "binance SOLUSDT (2024-05-05): high 1.0 is below low 303.0",
    unreadable_candle: f"{UNREADABLE} [1714867200000, 'n/a'",
    candle_at_one_o_clock: f"{UNREADABLE} [1714870800000",
    unknown_coin: "binance SOLUSDT: Binance has no such market",
    coin_without_candles: "binance SOLUSDT: Binance answers no daily bars",
    spoiled_session: "yahoo ^RUT (2024-05-08): high 1.0 is below low 2061.0",
    session_without_close: "yahoo ^RUT (2024-05-08): close nan is not a positive number",
    saturday: "yahoo ^RUT (2024-05-04): New York was closed on that Saturday",
    shifted_index: "yahoo ^RUT: the whole series is shifted by a day: the session of 2024-01-03 is dated",
    unknown_index: "yahoo ^RUT: Yahoo has no such series",
    index_without_rows: "yahoo ^RUT: Yahoo answers no prices",
}
CASES = [pytest.param(spoil, words, id=spoil.__name__) for spoil, words in REFUSED.items()]


@pytest.mark.parametrize(("spoil", "words"), CASES)
@pytest.mark.parametrize("by_name", [False, True])
def test_a_series_that_is_unknown_or_cannot_be_is_an_error_and_never_the_sample(
    bench: Bench, spoil: Callable[[Bench], None], words: str, by_name: bool
) -> None:
    if by_name:
        bench.crypto, bench.index = "binance", "yahoo"
    spoil(bench)

    assert bench.refused().startswith(words)


@pytest.mark.parametrize(("spoil", "words"), [case for case in CASES if case.id not in ("saturday", "shifted_index")])
def test_a_stale_cache_does_not_hide_what_the_provider_answers_now(
    bench: Bench, spoil: Callable[[Bench], None], words: str
) -> None:
    # Of what lies in the last ten bars, which an update asks for again.
    bench.load()
    bench.now += timedelta(days=3)
    bench.binance.now = bench.now
    days = [date(2024, 5, 12), date(2024, 5, 13)]
    for coin in COINS:
        bench.binance.candles[f"{coin}USDT"] += [kline(day, 100.0) for day in days]
    bench.yahoo.rows["^RUT"].append(session_row(days[1], 2070.0))
    spoil(bench)

    assert bench.refused().startswith(words)


def test_a_fresh_cache_asks_nobody(bench: Bench) -> None:
    bench.load()
    spoiled_candle(bench)
    spoiled_session(bench)
    bench.go_away()

    assert not bench.load().synthetic


def test_a_stale_cache_is_used_when_nobody_is_reached_and_says_with_what_status(bench: Bench) -> None:
    bench.load()
    bench.now += timedelta(days=3)
    bench.go_away()

    market = bench.load()

    assert not market.synthetic
    assert any("taken from the cache" in note and "HTTP 200" in note for note in market.notes)


REFUSALS = [
    Canned(status=403, body="<html>Forbidden</html>", content_type="text/html"),
    Canned(status=407, body="", content_type="text/html"),
    Canned(status=451, body='{"code":0,"msg":"Service unavailable from a restricted location"}'),
    Canned(status=511, body="<html>Log in</html>", content_type="text/html"),
    PAGE,
]


@pytest.mark.parametrize("answer", REFUSALS, ids=lambda answer: str(answer.status))
def test_a_host_of_coins_that_serves_nothing_leads_to_the_sample_with_its_status(bench: Bench, answer: Canned) -> None:
    bench.binance.canned_times.extend([answer] * 99)

    market = bench.load()

    assert market.synthetic
    (note,) = market.notes
    assert note.startswith("synthetic sample taken, because real bars could not be had: binance BTCUSDT: ")
    assert f"HTTP {answer.status}" in note


@pytest.mark.parametrize("answer", REFUSALS[:3], ids=lambda answer: str(answer.status))
def test_a_refusal_of_one_coin_beside_others_that_are_served_is_an_error(bench: Bench, answer: Canned) -> None:
    bench.load()
    last = f"{COINS[-1]}USDT"
    bench.binance.refusals[last] = answer
    # What the caches hold is stale by then; the last coin's is no stand-in either.
    bench.now += timedelta(days=3)
    bench.binance.now = bench.now

    sentence = bench.refused()

    assert sentence.startswith(f"binance {last}: the exchange does not serve this address (HTTP {answer.status}")
    assert "though it served others a moment ago" in sentence


@pytest.mark.parametrize("answer", REFUSALS, ids=lambda answer: str(answer.status))
def test_a_host_of_the_index_that_serves_nothing_leads_to_the_sample_with_its_status(
    bench: Bench, answer: Canned
) -> None:
    # The coins were had: none of them may stay beside the made-up index.
    bench.load()
    (bench.cache / "yahoo-RUT.json").unlink()
    bench.yahoo.canned.extend([answer] * 99)
    bench.yahoo.canned_zones.extend([answer] * 99)

    market = bench.load()

    assert market.synthetic
    assert {series.synthetic for series in market.loaded.values()} == {True}
    (note,) = market.notes
    assert note.startswith("synthetic sample taken, because real bars could not be had: yahoo ^RUT: ")
    assert f"HTTP {answer.status}" in note


@pytest.mark.parametrize(("crypto", "index"), [("binance", "yahoo"), ("auto", "yahoo"), ("binance", "auto")])
def test_a_provider_that_is_named_is_never_left_for_the_sample(bench: Bench, crypto: str, index: str) -> None:
    bench.crypto, bench.index = crypto, index
    bench.go_away()

    with pytest.raises(UnreachableError, match=r"^binance BTCUSDT: .*HTTP 200"):
        bench.load()


def test_an_unknown_coin_is_binances_word_also_when_the_index_is_not_reached(bench: Bench) -> None:
    bench.yahoo.canned.extend([PAGE] * 99)
    bench.yahoo.canned_zones.extend([PAGE] * 99)

    assert bench.refused("BTC", "MATICC").startswith("binance MATICCUSDT: Binance has no such market")


def test_a_coin_that_the_sample_does_not_have_is_told_with_why_the_sample_was_to_be_taken(bench: Bench) -> None:
    bench.go_away()

    told = bench.refused("BTC", "MATICC")

    assert told.startswith("MATICC: the synthetic sample has no such series")
    assert "real bars could not be had: binance BTCUSDT: " in told
    assert "HTTP 200" in told


def test_what_yahoo_has_wrong_before_binance_begins_is_left_out_and_said(bench: Bench) -> None:
    bench.yahoo.rows["SOL-USD"][0] = replace(bench.yahoo.rows["SOL-USD"][0], high=1.0)

    market = bench.load()

    assert not market.synthetic
    assert any(note.startswith("SOL: begins on 2024-05-01, not extended: yahoo SOL-USD") for note in market.notes)


def test_rows_that_yahoo_carries_over_a_holiday_are_dropped_and_noted(bench: Bench) -> None:
    # Good Friday 2024 is 29 March.
    holiday = replace(session_row(date(2024, 3, 29), 2050.0), high=2050.0, low=2050.0)
    bench.yahoo.rows["^RUT"] = [session_row(date(2024, 3, 28), 2050.0), holiday, *bench.yahoo.rows["^RUT"]]
    said = "yahoo ^RUT: 1 row was dropped, of days when New York was closed and nothing was traded: 2024-03-29"

    market = bench.load()

    assert len(market.history["RUT"]) == 6
    assert said in market.notes
    # Out of the cache as well.
    assert said in bench.load().notes


def test_a_benchmark_that_cannot_be_had_says_why(bench: Bench) -> None:
    bench.binance.candles["ETHUSDT"][4][2] = "1.0"

    market = bench.load("BTC")

    assert "ETH" not in market.loaded
    assert any(
        "hold ETH" in note and "binance ETHUSDT (2024-05-05): high 1.0 is below" in note for note in market.notes
    )
