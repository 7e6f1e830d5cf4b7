"""The command as a user types it, in a process of its own or, for the many cases of one table, in this one.

Also the least that a backtest can be run on: a small market of CSV files, and a configuration for it.
"""

import contextlib
import gc
import io
import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from tests.support.oracle import new_york_sessions

ROOT = Path(__file__).resolve().parents[2]
PRICES = Path(os.environ.get("PRICES_DIR") or ROOT.parent / "shared" / "data" / "prices")
HEADER = "date,open,high,low,close,volume"
LONGEST_ERROR = 3
"""Lines that an error may have."""

FIRST_SESSION, FIRST_DAY, LAST_DAY = date(2014, 1, 2), date(2015, 1, 5), date(2017, 12, 31)
"""Of the small market: the index begins a year before BTC, which begins on a Monday; all end on a Sunday."""

SMALL_STRATEGY: Mapping[str, Any] = {
    "basket": {"ETH": 1.0},
    "basket_equal": [],
    "breakout": {"lookback_years": 2, "min_age_weeks": 4},
    "macd": {"fast": 3, "slow": 6, "signal": 2, "warmup_weeks": 20},
    "hold_weeks": 6,
}
"""A strategy whose warm-up ends on 2015-05-25 in the small market: after 20 weeks, and after 252 sessions."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command left on the screen, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str


def run_command(
    *arguments: str | Path, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Run `python -m engine` in a process of its own.

    Args:
        folder: the working directory; None: the root of the repository.
        environment: variables over those of this process.
    """
    merged = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **(environment or {})}
    done = subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=folder or ROOT,
        env=merged,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Outcome(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def call_command(*arguments: str | Path) -> Outcome:
    """Call the command's entry point in this process: much faster, and whatever escapes it fails the test."""
    from engine.cli import main

    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["engine", *map(str, arguments)]),
        mock.patch.dict(os.environ, {"COLUMNS": "80"}),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        _as_before_the_command(),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int), f"exit code {code!r}"
    return Outcome(exit_code=code, stdout=stdout.getvalue(), stderr=stderr.getvalue())


@contextlib.contextmanager
def _as_before_the_command() -> Iterator[None]:
    # A command turns the collector off, because its process ends soon; this one does not.
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def error_sentence(outcome: Outcome, *, exit_code: int) -> str:
    """Check that a command ended as bad input should, whatever it was, and give the sentence without `error: `."""
    assert outcome.exit_code == exit_code, outcome
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    assert outcome.stderr.startswith("error: "), outcome.stderr
    assert outcome.stderr.endswith("\n")
    assert len(outcome.stderr.splitlines()) <= LONGEST_ERROR, outcome.stderr
    return outcome.stderr.removeprefix("error: ").rstrip("\n")


def entries_below(folder: Path) -> dict[str, bytes | None]:
    """Give every file below a folder with its content, and every folder with None; hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def only_run_folder(out: Path) -> Path:
    """Give the one run folder that a command wrote, nothing else being there."""
    (folder,) = out.iterdir()
    return folder


def write_small_market(folder: Path, *, coins: Sequence[str] = ("BTC", "ETH")) -> None:
    """Write `RUT.csv` and the coins' files: smooth waves, an index that rises, no bar missing."""
    folder.mkdir(parents=True, exist_ok=True)
    sessions = [session for session in new_york_sessions() if FIRST_SESSION <= session <= LAST_DAY]
    _write_bars(folder / "RUT.csv", sessions, lambda n: 1000 * math.exp(0.0006 * n + 0.04 * math.sin(n / 25)))
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    for number, coin in enumerate(coins):
        _write_bars(folder / f"{coin}.csv", days, _wave(start=400 / 10**number, phase=0.4 * number))


def _wave(*, start: float, phase: float) -> Callable[[int], float]:
    return lambda n: start * math.exp(0.0008 * n + 0.3 * math.sin(n / 30 + phase))


def _write_bars(path: Path, days: Sequence[date], close_at: Callable[[int], float]) -> None:
    closes = [round(close_at(n), 6) for n in range(len(days))]
    rows = [
        f"{day},{first},{max(first, last)},{min(first, last)},{last},{1000}"
        for day, first, last in zip(days, [closes[0], *closes], closes, strict=False)
    ]
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")


def small_configuration(market: Path) -> dict[str, Any]:
    """Give plain values of a configuration that trades the small market in a folder."""
    return {
        "strategy": dict(SMALL_STRATEGY),
        "window": {"from": "2015-01-05"},
        "data": {"crypto": "csv", "index": "csv", "csv_dir": str(market)},
    }


@contextlib.contextmanager
def no_network(folder: Path) -> Iterator[dict[str, str]]:
    """Give variables under which a process reaches nothing but loopback, and finds nothing that others have cached.

    Python's sockets refuse other hosts by a `sitecustomize` in `folder`; libcurl, which does not use them, is sent to a
    proxy at a port where nobody listens.
    """
    (folder / "sitecustomize.py").write_text(_LOOPBACK_ONLY, encoding="utf-8")
    with socket.socket() as held:
        # Bound and not listening: a connection is refused at once, and nobody else can take the port.
        held.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{held.getsockname()[1]}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        yield {
            **dict.fromkeys([*names, *map(str.lower, names)], proxy),
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
        }


_LOOPBACK_ONLY = """\
import socket

_connect, _look_up = socket.socket.connect, socket.getaddrinfo
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _refused(host):
    raise OSError(101, f"the tests have no network, and {host!r} is not loopback")


def connect(self, address):
    inet = self.family in (socket.AF_INET, socket.AF_INET6)
    return _refused(address[0]) if inet and address[0] not in _LOOPBACK else _connect(self, address)


def look_up(host, *rest, **named):
    return _look_up(host, *rest, **named) if host in _LOOPBACK else _refused(host)


socket.socket.connect, socket.getaddrinfo = connect, look_up
"""
