"""`paper` on a terminal: a panel while it runs, and the terminal as it was when a signal has ended it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from tests.support.command import ROOT, small_configuration, write_small_market
from tests.support.patience import PATIENCE_SECONDS
from tests.support.rehearsal import KEY, Rehearsal

DAYS = (date(2015, 11, 10), date(2015, 12, 31))
OTHER_SCREEN, OWN_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
CURSOR_HIDDEN, CURSOR_SHOWN = "\x1b[?25l", "\x1b[?25h"
COLOURED = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


class Terminal:
    """A bot with a terminal for its stderr, of which every byte is kept."""

    def __init__(self, process: subprocess.Popen[str], reading: int) -> None:
        self.process = process
        self.shown = ""
        self._reading = reading

    def wait_for(self, words: str) -> None:
        """Read until the words are shown."""
        while words not in self.shown:
            assert self._read(), f"ended without {words!r}: {self.shown}"

    def end(self) -> tuple[int, str]:
        """Read to the end; gives the exit code and what went to stdout."""
        while self._read():
            pass
        stdout, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, stdout

    def _read(self) -> bool:
        ready, _, _ = select.select([self._reading], [], [], PATIENCE_SECONDS)
        assert ready, f"nothing more came: {self.shown}"
        try:
            read = os.read(self._reading, 65536)
        except OSError:  # Linux: nobody has the other side any more
            return False
        self.shown += read.decode("utf-8", "replace")
        return bool(read)


@contextmanager
def on_terminal(
    rehearsal: Rehearsal, *more: str, size: tuple[int, int] = (24, 80), environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run the bot on a terminal of so many lines and columns; its exchange's days go by as fast as it asks."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *rehearsal.arguments(*more)],
        cwd=rehearsal.out.parent,
        env={
            **inherited,
            "TERM": "xterm-256color",
            "PYTHONPATH": str(ROOT),
            "BINANCE_TESTNET_API_KEY": KEY.name,
            "BINANCE_TESTNET_API_SECRET": KEY.secret,
            **(environment or {}),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        encoding="utf-8",
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


@pytest.fixture
def rehearsal(tmp_path: Path, market: Path) -> Iterator[Rehearsal]:
    values = {key: value for key, value in small_configuration(market).items() if key != "data"}
    with Rehearsal(market, tmp_path / "out", values, days=DAYS).open() as opened:
        yield opened


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_panel_follows_the_run_and_a_signal_gives_the_terminal_back(
    rehearsal: Rehearsal, number: signal.Signals
) -> None:
    with on_terminal(rehearsal) as terminal:
        terminal.wait_for("2015-12-31: hold")
        terminal.process.send_signal(number)
        exit_code, stdout = terminal.end()

    assert exit_code == 0, terminal.shown
    for words in ("paper on binance-testnet", "ROTATED", "golden cross", "none is open", "came 20"):
        assert words in terminal.shown
    assert terminal.shown.rindex(OWN_SCREEN) > terminal.shown.rindex(OTHER_SCREEN)
    assert terminal.shown.rindex(CURSOR_SHOWN) > terminal.shown.rindex(CURSOR_HIDDEN)
    assert stdout.startswith("binance-testnet: 52 days decided (2015-11-10 to 2015-12-31)")
    assert stdout.endswith(f"files: {rehearsal.folder}\nreport: {rehearsal.folder / 'report.html'}\n")
    assert max(map(len, stdout.splitlines()[:-2])) <= 80
    assert KEY.secret not in terminal.shown + stdout


def test_once_says_in_a_paragraph_what_it_did(rehearsal: Rehearsal) -> None:
    first = rehearsal.run("--once")
    second = rehearsal.run("--once")

    assert (first.exit_code, first.stderr) == (0, "")
    words = " ".join(first.stdout.split())
    assert words.startswith("binance-testnet: 1 day decided (2015-11-10), 1 order filled. CORE since 2015-11-10")
    assert "No order is open. 2015-11-11 is decided from 2015-11-12 00:00:00 UTC on." in words
    assert " ".join(second.stdout.split()).startswith("binance-testnet: no day decided, no order filled. CORE since")


def test_a_tiny_terminal_is_no_obstacle(rehearsal: Rehearsal) -> None:
    with on_terminal(rehearsal, size=(2, 9)) as terminal:
        terminal.wait_for("state")
        terminal.process.send_signal(signal.SIGINT)
        exit_code, _ = terminal.end()

    assert exit_code == 0, terminal.shown
    assert "Traceback" not in terminal.shown


def test_without_colour_the_panel_has_none(rehearsal: Rehearsal) -> None:
    rehearsal.exchange.halt("BTCUSDT", "HALT")
    coloured, plain = "", ""
    for environment in ({}, {"NO_COLOR": "1"}):
        with on_terminal(rehearsal, environment=environment) as terminal:
            terminal.wait_for("the market takes no orders now")
            terminal.process.send_signal(signal.SIGTERM)
            assert terminal.end()[0] == 0
        coloured, plain = plain, terminal.shown

    assert COLOURED.search(coloured)
    assert not COLOURED.search(plain)


def test_a_quiet_run_leaves_the_terminal_alone(rehearsal: Rehearsal) -> None:
    with on_terminal(rehearsal, "--once", "--quiet") as terminal:
        exit_code, stdout = terminal.end()

    assert (exit_code, stdout, terminal.shown) == (0, "", "")


def test_an_error_stands_on_the_terminal_after_the_panel_is_gone(rehearsal: Rehearsal) -> None:
    rehearsal.exchange.revoke_key(KEY.name)
    with on_terminal(rehearsal) as terminal:
        exit_code, stdout = terminal.end()

    assert (exit_code, stdout) == (4, "")
    assert "error: " in terminal.shown[terminal.shown.rindex(OWN_SCREEN) :]
