"""Holds an HTTP answer to its time as a whole: connection, head and body. For sessions of `requests`, which ccxt uses.

A timeout of `requests` is one of each step: a server that sends a byte a second is waited for without end. Here all
steps share the time that the request was given.

It also keeps the kernel from holding up the answers of servers on this machine. A server that writes head and body of
an answer apart, as Python's `http.server` does, sends the body once the head is acknowledged (Nagle's algorithm); the
kernel puts that off by 40 ms, twenty times what an answer takes.
"""

import io
import socket
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from engine.connections.causes import EndlessAnswerError

ACKNOWLEDGE_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux has it, others have not."""


class WholeAnswers(HTTPAdapter):
    """Mounted in a session; not for concurrent use.

    Args:
        elapsed: seconds that only ever grow; spans are measured with it, no instant comes of it.
    """

    def __init__(self, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._deadline = _Deadline(elapsed)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **options)
        self._hold(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """Give the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        if str(proxy).startswith("http"):
            self._hold(manager)
        return manager

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        """Send a request; `timeout`, in seconds, is that of the whole answer."""
        self._deadline.begin(options.get("timeout"))
        return super().send(request, *args, **options)

    def _hold(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            "http": partial(_pool, HTTPConnectionPool, partial(_Connection, deadline=self._deadline)),
            "https": partial(_pool, HTTPSConnectionPool, partial(_SecureConnection, deadline=self._deadline)),
        }


class _Deadline:
    """When the answer that is being waited for has to be there."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._ends: float | None = None

    def begin(self, seconds: float | None) -> None:
        self._ends = None if seconds is None else self._elapsed() + seconds

    def left(self) -> float | None:
        """Give the seconds that are left; None without a bound.

        Raises:
            TimeoutError: there are none.
        """
        if self._ends is None:
            return None
        left = self._ends - self._elapsed()
        if left <= 0:
            raise TimeoutError("the answer was not whole in time")
        return left


def _pool(kind: Callable[..., Any], connection: Callable[..., Any], *args: Any, **options: Any) -> Any:
    pool = kind(*args, **options)
    pool.ConnectionCls = connection
    return pool


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, deadline: _Deadline, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline = deadline
        self.response_class: Any = partial(_timed_response, deadline)

    def _new_conn(self) -> socket.socket:
        """Connect to the first address of the host that answers; each has its share of the time."""
        name = self._dns_host
        try:
            found = socket.getaddrinfo(name, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type] # any of the two will do
        for number, (*_, address) in enumerate(found):
            try:
                left = self._deadline.left()
                self.timeout = None if left is None else left / (len(found) - number)
                self._dns_host = str(address[0])
                return super()._new_conn()
            except TimeoutError as error:
                raise ConnectTimeoutError(self, f"{name} is not reached in time") from error
            except (NewConnectionError, ConnectTimeoutError):
                if number == len(found) - 1:
                    raise
            finally:
                self._dns_host = name
        raise NewConnectionError(self, f"{name} has no address")

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            # A connection that was kept has the time of the answer before.
            self.sock.settimeout(self._deadline.left())
        super().request(*args, **options)

    def getresponse(self) -> Any:
        # It holds for a while only, so it is said before each answer.
        if ACKNOWLEDGE_AT_ONCE is not None and isinstance(self.sock, socket.socket):
            self.sock.setsockopt(socket.IPPROTO_TCP, ACKNOWLEDGE_AT_ONCE, 1)
        return super().getresponse()


class _SecureConnection(_Connection, HTTPSConnection):
    pass


def _timed_response(deadline: _Deadline, sock: Any, *args: Any, **options: Any) -> HTTPResponse:
    return HTTPResponse(_TimedSocket(sock, deadline), *args, **options)  # type: ignore[arg-type] # it makes a file of it


class _TimedSocket:
    """A socket, as far as `http.client` needs it to read an answer."""

    def __init__(self, sock: Any, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _TimedReader(io.RawIOBase):
    """Reads for as long as there is time left, however little comes at once."""

    def __init__(self, sock: Any, deadline: _Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            self._sock.settimeout(self._deadline.left())
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError as error:
            if self._has_begun:
                raise EndlessAnswerError("the answer has no end") from error
            raise
        self._has_begun = self._has_begun or bool(count)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
