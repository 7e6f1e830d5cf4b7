"""`paper` and `rehearse` on a terminal: a panel while they run, and the terminal as it was when a signal ends them."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from tests.support.command import ROOT, small_configuration, write_small_market
from tests.support.rehearsal import KEY, Rehearsal
from tests.support.terminal import Terminal, command_on_terminal

DAYS = (date(2015, 11, 10), date(2015, 12, 31))
OTHER_SCREEN, OWN_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
CURSOR_HIDDEN, CURSOR_SHOWN = "\x1b[?25l", "\x1b[?25h"
COLOURED = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


@contextmanager
def on_terminal(
    rehearsal: Rehearsal, *more: str, size: tuple[int, int] = (24, 80), environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run the bot on a terminal of so many lines and columns; its exchange's days go by as fast as it asks."""
    keys = {"BINANCE_TESTNET_API_KEY": KEY.name, "BINANCE_TESTNET_API_SECRET": KEY.secret}
    with command_on_terminal(
        rehearsal.arguments(*more), cwd=rehearsal.out.parent, environment={**keys, **(environment or {})}, size=size
    ) as terminal:
        yield terminal


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
    for words in ("paper on binance-testnet", "ROTATED", "time_exit: ", "none is open", "came 20"):
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


def test_a_rehearsal_shows_the_panel_on_made_up_prices(tmp_path: Path) -> None:
    arguments = ["rehearse", "--speed", "0.0001", "--dashboard", "--out", str(tmp_path)]
    with command_on_terminal(arguments, cwd=tmp_path, environment={}, size=(40, 100)) as terminal:
        terminal.wait_for("BTC")
        terminal.wait_for("none is open")
        terminal.process.send_signal(signal.SIGINT)
        exit_code, stdout = terminal.end()

    assert exit_code == 0, terminal.shown
    for words in ("synthetic sample market", "rehearsal on practice exchange", "page", "http://127.0.0.1:"):
        assert words in terminal.shown
    assert terminal.shown.rindex(OWN_SCREEN) > terminal.shown.rindex(OTHER_SCREEN)
    assert "synthetic" in stdout.splitlines()[0]
    assert "synthetic" in stdout.splitlines()[-1]


SHOWS_NOTICES = """
import sys
from engine.machine.output import guard_outputs
from engine.report.live import live_console

guard_outputs()
output = sys.stdout
with live_console(quiet=False) as console:
    console.notice("first")
    print("shown", file=output, flush=True)
    input()
    console.notice("second")
print("over")
"""


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_that_goes_away_does_not_end_the_run(term: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SHOWS_NOTICES],
        cwd=ROOT,
        env={**os.environ, "TERM": term},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        assert process.stdout.readline() == "shown\n"
        os.close(ours)
        output, _ = process.communicate("\n")

    assert (process.returncode, output) == (0, "over\n")
