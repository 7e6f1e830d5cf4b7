"""A loopback server that answers as Yahoo Finance does to yfinance: cookie, crumb, and the chart of a ticker.

Shapes as the chart service sends them (`/v8/finance/chart/^RUT`): timestamps of the opening bell, columns with nulls.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from tests.support.binance_server import Canned, listening, send

NEW_YORK = "America/New_York"
CHART = "/v8/finance/chart/"
NOT_FOUND = Canned(
    status=404,
    body='{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}',
)
COOKIES = {
    "/": Canned(status=404, headers={"Set-Cookie": "A3=d=x; Path=/"}),
    "/v1/test/getcrumb": Canned(body="AbCdEf12345", content_type="text/plain"),
}
TOO_MANY = Canned(status=429, body="Too Many Requests\r\n", content_type="text/html")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a chart; None is Yahoo's null."""

    at: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: int | None


def session_row(session: date, close: float, *, volume: int | None = 0) -> Row:
    """Build the row of a New York session, stamped 09:30 as Yahoo does; the volume of ^RUT is 0."""
    opened = datetime.combine(session, time(9, 30), tzinfo=ZoneInfo(NEW_YORK))
    return _row(opened, close, volume)


def coin_row(day: date, close: float, *, volume: int | None = 1000) -> Row:
    """Build the row of a UTC day, stamped 00:00."""
    return _row(datetime.combine(day, time(0), tzinfo=UTC), close, volume)


def _row(opened: datetime, close: float, volume: int | None) -> Row:
    return Row(at=int(opened.timestamp()), open=close, high=close + 1, low=close - 1, close=close, volume=volume)


def nulled(row: Row) -> Row:
    """Empty all columns, as Yahoo does for a session whose prices it has not got."""
    return replace(row, open=None, high=None, low=None, close=None, volume=None)


def chart(ticker: str, zone: str, rows: list[Row]) -> str:
    """Write the answer for these rows; without any, Yahoo leaves the timestamps and the columns out."""
    columns = ("open", "high", "low", "close", "volume")
    result: dict[str, Any] = {
        "meta": {
            "currency": "USD",
            "symbol": ticker,
            "exchangeName": "WCB",
            "instrumentType": "INDEX" if zone == NEW_YORK else "CRYPTOCURRENCY",
            "firstTradeDate": 558279000,
            "regularMarketTime": 1715371200,
            "gmtoffset": -14400,
            "timezone": "EDT",
            "exchangeTimezoneName": zone,
            "priceHint": 2,
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
        },
        "indicators": {"quote": [{}], "adjclose": [{}]},
    }
    if rows:
        result["timestamp"] = [row.at for row in rows]
        # Closes adjusted to half: a provider that reads them is found out.
        adjusted = [None if row.close is None else row.close / 2 for row in rows]
        quote = {name: [getattr(row, name) for row in rows] for name in columns}
        result["indicators"] = {"quote": [quote], "adjclose": [{"adjclose": adjusted}]}
    return json.dumps({"chart": {"result": [result], "error": None}})


class YahooServer:
    """What the server holds, what it is told to answer, and what it was asked.

    Attributes:
        rows: by ticker, ascending; zones: the time zone of each, New York where not given.
        canned: answers to the next requests for prices; the library asks twice where the status is an error.
        canned_zones: answers to the next requests for a ticker's time zone.
        cookies_refused: whether cookie and crumb are answered with an error.
        price_requests: ticker and query of the requests for prices; paths: of all requests.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.zones: dict[str, str] = {}
        self.canned: deque[Canned] = deque()
        self.canned_zones: deque[Canned] = deque()
        self.cookies_refused = False
        self.price_requests: list[tuple[str, dict[str, str]]] = []
        self.paths: list[str] = []
        self.url = ""
        self.released = threading.Event()

    def answer(self, path: str, query: dict[str, str]) -> Canned:
        """Answer one request."""
        self.paths.append(path)
        if not path.startswith(CHART):
            return TOO_MANY if self.cookies_refused else COOKIES.get(path, Canned(status=404, body="{}"))
        ticker = unquote(path.removeprefix(CHART))
        # yfinance asks for one day to learn the time zone, and for a span of seconds to get prices.
        canned = self.canned if "period1" in query else self.canned_zones
        if "period1" in query:
            self.price_requests.append((ticker, query))
        if canned:
            return canned.popleft()
        if ticker not in self.rows:
            return NOT_FOUND
        first, last = int(query.get("period1", 0)), int(query.get("period2", 10**11))
        rows = [row for row in self.rows[ticker] if first <= row.at < last]
        return Canned(body=chart(ticker, self.zones.get(ticker, NEW_YORK), rows))


@contextmanager
def running(server: YahooServer) -> Iterator[YahooServer]:
    """Serve on a free port of 127.0.0.1 while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            send(self, server.answer(parts.path, query), server.released)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with listening(Handler, server.released) as url:
        server.url = url
        yield server
