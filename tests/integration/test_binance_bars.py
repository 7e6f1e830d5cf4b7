"""Binance bars, against a loopback server that answers as Binance does."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.binance import BinanceBars
from engine.data.failures import UnreachableError
from tests.support.binance_server import BinanceServer, Canned, kline, klines, running
from tests.support.patience import PATIENCE_SECONDS, SILENCE_SECONDS

NOON = datetime(2024, 5, 10, 12, tzinfo=UTC)
YESTERDAY = date(2024, 5, 9)
LISTED = date(2024, 5, 1)


@dataclass
class Bench:
    """A provider on a server, with what it slept and said."""

    server: BinanceServer
    now: datetime = NOON
    max_retries: int = 2
    timeout_seconds: float = PATIENCE_SECONDS
    waits: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def fetch(self, symbol: str = "BTC", *, since: date | None = None, until: date = YESTERDAY) -> BarSeries:
        return BinanceBars(
            base_url=self.server.url,
            quote="USDT",
            max_retries=self.max_retries,
            timeout_seconds=self.timeout_seconds,
            sleep=self.waits.append,
            now=lambda: self.now,
            progress=self.lines.append,
        ).fetch(symbol, since=since, until=until)


@pytest.fixture
def bench() -> Iterator[Bench]:
    server = BinanceServer(now=NOON)
    # 1 to 10 May; the candle of the 10th is forming at noon.
    server.candles["BTCUSDT"] = klines(LISTED, [60_000.0 + i for i in range(10)])
    with running(server):
        yield Bench(server)


def days(bars: BarSeries) -> list[str]:
    return [str(day) for day in bars.days]


def test_bars_have_the_prices_of_the_text_and_are_known_at_the_end_of_their_day(bench: Bench) -> None:
    prices_and_volume = ["60672.00000000", "60841.63000000", "56552.82000000", "58364.97000000", "81166.46823000"]
    rest = [1714607999999, "4753142286.04", 3215374, "39742.59", "2327170422.17", "0"]
    bench.server.candles["BTCUSDT"] = [[1714521600000, *prices_and_volume, *rest]]

    bars = bench.fetch()

    # 1714521600 seconds is 19844 days after 1970-01-01: 1 May 2024.
    assert bars.symbol == "BTC"
    assert days(bars) == ["2024-05-01"]
    row = [column[0] for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    assert row == [60672.0, 60841.63, 56552.82, 58364.97, 81166.46823]
    assert str(bars.known_at[0]) == "2024-05-02T00:00:00"


def test_the_forming_candle_is_dropped(bench: Bench) -> None:
    bars = bench.fetch(until=date(2024, 5, 10))

    assert days(bars)[-1] == "2024-05-09"
    assert len(bars) == 9


def test_a_candle_is_final_at_midnight_and_not_a_second_before(bench: Bench) -> None:
    bench.server.now = datetime(2024, 5, 11, 12, tzinfo=UTC)
    bench.now = datetime(2024, 5, 10, 23, 59, 59, tzinfo=UTC)
    assert bench.fetch(until=date(2024, 5, 10)).last_day == date(2024, 5, 9)

    bench.now = datetime(2024, 5, 11, tzinfo=UTC)
    assert bench.fetch(until=date(2024, 5, 10)).last_day == date(2024, 5, 10)


def test_the_clock_of_the_exchange_decides_when_ours_is_fast(bench: Bench) -> None:
    bench.now = NOON + timedelta(days=3)

    assert bench.fetch(until=date(2024, 5, 13)).last_day == date(2024, 5, 9)


def test_bars_after_the_last_wanted_day_are_not_given(bench: Bench) -> None:
    assert days(bench.fetch(until=date(2024, 5, 3))) == ["2024-05-01", "2024-05-02", "2024-05-03"]


def test_long_history_is_read_in_pages_of_a_thousand(bench: Bench) -> None:
    # 2,345 days from 1 January 2015: two full pages and 345 bars.
    first = date(2015, 1, 1)
    bench.server.candles["BTCUSDT"] = klines(first, [100.0 + i for i in range(2345)])
    last = first + timedelta(days=2344)

    bars = bench.fetch(until=last)

    assert [request["limit"] for request in bench.server.requests] == ["1000"] * 3
    assert [request["startTime"] for request in bench.server.requests] == [
        "0",
        str(1420070400000 + 1000 * 86_400_000),
        str(1420070400000 + 2000 * 86_400_000),
    ]
    assert len(bars) == 2345
    assert bars.close.tolist() == [100.0 + i for i in range(2345)]
    assert (np.diff(bars.ordinals) == 1).all()
    assert (bars.first_day, bars.last_day) == (first, last)
    assert bench.lines == [
        "binance BTCUSDT: 1000 bars to 2017-09-26",
        "binance BTCUSDT: 1000 bars to 2020-06-22",
        f"binance BTCUSDT: 345 bars to {last}",
    ]


def test_a_server_with_smaller_pages_is_read_to_the_end(bench: Bench) -> None:
    bench.server.page_limit = 4

    assert len(bench.fetch()) == 9


def test_a_resumed_fetch_gives_the_bars_from_since_on_and_asks_for_no_more(bench: Bench) -> None:
    bars = bench.fetch(since=date(2024, 5, 7))

    assert days(bars) == ["2024-05-07", "2024-05-08", "2024-05-09"]
    assert [request["startTime"] for request in bench.server.requests] == ["1715040000000"]  # 7 May 2024, 00:00 UTC


def test_a_revised_bar_is_what_the_second_fetch_gives(bench: Bench) -> None:
    before = bench.fetch()
    bench.server.candles["BTCUSDT"][8] = kline(YESTERDAY, 61_234.5)

    after = bench.fetch(since=date(2024, 5, 8))

    assert before.close[-1] == 60_008.0
    assert after.close.tolist() == [60_007.0, 61_234.5]


def test_a_missing_day_stays_missing(bench: Bench) -> None:
    del bench.server.candles["BTCUSDT"][4]

    assert "2024-05-05" not in days(bench.fetch())
    assert len(bench.fetch()) == 8


def test_a_missing_last_row_ends_the_series_and_is_said(bench: Bench) -> None:
    del bench.server.candles["BTCUSDT"][8:]

    bars = bench.fetch()

    assert bars.last_day == date(2024, 5, 8)
    assert bench.lines[-1] == "binance BTCUSDT: no bars from 2024-05-09 on"


def test_a_coin_listed_today_has_no_final_bar_yet(bench: Bench) -> None:
    bench.server.candles["BTCUSDT"] = [kline(date(2024, 5, 10), 60_000.0)]

    assert len(bench.fetch()) == 0


def test_nothing_is_asked_for_a_span_that_is_not_over(bench: Bench) -> None:
    bars = bench.fetch(since=date(2024, 5, 10), until=date(2024, 5, 12))

    assert len(bars) == 0
    assert bench.server.requests == []


def test_an_empty_list_is_an_error_and_never_an_empty_history(bench: Bench) -> None:
    bench.server.candles["BTCUSDT"] = []

    with pytest.raises(DataError, match=r"^binance BTCUSDT: Binance answers no daily bars$"):
        bench.fetch()
    with pytest.raises(DataError, match=r"no daily bars from 2024-05-02 on$"):
        bench.fetch(since=date(2024, 5, 2))


def test_an_unknown_market_is_named_at_once(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"^binance NOPEUSDT: Binance has no such market; .* USDT is wanted$") as caught:
        bench.fetch("NOPE")

    assert caught.value.exit_code == 3
    assert not isinstance(caught.value, UnreachableError)
    assert len(bench.server.requests) == 1
    assert bench.waits == []


@pytest.mark.parametrize("status", [429, 418])
def test_a_rate_limit_is_waited_out_as_long_as_the_server_asks(bench: Bench, status: int) -> None:
    limited = Canned(
        status=status, body='{"code":-1003,"msg":"Too much request weight."}', headers={"Retry-After": "37"}
    )
    bench.server.canned.append(limited)

    bars = bench.fetch()

    assert len(bars) == 9
    assert bench.waits == [37.0]
    limited_words = {429: "requests are limited", 418: "this address is banned"}[status]
    assert bench.lines[0] == f"binance: {limited_words} (-1003 Too much request weight.); waiting 37 seconds"


def test_a_ban_of_days_ends_the_fetch_instead_of_waiting(bench: Bench) -> None:
    bench.server.canned.append(Canned(status=418, body="{}", headers={"Retry-After": "259200"}))

    with pytest.raises(UnreachableError, match=r"HTTP 418\); it wants no request for 259200 seconds, until"):
        bench.fetch()
    assert bench.waits == []


def test_pages_pause_to_the_end_of_the_minute_when_the_weight_is_nearly_used_up(bench: Bench) -> None:
    bench.server.weight, bench.server.page_limit = 5500, 5
    bench.server.now = bench.now = NOON + timedelta(seconds=20)

    bench.fetch()

    # Between the two pages, and not after the last.
    # Noon and 20 seconds: the minute ends in 40 s, one more for the clocks.
    assert bench.waits == [41.0]


PASSING = [
    pytest.param(
        Canned(status=503, body="<html>Service Unavailable</html>", content_type="text/html"), "HTTP 503", id="503"
    ),
    pytest.param(
        Canned(status=500, body='{"code":-1000,"msg":"An unknown error occurred."}'), "-1000 An unknown", id="500"
    ),
    pytest.param(Canned(status=502, body='{"code":-9999,"msg":"a code that nobody knows"}'), "-9999 a code", id="502"),
    pytest.param(Canned(status=504, body=""), "HTTP 504", id="504"),
    pytest.param(Canned(reset=True), "cannot be reached", id="reset"),
    pytest.param(Canned(body="<html><body>Hello</body></html>", content_type="text/html"), "<body>Hello", id="html"),
    pytest.param(Canned(body=""), "it is empty", id="empty body"),
    pytest.param(Canned(body='[[1714521600000,"60672.0'), "not readable: [[1714521600000", id="cut-off json"),
    pytest.param(Canned(body='{"unexpected": 1}'), "not a list: {'unexpected': 1}", id="object"),
]
INVALID = [
    pytest.param(Canned(body="[null, null]"), "a candle is not readable: None", id="null rows"),
    pytest.param(Canned(body="[[null,null,null,null,null,null]]"), "a candle is not readable", id="rows of null"),
    pytest.param(
        Canned(body='[[1714521600000,"1","2","1"]]'), "a candle is not readable: [1714521600000, '1'", id="short row"
    ),
    pytest.param(Canned(body='[[1714521600000,"abc","2","1","1","1"]]'), "a candle is not readable", id="text"),
    pytest.param(
        Canned(body='[[1714521600000,"1","1","1","1","1"],["x"]]'),
        "the candle after 2024-05-01 is not readable",
        id="second row",
    ),
    pytest.param(Canned(body='[[1714525200000,"1","1","1","1","1"]]'), "a candle is not readable", id="one o'clock"),
    pytest.param(Canned(body='[[1714521600000000,"1","1","1","1","1"]]'), "is not readable", id="microseconds"),
    pytest.param(
        Canned(body='[[1714608000000,"1","1","1","1","1"],[1714608000000,"1","1","1","1","1"]]'),
        "the candle of 2024-05-02 cannot be",
        id="same day twice",
    ),
]


@pytest.mark.parametrize(("canned", "reason"), [*PASSING, *INVALID])
def test_a_bad_answer_is_asked_again_after_growing_waits(bench: Bench, canned: Canned, reason: str) -> None:
    bench.server.canned.extend([canned, canned])

    bars = bench.fetch()

    assert len(bars) == 9
    assert bench.waits == [0.5, 1.0]
    assert reason in bench.lines[0]


STAYING = [*[(UnreachableError, *case.values) for case in PASSING], *[(DataError, *case.values) for case in INVALID]]


@pytest.mark.parametrize(("kind", "canned", "reason"), STAYING)
def test_a_bad_answer_that_stays_is_one_sentence_naming_the_series(
    bench: Bench, kind: type[DataError], canned: Canned, reason: str
) -> None:
    bench.server.canned.extend([canned] * 3)

    with pytest.raises(DataError) as caught:
        bench.fetch()

    message = str(caught.value)
    # A list of candles is Binance's answer, right or wrong; all else is as good as none.
    assert type(caught.value) is kind
    assert message.startswith("binance BTCUSDT: ")
    assert message.endswith("; given up after 3 tries")
    assert reason in message
    assert "\n" not in message
    assert bench.waits == [0.5, 1.0]


def test_a_page_that_fails_in_the_middle_is_asked_again_and_nothing_is_lost(bench: Bench) -> None:
    bench.server.page_limit = 4
    right = Canned(body=json.dumps(bench.server.candles["BTCUSDT"][:4]))
    bench.server.canned.extend([right, Canned(reset=True)])

    assert len(bench.fetch()) == 9


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (Canned(silence=True), "gives no answer within"),
        (Canned(drips=True), "begins an answer and does not end it within"),
    ],
    ids=["silence", "a byte now and then"],
)
def test_an_answer_that_does_not_come_is_a_timeout(bench: Bench, late: Canned, words: str) -> None:
    bench.timeout_seconds, bench.max_retries = SILENCE_SECONDS, 0
    bench.server.canned.append(late)

    with pytest.raises(DataError, match=rf"{words} {SILENCE_SECONDS:g} seconds; .*; given up after 1 try$"):
        bench.fetch()


def test_a_long_page_of_html_is_cut_to_a_sentence(bench: Bench) -> None:
    bench.max_retries = 0
    bench.server.canned.append(Canned(body="<html>" + "word " * 1000, content_type="text/html"))

    with pytest.raises(DataError, match=r"<html>word word .*…; given up after 1 try$") as caught:
        bench.fetch()
    assert len(str(caught.value)) < 250


def test_a_proxy_of_the_environment_is_not_asked_for_a_server_of_the_configuration(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert len(bench.fetch()) == 9


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = BinanceServer(now=NOON)
        server.url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    bench = Bench(server, max_retries=1)

    sentence = rf"^binance BTCUSDT: GET time: {server.url} cannot be reached: .* is refused; .* after 2 tries$"
    with pytest.raises(UnreachableError, match=sentence):
        bench.fetch()


@pytest.mark.parametrize("body", ['{"serverTime":null}', "<html></html>", "[]"])
def test_a_server_time_that_is_none_is_asked_again(bench: Bench, body: str) -> None:
    bench.server.canned_times.append(Canned(body=body))

    assert len(bench.fetch()) == 9
    assert bench.server.time_requests == 2


@pytest.mark.parametrize("status", [451, 403])
def test_a_restricted_location_is_said_and_not_retried(bench: Bench, status: int) -> None:
    body = '{"code":0,"msg":"Service unavailable from a restricted location according to \'b. Eligibility\'."}'
    bench.server.canned.append(Canned(status=status, body=body))

    with pytest.raises(UnreachableError, match=rf"not serve this address \(HTTP {status}, .*restricted location"):
        bench.fetch()
    assert bench.waits == []


@pytest.mark.parametrize("status", [401, 403, 407, 451])
@pytest.mark.parametrize("body", ["<html><body>Please log in</body></html>", '{"message":"Forbidden"}', ""])
def test_a_host_that_serves_this_place_nothing_counts_as_unreachable(bench: Bench, status: int, body: str) -> None:
    bench.server.canned.append(Canned(status=status, body=body, content_type="text/html"))

    with pytest.raises(UnreachableError, match=rf"^binance BTCUSDT: .*not serve this address \(HTTP {status}"):
        bench.fetch()
    assert bench.waits == []


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_refusal_that_is_not_binances_counts_as_unreachable(bench: Bench, status: int) -> None:
    bench.server.canned.append(Canned(status=status, body="<html>Not here</html>", content_type="text/html"))

    with pytest.raises(UnreachableError, match=rf"not serve this address \(HTTP {status} <html>Not here</html>\)"):
        bench.fetch()


def test_a_captive_page_in_place_of_the_time_counts_as_unreachable(bench: Bench) -> None:
    bench.server.canned_times.extend([Canned(body="<html>Welcome</html>", content_type="text/html")] * 3)

    with pytest.raises(
        UnreachableError,
        match=r"^binance BTCUSDT: GET time: the answer \(HTTP 200\) is not readable: <html>Welcome</html>",
    ):
        bench.fetch()


def test_a_refused_request_is_not_retried(bench: Bench) -> None:
    bench.server.canned.append(Canned(status=400, body='{"code":-1100,"msg":"Illegal characters found."}'))

    with pytest.raises(DataError, match=r"^binance BTCUSDT: GET klines is refused: -1100") as caught:
        bench.fetch()
    assert not isinstance(caught.value, UnreachableError)
    assert bench.waits == []


@pytest.mark.parametrize(
    ("prices", "problem"),
    [
        (["60000", "59000", "60000", "60000"], "high 59000.0 is below low 60000.0"),
        (["60000", "61000", "59000", "70000"], "close 70000.0 lies outside low 59000.0 and high 61000.0"),
    ],
)
def test_a_candle_that_cannot_be_is_an_error_naming_its_day(bench: Bench, prices: list[str], problem: str) -> None:
    bench.server.candles["BTCUSDT"][4][1:5] = prices

    with pytest.raises(DataError) as caught:
        bench.fetch()

    assert str(caught.value) == f"binance BTCUSDT (2024-05-05): {problem}"
    assert bench.waits == []


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (["60000", "61000", "-1", "60000"], "the candle of 2024-05-05 cannot be"),
        (["60000", "61000", "59000", "NaN"], "the candle after 2024-05-04 is not readable"),
    ],
)
def test_a_candle_without_a_price_is_asked_for_again_and_then_an_error_naming_its_day(
    bench: Bench, prices: list[str], words: str
) -> None:
    bench.server.candles["BTCUSDT"][4][1:5] = prices

    with pytest.raises(
        DataError, match=rf"^binance BTCUSDT: GET klines: .*{words}.*; given up after 3 tries$"
    ) as caught:
        bench.fetch()

    assert not isinstance(caught.value, UnreachableError)
    assert bench.waits == [0.5, 1.0]


class Kept:
    """Pauses that were kept, as a file would keep them."""

    def __init__(self) -> None:
        self.pauses: dict[str, datetime] = {}

    def until(self, origin: str, now: datetime) -> datetime | None:
        until = self.pauses.get(origin)
        return until if until is not None and until > now else None

    def keep(self, origin: str, until: datetime) -> None:
        self.pauses[origin] = until


def test_nothing_is_asked_while_a_ban_lasts_neither_by_this_start_nor_by_the_next(bench: Bench) -> None:
    kept = Kept()

    def connect() -> BinanceBars:
        return BinanceBars(
            base_url=bench.server.url,
            quote="USDT",
            max_retries=3,
            timeout_seconds=10,
            sleep=bench.waits.append,
            now=lambda: bench.now,
            progress=bench.lines.append,
            quiet=kept,
        )

    bench.server.canned.append(Canned(status=418, headers={"Retry-After": "600"}))
    first = connect()
    with pytest.raises(UnreachableError, match=r"it wants no request for 600 seconds, until 2024-05-10 12:10:00 UTC"):
        first.fetch("BTC", since=None, until=YESTERDAY)
    asked = (len(bench.server.requests), bench.server.time_requests)

    for again in (first, connect()):
        with pytest.raises(
            UnreachableError, match=r"it wants no request for 600 seconds, until 2024-05-10 12:10:00 UTC"
        ):
            again.fetch("BTC", since=None, until=YESTERDAY)
    assert (len(bench.server.requests), bench.server.time_requests) == asked

    bench.now += timedelta(seconds=600)
    assert [len(again.fetch("BTC", since=None, until=YESTERDAY)) for again in (first, connect())] == [9, 9]


def test_another_host_is_asked_for_candles_as_it_is_configured(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = server.getsockname()[1]
    bars = BinanceBars(
        base_url="https://api.binance.com",
        quote="USDT",
        max_retries=0,
        timeout_seconds=10,
        sleep=bench.waits.append,
        now=lambda: bench.now,
        progress=bench.lines.append,
        environment={"HTTPS_PROXY": f"http://127.0.0.1:{dead}"},
    )

    with pytest.raises(
        UnreachableError, match=r"^binance BTCUSDT: GET time: https://api\.binance\.com cannot be reached: the proxy"
    ):
        bars.fetch("BTC", since=None, until=YESTERDAY)
