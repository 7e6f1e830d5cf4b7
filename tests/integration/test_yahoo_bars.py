"""Yahoo bars through the real yfinance, against a loopback server that answers as Yahoo does."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import curl_cffi.requests
import numpy as np
import pytest

from engine.core.errors import DataError
from engine.core.market import BarSeries
from engine.data.failures import UnreachableError
from engine.data.sessions import NewYorkSessions
from engine.data.yahoo import Market, YahooBars, ticker_of
from tests.support.binance_server import Canned
from tests.support.patience import PATIENCE_SECONDS, SILENCE_SECONDS
from tests.support.yahoo_server import (
    NEW_YORK,
    TOO_MANY,
    Row,
    YahooServer,
    chart,
    coin_row,
    nulled,
    running,
    session_row,
)

ROOT = Path(__file__).parents[2]
FRIDAY = date(2024, 5, 10)
SESSIONS = [date(2024, 5, day) for day in (6, 7, 8, 9, 10)]
SATURDAY_NOON = datetime(2024, 5, 11, 12, tzinfo=UTC)


@dataclass
class Bench:
    """A provider on a server, with what it slept and said."""

    server: YahooServer
    now: datetime = SATURDAY_NOON
    max_retries: int = 2
    timeout_seconds: float = PATIENCE_SECONDS
    waits: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def fetch(
        self,
        symbol: str = "RUT",
        *,
        since: date | None = None,
        until: date = FRIDAY,
        market: Market = "index",
        remark: Callable[[str], None] | None = None,
    ) -> BarSeries:
        return YahooBars(
            market=market,
            base_url=self.server.url,
            max_retries=self.max_retries,
            timeout_seconds=self.timeout_seconds,
            sleep=self.waits.append,
            now=lambda: self.now,
            progress=self.lines.append,
            remark=remark,
        ).fetch(symbol, since=since, until=until)

    @property
    def rows(self) -> list[Row]:
        return self.server.rows["^RUT"]


@pytest.fixture
def bench() -> Iterator[Bench]:
    server = YahooServer()
    server.rows["^RUT"] = [session_row(session, 2060.0 + i) for i, session in enumerate(SESSIONS)]
    with running(server):
        yield Bench(server)


def days(bars: BarSeries) -> list[str]:
    return [str(day) for day in bars.days]


def test_sessions_have_unadjusted_closes_and_are_known_at_the_closing_bell(bench: Bench) -> None:
    bench.server.rows["^RUT"] = [Row(at=1715347800, open=2078.5, high=2080.25, low=2050.75, close=2059.78, volume=0)]

    bars = bench.fetch()

    # 1715347800 is 10 May 2024 13:30 UTC, 09:30 in New York; the server's adjusted close is half the close.
    assert bars.symbol == "RUT"
    assert days(bars) == ["2024-05-10"]
    assert [column[0] for column in (bars.open, bars.high, bars.low, bars.close)] == [2078.5, 2080.25, 2050.75, 2059.78]
    assert np.isnan(bars.volume).all()
    assert str(bars.known_at[0]) == "2024-05-10T20:00:00"
    assert bench.lines == ["yahoo ^RUT: 1 bars, 2024-05-10 to 2024-05-10"]


def test_volume_is_kept_where_there_is_any(bench: Bench) -> None:
    bench.rows[0] = replace(bench.rows[0], volume=4_000_000_000)

    volume = bench.fetch().volume

    assert volume[0] == 4e9
    assert np.isnan(volume[1:]).all()


def test_dates_and_closing_instants_hold_across_changes_of_the_clock(bench: Bench) -> None:
    # Summer time began on Sunday 10 March and ended on Sunday 3 November 2024.
    sessions = [date(2024, 3, 8), date(2024, 3, 11), date(2024, 11, 1), date(2024, 11, 4)]
    bench.server.rows["^RUT"] = [session_row(session, 2000.0) for session in sessions]
    bench.now = datetime(2024, 11, 5, tzinfo=UTC)

    bars = bench.fetch(until=date(2024, 11, 4))

    assert days(bars) == ["2024-03-08", "2024-03-11", "2024-11-01", "2024-11-04"]
    assert [str(at)[11:13] for at in bars.known_at] == ["21", "20", "20", "21"]


def test_rows_of_the_index_before_1970_keep_their_dates(bench: Bench) -> None:
    bench.server.rows["^GSPC"] = [session_row(date(1950, 1, 3), 16.66)]

    assert days(bench.fetch("SPX")) == ["1950-01-03"]


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2024, 5, 10, 15, 0, tzinfo=UTC), "2024-05-09"),
        (datetime(2024, 5, 10, 20, 29, 59, tzinfo=UTC), "2024-05-09"),  # 16:29:59 in New York
        (datetime(2024, 5, 10, 20, 30, tzinfo=UTC), "2024-05-10"),
    ],
)
def test_a_session_is_final_half_an_hour_after_the_bell(bench: Bench, now: datetime, last: str) -> None:
    bench.now = now

    assert days(bench.fetch())[-1] == last


def test_a_half_day_is_final_no_earlier_than_a_whole_one(bench: Bench) -> None:
    # The Friday after Thanksgiving 2024: bell at 13:00, 18:00 UTC; whole days are final at 21:30 UTC in winter.
    wednesday, friday = date(2024, 11, 27), date(2024, 11, 29)
    bench.server.rows["^RUT"] = [session_row(session, 2400.0) for session in (wednesday, friday)]
    bench.now = datetime(2024, 11, 29, 21, 29, tzinfo=UTC)
    assert bench.fetch(until=friday).last_day == wednesday

    bench.now += timedelta(minutes=1)
    assert bench.fetch(until=friday).last_day == friday


def test_the_row_of_the_session_in_progress_is_dropped_wherever_it_is_stamped(bench: Bench) -> None:
    # While New York trades, Yahoo stamps the last row with the time of the last price: 14:07:23 there.
    bench.rows[-1] = replace(bench.rows[-1], at=int(datetime(2024, 5, 10, 18, 7, 23, tzinfo=UTC).timestamp()))
    bench.now = datetime(2024, 5, 10, 18, 8, tzinfo=UTC)

    assert days(bench.fetch())[-1] == "2024-05-09"


def test_a_span_is_cut_to_since_and_until(bench: Bench) -> None:
    bars = bench.fetch(since=date(2024, 5, 7), until=date(2024, 5, 9))

    assert days(bars) == ["2024-05-07", "2024-05-08", "2024-05-09"]
    # Midnight of 7 May 2024 in New York is 04:00 UTC.
    assert bench.server.price_requests[0][1]["period1"] == "1715054400"


def test_a_revised_bar_is_what_the_second_fetch_gives(bench: Bench) -> None:
    before = bench.fetch()
    bench.rows[-1] = session_row(FRIDAY, 2071.5)

    after = bench.fetch(since=date(2024, 5, 9))

    assert before.close[-1] == 2064.0
    assert after.close.tolist() == [2063.0, 2071.5]


def test_a_missing_last_row_is_simply_absent(bench: Bench) -> None:
    del bench.rows[-1]

    assert days(bench.fetch())[-1] == "2024-05-09"


@pytest.mark.parametrize("emptied", [nulled, lambda row: replace(row, close=None)])
def test_a_last_row_without_a_close_is_dropped(bench: Bench, emptied: Callable[[Row], Row]) -> None:
    bench.rows[-1] = emptied(bench.rows[-1])

    assert days(bench.fetch())[-1] == "2024-05-09"


def test_a_row_without_a_close_is_dropped_before_a_session_in_progress_as_well(bench: Bench) -> None:
    bench.rows[-2] = replace(bench.rows[-2], close=None)
    bench.now = datetime(2024, 5, 10, 18, tzinfo=UTC)

    assert days(bench.fetch())[-1] == "2024-05-08"


def test_a_row_without_a_close_in_the_middle_is_an_error(bench: Bench) -> None:
    bench.rows[2] = replace(bench.rows[2], close=None)

    with pytest.raises(DataError, match=r"^yahoo \^RUT \(2024-05-08\): close nan is not a positive number$"):
        bench.fetch()


def test_only_one_row_without_a_close_is_forgiven(bench: Bench) -> None:
    for position in (-1, -2):
        bench.rows[position] = replace(bench.rows[position], close=None)

    with pytest.raises(DataError, match=r"^yahoo \^RUT \(2024-05-09\): close nan is not a positive number$"):
        bench.fetch()


def test_rows_of_nothing_but_nulls_are_an_error_and_never_an_empty_history(bench: Bench) -> None:
    bench.server.rows["^RUT"] = [nulled(row) for row in bench.rows]

    with pytest.raises(DataError, match=r"^yahoo \^RUT: Yahoo answers no prices; given up after 3 tries$"):
        bench.fetch()


def test_a_session_that_yahoo_has_nothing_of_is_a_gap(bench: Bench) -> None:
    bench.rows[2] = nulled(bench.rows[2])

    assert days(bench.fetch()) == ["2024-05-06", "2024-05-07", "2024-05-09", "2024-05-10"]


def test_a_bar_that_cannot_be_is_an_error_naming_its_session(bench: Bench) -> None:
    bench.rows[1] = replace(bench.rows[1], high=1.0)

    with pytest.raises(DataError, match=r"^yahoo \^RUT \(2024-05-07\): high 1.0 is below low 2060.0$"):
        bench.fetch()


SATURDAY = date(2024, 5, 11)


def test_a_row_of_a_closed_day_in_which_nothing_was_traded_is_dropped_and_said(bench: Bench) -> None:
    # Memorial Day 2024, Monday 27 May: one price; the Saturday before it: the close of Friday again, no volume.
    friday, tuesday = date(2024, 5, 24), date(2024, 5, 28)
    holiday = replace(session_row(date(2024, 5, 27), 2069.67, volume=0), high=2069.67, low=2069.67)
    bench.server.rows["^RUT"] = [
        session_row(friday, 2069.67), session_row(date(2024, 5, 25), 2069.67), holiday, session_row(tuesday, 2066.85),
    ]  # fmt: skip
    bench.now = datetime(2024, 5, 29, 12, tzinfo=UTC)
    remarks: list[str] = []

    bars = bench.fetch(until=tuesday, remark=remarks.append)

    assert days(bars) == ["2024-05-24", "2024-05-28"]
    assert remarks == [
        "yahoo ^RUT: 2 rows were dropped, of days when New York was closed and nothing was traded: "
        "2024-05-25, 2024-05-27"
    ]
    assert remarks[0] in bench.lines


def test_a_row_of_a_holiday_without_a_close_is_dropped(bench: Bench) -> None:
    holiday = replace(session_row(date(2024, 5, 27), 2069.67), close=None)
    bench.server.rows["^RUT"] = [
        session_row(date(2024, 5, 24), 2069.67),
        holiday,
        session_row(date(2024, 5, 28), 2066.0),
    ]
    bench.now = datetime(2024, 5, 29, 12, tzinfo=UTC)

    assert days(bench.fetch(until=date(2024, 5, 28))) == ["2024-05-24", "2024-05-28"]


def test_a_saturday_with_prices_of_its_own_is_an_error_naming_it(bench: Bench) -> None:
    bench.rows.append(session_row(SATURDAY, 2070.0))
    bench.now = datetime(2024, 5, 13, 12, tzinfo=UTC)

    with pytest.raises(
        DataError, match=r"^yahoo \^RUT \(2024-05-11\): New York was closed on that Saturday$"
    ) as caught:
        bench.fetch(until=SATURDAY)

    assert not isinstance(caught.value, UnreachableError)


@pytest.mark.parametrize("offset", [-1, 1])
def test_an_answer_that_is_shifted_by_a_day_is_named_as_such(bench: Bench, offset: int) -> None:
    sessions = NewYorkSessions().between(date(2024, 3, 4), FRIDAY)
    moved = [day + timedelta(days=offset) for day in sessions.tolist()]
    bench.server.rows["^RUT"] = [session_row(day, 2000.0 + number) for number, day in enumerate(moved)]

    with pytest.raises(
        DataError, match=r"^yahoo \^RUT: the whole series is shifted by a day: the session of 2024-03-04"
    ):
        bench.fetch(until=SATURDAY - timedelta(days=1))


def test_coins_have_bars_on_every_day(bench: Bench) -> None:
    bench.server.zones["BTC-USD"] = "UTC"
    bench.server.rows["BTC-USD"] = [coin_row(date(2024, 5, 3) + timedelta(days=n), 60_000.0) for n in range(5)]

    assert len(bench.fetch("BTC", market="crypto")) == 5


def test_nothing_final_gives_an_empty_series(bench: Bench) -> None:
    assert len(bench.fetch(until=date(2024, 5, 1))) == 0


def test_a_coin_has_utc_days_known_at_their_end(bench: Bench) -> None:
    bench.server.zones["BTC-USD"] = "UTC"
    first = date(2024, 5, 8)
    bench.server.rows["BTC-USD"] = [coin_row(first + timedelta(days=i), 60_000.0 + i) for i in range(3)]
    # The running day comes twice: at midnight, and at the time of the last price.
    live = replace(coin_row(date(2024, 5, 11), 61_000.0), at=int(SATURDAY_NOON.timestamp()) - 60)
    bench.server.rows["BTC-USD"] += [coin_row(date(2024, 5, 11), 60_990.0), live]

    bars = bench.fetch("BTC", market="crypto", until=date(2024, 5, 11))

    assert days(bars) == ["2024-05-08", "2024-05-09", "2024-05-10"]
    assert bars.close.tolist() == [60_000.0, 60_001.0, 60_002.0]
    assert str(bars.known_at[-1]) == "2024-05-11T00:00:00"


def test_a_coin_bar_is_final_at_midnight_utc(bench: Bench) -> None:
    bench.server.zones["BTC-USD"] = "UTC"
    bench.server.rows["BTC-USD"] = [coin_row(date(2024, 5, day), 60_000.0) for day in (9, 10)]
    bench.now = datetime(2024, 5, 10, 23, 59, 59, tzinfo=UTC)
    assert bench.fetch("BTC", market="crypto").last_day == date(2024, 5, 9)

    bench.now += timedelta(seconds=1)
    assert bench.fetch("BTC", market="crypto").last_day == FRIDAY


def test_an_index_of_another_exchange_is_refused(bench: Bench) -> None:
    bench.server.zones["^N225"] = "Asia/Tokyo"
    bench.server.rows["^N225"] = bench.rows

    with pytest.raises(
        DataError, match=r"^yahoo \^N225: its days are of Asia/Tokyo; only America/New_York is supported$"
    ):
        bench.fetch("^N225")


@pytest.mark.parametrize(
    ("symbol", "market", "ticker"),
    [
        ("RUT", "index", "^RUT"),
        ("SPX", "index", "^GSPC"),
        ("NDX", "index", "^NDX"),
        ("IWM", "index", "IWM"),
        ("BTC", "crypto", "BTC-USD"),
        ("UNI", "crypto", "UNI7083-USD"),
    ],
)
def test_names_of_the_configuration_are_turned_into_yahoos(symbol: str, market: Market, ticker: str) -> None:
    assert ticker_of(symbol, market) == ticker


def test_a_delisted_series_is_named_at_once(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"^yahoo NOPE: Yahoo has no such series") as caught:
        bench.fetch("NOPE")

    assert caught.value.exit_code == 3
    assert bench.waits == []


HTML = Canned(body="<html><body>Will load soon</body></html>", content_type="text/html")
NULLS = chart("^RUT", NEW_YORK, [session_row(FRIDAY, 1.0)]).replace('"timestamp": [1715347800]', '"timestamp": 5')
PASSING = [
    pytest.param(TOO_MANY, r"Yahoo limits the rate of requests \(HTTP 429\)", id="429"),
    pytest.param(
        Canned(status=503, body="<html></html>", content_type="text/html"), "Yahoo answers HTTP 503", id="503"
    ),
    pytest.param(HTML, r"Yahoo's answer is not a price history \(HTTP 200\)", id="html"),
    pytest.param(Canned(body="Will be right back"), r"Yahoo's answer is not a price history \(HTTP 200\)", id="down"),
    pytest.param(Canned(body=""), r"Yahoo's answer is not a price history \(HTTP 200\)", id="empty body"),
    pytest.param(
        Canned(body='{"chart":{"result":[{"meta":{}'),
        r"Yahoo's answer is not a price history \(HTTP 200\)",
        id="cut off",
    ),
    pytest.param(Canned(body=NULLS), r"Yahoo's answer is not a price history \(HTTP 200\)", id="nulls"),
    pytest.param(Canned(body="{}"), "Yahoo answers no prices", id="empty object"),
    pytest.param(Canned(body="null"), "Yahoo answers no prices", id="null"),
    pytest.param(Canned(body=chart("^RUT", NEW_YORK, [])), "Yahoo answers no prices", id="empty frame"),
    pytest.param(
        Canned(body='{"chart":{"result":null,"error":{"code":"Internal","description":"try later"}}}'),
        r"Yahoo answers no prices \(try later\)",
        id="yahoo's own error",
    ),
    pytest.param(Canned(reset=True), "http://127.0.0.1:[0-9]+ cannot be reached", id="reset"),
]


@pytest.mark.parametrize(("canned", "reason"), PASSING)
def test_a_bad_answer_is_asked_again_after_a_wait(bench: Bench, canned: Canned, reason: str) -> None:
    # Where the status is an error, the library itself asks a second time before it gives up.
    bench.server.canned.extend([canned] * (2 if canned.status >= 400 else 1))

    bars = bench.fetch()

    assert len(bars) == 5
    assert bench.waits == [0.5]


TELLING_THE_ZONE = ("empty frame", "nulls")
STAYING = [(False, *case.values) for case in PASSING] + [
    (True, *case.values) for case in PASSING if case.id not in TELLING_THE_ZONE
]


@pytest.mark.parametrize(("to_zone", "canned", "reason"), STAYING)
def test_a_bad_answer_that_stays_is_one_sentence_and_no_noise(
    bench: Bench, to_zone: bool, canned: Canned, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (bench.server.canned_zones if to_zone else bench.server.canned).extend([canned] * 9)

    with pytest.raises(DataError, match=r"^yahoo \^RUT: .*; given up after 3 tries$") as caught:
        bench.fetch()

    assert "\n" not in str(caught.value)
    assert bench.waits == [0.5, 1.0]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("canned", "reason"), PASSING)
def test_a_bad_answer_is_said_in_plain_words(bench: Bench, canned: Canned, reason: str) -> None:
    bench.max_retries = 0
    bench.server.canned.extend([canned] * 2)

    with pytest.raises(DataError, match=rf"^yahoo \^RUT: {reason}.*; given up after 1 try$") as caught:
        bench.fetch()

    # Other series fare no better where Yahoo itself is the trouble; an answer in its own form is of this one.
    assert isinstance(caught.value, UnreachableError) == ("no prices" not in reason and canned.body != NULLS)


@pytest.mark.parametrize("status", [401, 403, 407, 451])
def test_a_host_that_serves_this_place_nothing_counts_as_unreachable(bench: Bench, status: int) -> None:
    refusal = Canned(status=status, body='{"finance":{"error":{"code":"Unauthorized"}}}')
    bench.server.canned.extend([refusal] * 4)

    with pytest.raises(UnreachableError, match=rf"^yahoo \^RUT: Yahoo does not serve this address \(HTTP {status}\)$"):
        bench.fetch()
    assert bench.waits == []


def test_a_page_that_is_not_found_and_not_yahoos_counts_as_unreachable(bench: Bench) -> None:
    bench.server.canned.extend([Canned(status=404, body="<html>Not here</html>", content_type="text/html")] * 4)

    with pytest.raises(UnreachableError, match=r"^yahoo \^RUT: Yahoo does not serve this address \(HTTP 404\)$"):
        bench.fetch()


def test_a_refused_series_is_named_and_not_retried(bench: Bench) -> None:
    words = '{"chart":{"result":null,"error":{"code":"Unprocessable Entity","description":"1d data not available"}}}'
    bench.server.canned.extend([Canned(status=422, body=words)] * 4)

    with pytest.raises(DataError, match=r"^yahoo \^RUT: Yahoo refuses the request, HTTP 422") as caught:
        bench.fetch()
    assert not isinstance(caught.value, UnreachableError)
    assert bench.waits == []


def test_a_rate_limit_is_waited_out_as_long_as_yahoo_asks(bench: Bench) -> None:
    bench.server.canned.extend([replace(TOO_MANY, headers={"Retry-After": "21"})] * 2)

    assert len(bench.fetch()) == 5
    assert bench.waits == [21.0]


def test_a_page_of_html_for_the_time_zone_is_not_remembered(bench: Bench) -> None:
    bench.server.canned_zones.append(HTML)

    assert len(bench.fetch()) == 5
    assert bench.waits == [0.5]


def test_prices_come_without_cookie_and_crumb_when_these_are_refused(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.server.cookies_refused = True

    assert len(bench.fetch()) == 5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("late", "words"),
    [(Canned(silence=True), "gives no answer"), (Canned(drips=True), "begins an answer and does not end it")],
    ids=["silence", "a byte now and then"],
)
@pytest.mark.parametrize("to_zone", [False, True])
def test_an_answer_that_does_not_come_is_a_timeout(
    bench: Bench, to_zone: bool, late: Canned, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.timeout_seconds, bench.max_retries = SILENCE_SECONDS, 0
    (bench.server.canned_zones if to_zone else bench.server.canned).append(late)
    waited: list[object] = []
    send = curl_cffi.requests.Session.request

    def noting(session: Any, *arguments: Any, **options: Any) -> Any:
        waited.append(options["timeout"])
        return send(session, *arguments, **options)

    monkeypatch.setattr(curl_cffi.requests.Session, "request", noting)

    with pytest.raises(DataError, match=rf"{words} within {SILENCE_SECONDS:g} seconds; .*; given up after 1 try$"):
        bench.fetch()

    # The library waits 10 seconds for the time zone where nobody holds it to less.
    assert set(waited) == {SILENCE_SECONDS}


def test_a_proxy_of_the_environment_is_not_asked_for_a_server_of_the_configuration(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert len(bench.fetch()) == 5


def test_a_server_that_is_not_there_is_named() -> None:
    server = YahooServer()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    bench = Bench(server, max_retries=1)

    sentence = rf"^yahoo \^RUT: {server.url} cannot be reached: the connection is refused; .*; given up after 2 tries$"
    with pytest.raises(UnreachableError, match=sentence):
        bench.fetch()


def test_a_fetch_leaves_no_file_behind_and_says_nothing_by_itself(bench: Bench, tmp_path: Path) -> None:
    bench.server.cookies_refused = True  # of which the library would warn
    program = (
        "import warnings\n"
        "from datetime import UTC, date, datetime\n"
        "from engine.data.yahoo import YahooBars\n"
        f"bars = YahooBars(market='index', base_url={bench.server.url!r}, max_retries=0, timeout_seconds=10,\n"
        "    sleep=None, now=lambda: datetime(2024, 5, 11, tzinfo=UTC), progress=str)\n"
        "print(len(bars.fetch('RUT', since=None, until=date(2024, 5, 10))))\n"
        "print([rule for rule in warnings.filters if 'yfinance' in str(rule)])\n"
    )
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | home,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "5\n[]\n", "")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_network_providers_imports_no_library_of_theirs() -> None:
    program = (
        "import sys, engine.data.yahoo, engine.data.binance; print({'yfinance', 'ccxt', 'pandas'} & set(sys.modules))"
    )

    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout == "set()\n"
