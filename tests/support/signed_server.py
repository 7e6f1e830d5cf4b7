"""A loopback server of the signed spot API: checks signatures by itself, answers as told, remembers what was asked."""

import base64
import hashlib
import hmac
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.support.binance_server import Canned, listening, send

API_KEY = "kEyOfThePracticeAccount0123456789abcdefghijklmnopqrstuvwxyzABCDE"
HMAC_SECRET = "sEcReTOfThePracticeAccount0123456789abcdefghijklmnopqrstuvwxyzAB"
NOON = datetime(2024, 5, 10, 12, tzinfo=UTC)
SIGNED_PATHS = ("/api/v3/account", "/api/v3/order", "/api/v3/openOrders", "/api/v3/myTrades")

Verifier = Callable[[bytes, str], bool]
"""Tells whether the (decoded) signature is of these bytes."""


@dataclass(frozen=True, kw_only=True)
class CutOff(Canned):
    """An answer of which the second half never comes."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it arrived; `parameters` of query and body together."""

    method: str
    path: str
    parameters: dict[str, str]
    api_key: str | None
    payload: str


def hmac_verifier(secret: str) -> Verifier:
    """Verify HMAC-SHA256 in hexadecimal digits."""
    return lambda payload, signature: hmac.compare_digest(
        hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest(), signature.lower()
    )


def public_key_verifier(key: Ed25519PublicKey | RSAPublicKey) -> Verifier:
    """Verify Ed25519, or RSA with PKCS#1 v1.5 and SHA-256, in base64."""

    def verify(payload: bytes, signature: str) -> bool:
        try:
            content = base64.b64decode(signature, validate=True)
            if isinstance(key, Ed25519PublicKey):
                key.verify(content, payload)
            else:
                key.verify(content, payload, PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


class SignedServer:
    """What the server answers.

    Attributes:
        now: its clock; signed requests more than a second before or five behind it are answered with -1021.
        contents: JSON by `GET /api/v3/…`, for requests that nothing else is told for.
        canned: answers to the next requests by the same name, once their signature is checked.
        asked: every request.
    """

    def __init__(self, verifier: Verifier | None = None) -> None:
        self.now = NOON
        self.verifier = verifier or hmac_verifier(HMAC_SECRET)
        self.contents: dict[str, Any] = {
            "GET /api/v3/account": {"balances": [{"asset": "USDT", "free": "100.00000000", "locked": "0.00000000"}]}
        }
        self.canned: defaultdict[str, deque[Canned]] = defaultdict(deque)
        self.asked: list[Asked] = []
        self.url = ""
        self.released = threading.Event()

    def names(self) -> list[str]:
        """Give the names of the requests so far, `GET time`."""
        return [f"{each.method} {each.path.removeprefix('/api/v3/')}" for each in self.asked]

    def answer(self, asked: Asked) -> Canned:
        """Answer one request."""
        self.asked.append(asked)
        name = f"{asked.method} {asked.path}"
        if asked.path in SIGNED_PATHS and (refusal := self._refusal(asked)) is not None:
            return refusal
        if self.canned[name]:
            return self.canned[name].popleft()
        if name == "GET /api/v3/time":
            return Canned(body=json.dumps({"serverTime": self._milliseconds()}))
        if name not in self.contents:
            return Canned(status=404, body="<html><body>Not Found</body></html>", content_type="text/html")
        return Canned(body=json.dumps(self.contents[name]))

    def _refusal(self, asked: Asked) -> Canned | None:
        if asked.api_key != API_KEY:
            return error(401, -2015, "Invalid API-key, IP, or permissions for action.")
        payload, _, signature = asked.payload.rpartition("&signature=")
        if not self.verifier(payload.encode(), unquote(signature)):
            return error(400, -1022, "Signature for this request is not valid.")
        late = self._milliseconds() - int(asked.parameters["timestamp"])
        if not -1000 < late <= int(asked.parameters["recvWindow"]):
            return error(400, -1021, "Timestamp for this request is outside of the recvWindow.")
        return None

    def _milliseconds(self) -> int:
        return int(self.now.timestamp() * 1000)


def error(status: int, code: int, message: str) -> Canned:
    """Build an error as Binance words it."""
    return Canned(status=status, body=json.dumps({"code": code, "msg": message}))


@contextmanager
def running(server: SignedServer) -> Iterator[SignedServer]:
    """Serve on a free port of 127.0.0.1 while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Header and body are written one by one: kept connections would wait 40 ms between them.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

        def _answer(self, payload: str) -> None:
            asked = Asked(
                method=self.command,
                path=urlsplit(self.path).path,
                parameters=dict(parse_qsl(payload)),
                api_key=self.headers.get("X-MBX-APIKEY"),
                payload=payload,
            )
            canned = server.answer(asked)
            if canned.silence or canned.reset or canned.drips:
                self.close_connection = True
            if isinstance(canned, CutOff):
                self._cut_off(canned)
            else:
                send(self, canned, server.released)

        def _cut_off(self, canned: Canned) -> None:
            self.send_response(canned.status)
            self.send_header("Content-Length", str(2 * len(canned.body)))
            self.end_headers()
            self.wfile.write(canned.body.encode())
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with listening(Handler, server.released) as url:
        server.url = url
        yield server
