"""The page over the run folders, served from a thread beside a run."""

from functools import partial
from pathlib import Path

from engine.dashboard.access import Access
from engine.dashboard.server import serve
from engine.machine.serving import ThreadedServer


def page_server(out: Path, *, token: str | None) -> ThreadedServer:
    """Give what serves the page over `out` on a free port of this machine.

    Args:
        token: what its readers have to show; None: nothing.

    Raises:
        ConfigError: the token is not allowed.
    """
    access = Access(host="127.0.0.1", token=token)
    return ThreadedServer(partial(serve, out, access, port=0, warn=_unheard), name="page")


def _unheard(line: str) -> None:
    """Say nothing: the panel has the terminal, and whoever asked was answered."""
