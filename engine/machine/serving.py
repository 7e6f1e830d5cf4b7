"""How a server of asyncio is run, in a thread beside other work or alone until a signal, and who reaches it."""

import asyncio
import ipaddress
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, Self


class Serve(Protocol):
    """Serves until `ended` is set, and tells its address as soon as connections are accepted."""

    async def __call__(self, *, started: Callable[[str], None], ended: asyncio.Event) -> None:
        """Serve."""
        ...


class ThreadedServer:
    """Serves from a thread inside a `with` block.

    Attributes:
        url: its address, known inside the block.

    Raises:
        ConfigError: it cannot listen; from the beginning of the block.
    """

    def __init__(self, serve: Serve, *, name: str) -> None:
        self.url = ""
        self._serve = serve
        self._begun: Future[str] = Future()
        self._end: Callable[[], object] = _nothing
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = self._begun.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._thread.join()

    async def _run(self) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        self._end = lambda: loop.call_soon_threadsafe(ended.set)
        try:
            await self._serve(started=self._begun.set_result, ended=ended)
        except BaseException as error:
            if self._begun.done():
                raise
            # Nobody is left waiting for it to begin.
            self._begun.set_exception(error)
        finally:
            # Nor speaks to its loop any more.
            self._end = _nothing


def serve_until_signalled(serve: Serve, *, started: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM."""

    async def run() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        await serve(started=started, ended=ended)

    asyncio.run(run())


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own, and no other machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _nothing() -> None:
    """Do nothing: it does not serve."""
