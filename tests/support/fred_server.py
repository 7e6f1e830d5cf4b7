"""A loopback server that answers as FRED's graph download does: a CSV of one series by its id.

Shapes as the site sends them (`/graph/fredgraph.csv?id=WALCL`): dates, then the id as the head of the values; a vintage
carries its day in that head, and a day without a value an empty cell, before 2025 a dot.
"""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.support.binance_server import Canned, listening, send

PATH = "/graph/fredgraph.csv"
PAGE = "<!DOCTYPE html>\n<html><head><title>St. Louis Fed</title></head><body>Down for maintenance</body></html>"
NOT_FOUND = Canned(status=404, body=PAGE, content_type="text/html")


class FredServer:
    """What the server holds, what it is told to answer, and what it was asked.

    Attributes:
        values: by id, the text of each date's cell.
        vintages: the same by id and day, for those it has; it answers any other with the latest values.
        canned: answers to the next requests.
        requests: queries of the requests.
    """

    def __init__(self) -> None:
        self.values: dict[str, Mapping[str, str]] = {}
        self.vintages: dict[tuple[str, str], Mapping[str, str]] = {}
        self.canned: deque[Canned] = deque()
        self.requests: list[dict[str, str]] = []
        self.date_head = "observation_date"
        self.url = ""
        self.released = threading.Event()

    def answer(self, path: str, query: dict[str, str]) -> Canned:
        """Answer one request."""
        if path != PATH:
            return NOT_FOUND
        self.requests.append(query)
        if self.canned:
            return self.canned.popleft()
        series, vintage = query["id"], query.get("vintage_date", "")
        if (series, vintage) in self.vintages:
            return self._csv(f"{series}_{vintage.replace('-', '')}", self.vintages[series, vintage])
        return self._csv(series, self.values[series]) if series in self.values else NOT_FOUND

    def _csv(self, head: str, values: Mapping[str, str]) -> Canned:
        rows = "".join(f"{day},{cell}\n" for day, cell in values.items())
        return Canned(body=f"{self.date_head},{head}\n{rows}", content_type="application/csv")


@contextmanager
def running(server: FredServer) -> Iterator[FredServer]:
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
