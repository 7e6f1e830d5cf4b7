"""Sends requests to one server: by our rule of proxies and authorities, each answer held to its time, none redirected.

How the server is reached is settled at the first request, once: what the environment says does not change while a
process lives.
"""

import time
import weakref
import zlib
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit

import certifi
from urllib3.connection import ProxyConfig
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from engine.connections.route import PORT_BY_SCHEME, Route, route_to
from engine.connections.whole_answers import Deadline, PlainConnection, SecureConnection

HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "python-urllib3"}
GZIP_HEAD = zlib.MAX_WBITS | 16


class BrokenConnectionError(OSError):
    """A request that was not answered; what it came of is the error that it was raised from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An answer, whole.

    Attributes:
        headers: found by name, in capitals or small letters.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, with what is none replaced."""
        return self.body.decode("utf-8", errors="replace")


class Transport:
    """Sends requests to one server; from several threads at once, if need be.

    Args:
        server: scheme://host[:port].
        environment: `os.environ`; says which authorities are trusted and which proxy is used.
        elapsed: seconds that only ever grow.
    """

    def __init__(
        self, server: str, environment: Mapping[str, str], *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._environment = environment
        self._elapsed = elapsed
        self._idle: deque[PlainConnection] = deque()
        weakref.finalize(self, _close, self._idle)

    def send(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        timeout_seconds: float | None = None,
    ) -> HttpAnswer:
        """Send a request, once.

        Args:
            target: path and query.
            timeout_seconds: longest wait for the whole answer.

        Raises:
            SettingError: a variable of the environment cannot work; nothing was sent.
            BrokenConnectionError: no answer came, or only a part of one.
        """
        way = self._way
        connection = self._kept() or way.connection(Deadline(self._elapsed))
        try:
            response = connection.ask(
                method,
                way.before + target,
                headers={**way.headers, **(headers or {})},
                body=None if body is None else body.encode(),
                seconds=timeout_seconds,
            )
            content = response.read()
            if response.headers.get("Content-Encoding") == "gzip":
                content = zlib.decompress(content, GZIP_HEAD)
        except (HTTPError, HTTPException, OSError, zlib.error) as error:
            connection.close()
            raise BrokenConnectionError(f"{self._server} gave no answer: {type(error).__name__}") from error
        self._idle.append(connection)
        return HttpAnswer(status=response.status, headers=cast("Mapping[str, str]", response.headers), body=content)

    def close(self) -> None:
        """Close the connections."""
        _close(self._idle)

    def _kept(self) -> PlainConnection | None:
        """Give a connection that is still open, if there is one."""
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if connection.is_connected:
                    return connection
                connection.close()
        return None

    @cached_property
    def _way(self) -> "_Way":
        return _Way(urlsplit(self._server), route_to(self._server, self._environment))


def _close(connections: deque[PlainConnection]) -> None:
    while connections:
        connections.pop().close()


class _Way:
    """How a server is reached.

    Attributes:
        before: what stands before each target, and headers: what each request carries; for a proxy that passes it on.
    """

    def __init__(self, server: SplitResult, route: Route) -> None:
        self._route = route
        self._is_secure = server.scheme == "https"
        self._port = server.port or PORT_BY_SCHEME[server.scheme]
        self._trusted = certifi.where() if route.authorities is None else route.authorities.value
        self._proxy = None if route.proxy is None else parse_url(route.proxy.value)
        passes_on = self._proxy is not None and not self._is_secure
        self.before = server.geturl() if passes_on else ""
        self.headers = HEADERS | _login(route) if passes_on else HEADERS

    def connection(self, deadline: Deadline) -> PlainConnection:
        """Make a connection."""
        proxy = self._proxy
        if proxy is None:
            return self._made(self._route.host, self._port, deadline, is_secure=self._is_secure)
        scheme = str(proxy.scheme)
        made = self._made(
            str(proxy.host),
            proxy.port or PORT_BY_SCHEME[scheme],
            deadline,
            is_secure=self._is_secure or scheme == "https",
            proxy=proxy,
            proxy_config=ProxyConfig(
                ssl_context=None, use_forwarding_for_https=False, assert_hostname=None, assert_fingerprint=None
            ),
        )
        if self._is_secure:
            made.set_tunnel(self._route.host, self._port, headers=_login(self._route), scheme=scheme)
        return made

    def _made(self, host: str, port: int, deadline: Deadline, *, is_secure: bool, **options: object) -> PlainConnection:
        if not is_secure:
            return PlainConnection(host, port, deadline=deadline, **options)
        secured = {"cert_reqs": "CERT_REQUIRED", "ca_certs": self._trusted}
        return SecureConnection(host, port, deadline=deadline, **secured, **options)


def _login(route: Route) -> dict[str, str]:
    parts = urlsplit(route.proxy.value if route.proxy else "")
    if not parts.username:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode("latin-1", errors="replace")
    return {"Proxy-Authorization": f"Basic {b64encode(login).decode()}"}
