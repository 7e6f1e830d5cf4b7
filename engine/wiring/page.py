"""The page over the run folders, served from a thread beside a run."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.errors import ConfigError
from engine.dashboard.access import Access
from engine.dashboard.server import serve


@contextmanager
def served_page(out: Path, *, token: str | None) -> Iterator[str]:
    """Serve the page over `out` on a free port of this machine inside the block, and give its address.

    Args:
        token: what its readers have to show; None: nothing.

    Raises:
        ConfigError: it cannot listen, or the token is not allowed.
    """
    page = _Page(out, Access(host="127.0.0.1", token=token))
    page.start()
    try:
        yield page.url
    finally:
        page.stop()


class _Page:
    def __init__(self, out: Path, access: Access) -> None:
        self.url = ""
        self._out = out
        self._access = access
        self._begun = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._failure: ConfigError | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="page", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._begun.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        try:
            await serve(self._out, self._access, port=0, started=self._started, ended=self._ended, warn=_unheard)
        except ConfigError as error:
            self._failure = error
        finally:
            self._ended = None
            self._begun.set()

    def _started(self, url: str) -> None:
        self.url = url
        self._begun.set()


def _unheard(line: str) -> None:
    """Say nothing: the panel has the terminal, and whoever asked was answered."""
