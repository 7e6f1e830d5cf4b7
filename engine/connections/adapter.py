"""The door to requests and urllib3, on which ccxt stands: routes by our rule, and an end to every answer.

requests holds each single piece of an answer to the timeout, so an answer that drips never ends. Here the whole of it
is held to it.
"""

import http.client
import io
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from engine.connections.causes import EndlessAnswerError
from engine.connections.route import SettingError, route_to

SteadyClock: TypeAlias = Callable[[], float]
SHORTEST_WAIT_SECONDS = 0.001


class _Bounded(io.RawIOBase):
    """Bytes of a socket until an instant."""

    def __init__(self, pieces: io.BufferedIOBase, sock: Any, ends_at: float, steady: SteadyClock) -> None:
        self._pieces = pieces
        self._socket = sock
        self._ends_at = ends_at
        self._steady = steady
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        try:
            # At 0 a socket would not wait at all, and say so in another error.
            self._socket.settimeout(max(self._ends_at - self._steady(), SHORTEST_WAIT_SECONDS))
            piece = self._pieces.read1(len(room))
        except TimeoutError as error:
            if self._has_begun:
                raise EndlessAnswerError("the answer has no end") from error
            raise
        if self._has_begun and self._steady() > self._ends_at:
            raise EndlessAnswerError("the answer has no end")
        self._has_begun = self._has_begun or bool(piece)
        room[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._pieces.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, ends_at: float, steady: SteadyClock, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp: Any = io.BufferedReader(_Bounded(self.fp, sock, ends_at, steady))


class _BoundedConnection(HTTPConnection):
    steady: SteadyClock = staticmethod(time.monotonic)

    def getresponse(self) -> Any:
        self._bound()
        return super().getresponse()

    def connect(self) -> None:
        # A proxy's answer comes in here.
        self._bound()
        super().connect()

    def _bound(self) -> None:
        if isinstance(self.timeout, int | float):
            ends_at = self.steady() + self.timeout
            self.response_class: Any = partial(_BoundedResponse, ends_at=ends_at, steady=self.steady)


class _BoundedTlsConnection(_BoundedConnection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnection


class RoutedAdapter(HTTPAdapter):
    """Mounted in a session of requests whose `trust_env` is off.

    Args:
        environment: `os.environ`; read at each request.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager

    def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
        """Send one request by its route.

        Raises:
            RequestException: the connection failed; of a SettingError where a variable of the environment cannot work.
        """
        try:
            route = route_to(request.url or "", self._environment)
        except SettingError as error:
            raise RequestException(str(error)) from error
        options["proxies"] = {"all": route.proxy.value} if route.proxy else {}
        options["verify"] = route.authorities.value if route.authorities else True
        return super().send(request, *arguments, **options)
