"""The dashboard, served from a thread or a process of its own, and plain requests to it."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.dashboard.access import Access
from engine.dashboard.server import serve
from tests.support.command import ROOT
from tests.support.patience import PATIENCE_SECONDS

TOKEN = "a-token-for-the-tests"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@dataclass
class Served:
    """A dashboard that answers.

    Attributes:
        pauses: how long it waited before it answered, without waiting; warnings: what it said on stderr.
    """

    url: str = ""
    pauses: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def get(self, path: str, *, method: str = "GET", body: str | bytes | None = None, **headers: str) -> Answered:
        """Ask for a path to the letter; an underscore in a header's name stands for a hyphen."""
        return asked(self.url, path, method=method, body=body, **headers)


def asked(url: str, path: str, *, method: str = "GET", body: str | bytes | None = None, **headers: str) -> Answered:
    """Ask a server for a path to the letter."""
    place = urlsplit(url)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=PATIENCE_SECONDS)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body=body, headers=named)
        answer = connection.getresponse()
        return Answered(status=answer.status, headers=dict(answer.getheaders()), body=answer.read())
    finally:
        connection.close()


@contextmanager
def served(out: Path, *, token: str | None = None, idle_seconds: float = PATIENCE_SECONDS) -> Iterator[Served]:
    """Serve the runs below a folder from a thread."""
    dashboard, started = Served(), threading.Event()
    end: list[Callable[[], object]] = []

    async def pause(seconds: float) -> None:
        dashboard.pauses.append(seconds)

    def begun(url: str) -> None:
        dashboard.url = url
        started.set()

    async def run() -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        end.append(lambda: loop.call_soon_threadsafe(ended.set))
        access, warn = Access(host="127.0.0.1", token=token), dashboard.warnings.append
        await serve(out, access, port=0, started=begun, ended=ended, warn=warn, pause=pause, idle_seconds=idle_seconds)

    # A thread of its own from first to last: a browser's driver may have a loop in the caller's.
    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(PATIENCE_SECONDS)
    try:
        yield dashboard
    finally:
        for stop in end:
            stop()
        thread.join(PATIENCE_SECONDS)


@contextmanager
def dashboard_process(out: Path, *options: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run `python -m engine dashboard` in a process of its own; give it and its URL."""
    command = [sys.executable, "-m", "engine", "dashboard", "--port", "0", "--out", str(out), *options]
    with subprocess.Popen(
        command,
        cwd=out.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield process, line.partition(" at ")[2].split(";")[0].split()[0]
        finally:
            process.kill()


def write_summary(folder: Path, **changes: object) -> Path:
    """Write the least of a finished run: its summary."""
    folder.mkdir(parents=True)
    summary = {
        "mode": "backtest",
        "name": "x",
        "first_day": "2020-01-01",
        "last_day": "2020-12-31",
        "total_return": 0.5,
    }
    (folder / "summary.json").write_text(json.dumps({**summary, **changes}), encoding="utf-8")
    return folder
