"""A loopback server that answers as Binance's public market data does: `klines` and `time` under `/api/v3`.

Shapes of the REST documentation (klines: twelve fields, prices as text, the forming candle last) and of its error page.
"""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

DAY = 86_400_000
Kline = list[Any]


@dataclass(frozen=True, kw_only=True)
class Canned:
    """An answer given instead of the right one; `reset` cuts the connection, `silence` never answers.

    With `drips` a byte comes now and then, and the answer has no end.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    reset: bool = False
    silence: bool = False
    drips: bool = False


INVALID_SYMBOL = Canned(status=400, body='{"code":-1121,"msg":"Invalid symbol."}')


def milliseconds(day: date) -> int:
    """Give the start of a UTC day as Binance counts it."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def kline(day: date, close: float, *, volume: float = 1000.0) -> Kline:
    """Build a candle that opens and closes at `close`, with a high one above and a low one below."""
    opened = milliseconds(day)
    texts = [f"{price:.8f}" for price in (close, close + 1, close - 1, close, volume)]
    return [opened, *texts, opened + DAY - 1, "0.00000000", 42, "0.00000000", "0.00000000", "0"]


def klines(first: date, closes: list[float]) -> list[Kline]:
    """Build the candles of consecutive days."""
    return [kline(first + timedelta(days=i), close) for i, close in enumerate(closes)]


class BinanceServer:
    """What the server holds, what it is told to answer, and what it was asked.

    Attributes:
        candles: by market id, `BTCUSDT`, ascending.
        now: the exchange's clock; a candle still forming at it is served, as Binance does.
        canned: answers to the next `klines` requests; `canned_times` to the next `time` requests.
        refusals: the answer to every `klines` request of a market, by its id.
        page_limit: rows of a page at most; weight: what the used-weight header says.
        requests: queries of the `klines` requests; time_requests: how often the time was asked.
    """

    def __init__(self, now: datetime) -> None:
        self.candles: dict[str, list[Kline]] = {}
        self.now = now
        self.canned: deque[Canned] = deque()
        self.canned_times: deque[Canned] = deque()
        self.refusals: dict[str, Canned] = {}
        self.page_limit = 1000
        self.weight = 2
        self.requests: list[dict[str, str]] = []
        self.time_requests = 0
        self.url = ""
        self.released = threading.Event()

    def answer(self, path: str, query: dict[str, str]) -> Canned:
        """Answer one request."""
        if path == "/api/v3/time":
            self.time_requests += 1
            if self.canned_times:
                return self.canned_times.popleft()
            return Canned(body=json.dumps({"serverTime": int(self.now.timestamp() * 1000)}))
        if path != "/api/v3/klines":
            return Canned(status=404, body="<html><body>Not Found</body></html>", content_type="text/html")
        self.requests.append(query)
        if self.canned:
            return self.canned.popleft()
        candles = self.candles.get(query["symbol"])
        if candles is None or query["symbol"] in self.refusals:
            return self.refusals.get(query["symbol"], INVALID_SYMBOL)
        limit = min(int(query.get("limit", "500")), self.page_limit)
        opened_by = int(self.now.timestamp() * 1000)
        page = [row for row in candles if int(query["startTime"]) <= row[0] <= opened_by][:limit]
        return Canned(body=json.dumps(page), headers={"X-MBX-USED-WEIGHT-1M": str(self.weight)})


@contextmanager
def running(server: BinanceServer) -> Iterator[BinanceServer]:
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


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler], released: threading.Event) -> Iterator[str]:
    """Run a handler on a free port of 127.0.0.1 and give its address; silent answers end with the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            released.set()
            http.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, canned: Canned, released: threading.Event) -> None:
    """Write an answer to the wire."""
    if canned.silence:
        released.wait()
        return
    if canned.reset:
        # Linger 0 turns the close into a reset.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        return
    if canned.drips:
        handler.send_response(canned.status)
        handler.send_header("Content-Length", "1000000000")
        handler.end_headers()
        with suppress(OSError):
            while not released.wait(0.02):
                handler.wfile.write(b" ")
        return
    content = canned.body.encode()
    handler.send_response(canned.status)
    handler.send_header("Content-Type", canned.content_type)
    handler.send_header("Content-Length", str(len(content)))
    for name, value in canned.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
