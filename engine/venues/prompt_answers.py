"""Keeps the kernel from holding up the answers of servers on this machine.

A server that writes head and body of an answer apart, as Python's `http.server` does, sends the body once the head is
acknowledged (Nagle's algorithm); the kernel puts that off by 40 ms, twenty times what an answer takes.
"""

import socket
from typing import Any

# ccxt's session is made of these two.
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

ACKNOWLEDGE_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux has it, others have not."""


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        # It holds for a while only, so it is said before each answer.
        if ACKNOWLEDGE_AT_ONCE is not None and self.sock is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, ACKNOWLEDGE_AT_ONCE, 1)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class PromptAnswers(HTTPAdapter):
    """Mounted for `http://` in a session; plain HTTP goes to this machine alone."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {**self.poolmanager.pool_classes_by_scheme, "http": _Pool}
