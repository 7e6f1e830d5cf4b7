"""Holds an HTTP answer to its time as a whole: connection, head and body.

A timeout of urllib3 is one of each step: a server that sends a byte a second is waited for without end. Here all steps
share the time that the request was given.

It also keeps the kernel from holding up the answers of servers on this machine. A server that writes head and body of
an answer apart, as Python's `http.server` does, sends the body once the head is acknowledged (Nagle's algorithm); the
kernel puts that off by 40 ms, twenty times what an answer takes.
"""

import http.client
import io
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from engine.connections.causes import EndlessAnswerError

ACKNOWLEDGE_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux has it, others have not."""


class Deadline:
    """When the answer that is being waited for has to be there.

    Args:
        elapsed: seconds that only ever grow; spans are measured with it, no instant comes of it.
    """

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._ends: float | None = None

    def begin(self, seconds: float | None) -> None:
        """Wait for an answer from now on, for so long; None: without a bound."""
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


class PlainConnection(HTTPConnection):
    """A connection whose answers are held to their time.

    Args:
        deadline: of the answer that is waited for.
    """

    def __init__(self, *args: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline = deadline
        self.response_class: Any = partial(_timed_response, deadline)

    def ask(
        self, method: str, target: str, *, headers: Mapping[str, str], body: bytes | None, seconds: float | None
    ) -> http.client.HTTPResponse:
        """Send a request, and give the answer of which the head is there.

        urllib3 makes connections, through a proxy and encrypted ones too. What it wraps around a request and an answer
        costs as much as the rest of both: for sending and reading the standard library is enough.
        """
        self._deadline.begin(seconds)
        if self.sock is not None:
            # A connection that was kept has the time of the answer before.
            self.sock.settimeout(self._deadline.left())
        http.client.HTTPConnection.request(self, method, target, body=body, headers=headers)
        # It holds for a while only, so it is said before each answer.
        if ACKNOWLEDGE_AT_ONCE is not None and isinstance(self.sock, socket.socket):
            self.sock.setsockopt(socket.IPPROTO_TCP, ACKNOWLEDGE_AT_ONCE, 1)
        return http.client.HTTPConnection.getresponse(self)

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


class SecureConnection(PlainConnection, HTTPSConnection):
    """The same, encrypted."""


def _timed_response(deadline: Deadline, sock: Any, *args: Any, **options: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_TimedSocket(sock, deadline), *args, **options)  # type: ignore[arg-type] # it makes a file of it


class _TimedSocket:
    """A socket, as far as `http.client` needs it to read an answer."""

    def __init__(self, sock: Any, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _TimedReader(io.RawIOBase):
    """Reads for as long as there is time left, however little comes at once."""

    def __init__(self, sock: Any, deadline: Deadline) -> None:
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
