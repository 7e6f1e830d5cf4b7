"""How many connections are held, and for how long one may say nothing; asyncio alone, no HTTP.

A connection is busy while its request is answered, not while more of it, or a pause, is waited for. One that is not has
a few seconds to send a whole request head; and where all places are taken, the one that has waited longest makes room
for a new one.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST_CONNECTIONS = 100
IDLE_SECONDS = 15.0
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    b"Content-Length: 48\r\n\r\nToo many connections are open; try again shortly"
)


class Connections:
    """The connections of one server.

    Args:
        make: gives the protocol that speaks on a connection; most, idle_seconds: see the module.
    """

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        *,
        most: int = MOST_CONNECTIONS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._make = make
        self._most = most
        self._idle_seconds = idle_seconds
        # In the order in which they were last heard of.
        self._held: dict[asyncio.BaseTransport, _Place] = {}

    def __call__(self) -> asyncio.Protocol:
        """Give the protocol of a new connection."""
        return _Admitted(self._make(), self)

    def mark(self, transport: asyncio.BaseTransport | None, *, busy: bool) -> None:
        """Take note that a request came whole and is being answered, or that it is answered."""
        place = None if transport is None else self._held.pop(transport, None)
        if transport is None or place is None:
            return
        self._held[transport] = place
        place.busy = busy
        self._watch(transport)

    @contextmanager
    def waiting(self, transport: asyncio.BaseTransport | None) -> Iterator[None]:
        """Take a request that is being answered for one that waits: meanwhile its place is no safer than others."""
        self.mark(transport, busy=False)
        try:
            yield
        finally:
            self.mark(transport, busy=True)

    def admit(self, transport: asyncio.Transport) -> bool:
        """Give a new connection a place; False where all are busy."""
        if len(self._held) >= self._most:
            waiting = next((each for each, place in self._held.items() if not place.busy), None)
            if waiting is None:
                return False
            self._drop(waiting)
        self._held[transport] = _Place(transport)
        self._watch(transport)
        return True

    def forget(self, transport: asyncio.BaseTransport) -> None:
        """Free the place of a connection that is gone."""
        place = self._held.pop(transport, None)
        if place is not None and place.timer is not None:
            place.timer.cancel()

    def _watch(self, transport: asyncio.BaseTransport) -> None:
        place = self._held[transport]
        if place.timer is not None:
            place.timer.cancel()
        loop = asyncio.get_running_loop()
        place.timer = None if place.busy else loop.call_later(self._idle_seconds, self._look, transport)

    def _look(self, transport: asyncio.BaseTransport) -> None:
        place = self._held[transport]
        unread, place.unread = place.unread, place.transport.get_write_buffer_size()
        # An answer that is still being taken, however slowly, is no silence.
        if place.unread and (unread == 0 or place.unread < unread):
            self._watch(transport)
        else:
            self._drop(transport)

    def _drop(self, transport: asyncio.BaseTransport) -> None:
        place = self._held[transport]
        self.forget(transport)
        place.transport.abort()


@dataclass(slots=True)
class _Place:
    """One connection: whether it is answered now, when it is looked at, what it had not taken then."""

    transport: asyncio.Transport
    busy: bool = False
    timer: asyncio.TimerHandle | None = None
    unread: int = 0


class _Admitted(asyncio.Protocol):
    """Hands everything on to the protocol that speaks; where there is no place, to one that does nothing."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._connections.admit(transport):
            self._inner.connection_made(transport)
            return
        self._inner = asyncio.Protocol()
        transport.write(FULL)
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._connections.forget(self._transport)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
