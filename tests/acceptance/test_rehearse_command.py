"""`python -m engine rehearse`, as it is typed: alone, without a network, files or keys."""

import csv
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.support.command import (
    ROOT,
    Outcome,
    call_command,
    entries_below,
    error_sentence,
    no_network,
    only_run_folder,
    run_command,
    small_configuration,
    write_small_market,
)

ONE_DAY = timedelta(days=1)
LAST_ENTRY, LAST_DAY = date(2026, 6, 21), date(2026, 6, 30)
"""Of the sample: the last rotation of a backtest whose orders can still fill, and its last bar."""
FIRST_LINE = "synthetic sample market: made-up prices that show how the program works"
LAST_LINE = "synthetic sample market: these figures say nothing about real markets"
FOREIGN_KEY = "a-key-of-the-environment-that-nobody-may-use"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """Rehearse on a machine that has nothing, in an empty folder, with keys in the environment that open nothing."""
    folder = tmp_path_factory.mktemp("alone")
    with no_network(folder) as environment:
        keys = dict.fromkeys(("BINANCE_TESTNET_API_KEY", "BINANCE_TESTNET_API_SECRET"), FOREIGN_KEY)
        outcome = run_command("rehearse", "--speed", "0", folder=folder, environment={**environment, **keys})
    return outcome, folder / "logs"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary_of(folder: Path) -> Mapping[str, Any]:
    summary: Mapping[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return summary


def test_alone_it_shows_a_rotation_entered_and_fills_each_on_the_day_after_its_decision(
    alone: tuple[Outcome, Path],
) -> None:
    outcome, out = alone

    assert outcome.exit_code == 0, outcome
    folder = only_run_folder(out)
    assert re.fullmatch(r"rehearsal-rotation-\d{8}T\d{6}Z", folder.name)
    fills = rows(folder / "fills.csv")
    for fill in fills:
        assert datetime.fromisoformat(fill["time"]).date() == date.fromisoformat(fill["decision_day"]) + ONE_DAY
    assert {fill["reason"] for fill in fills} == {"start", "entry"}
    (rotation,) = rows(folder / "rotations.csv")
    assert rotation["entry_day"] == LAST_ENTRY.isoformat()
    summary = summary_of(folder)
    assert (summary["mode"], summary["synthetic"]) == ("rehearsal", True)
    assert LAST_ENTRY - timedelta(days=30) <= date.fromisoformat(summary["first_day"]) < LAST_ENTRY
    assert summary["last_day"] == LAST_DAY.isoformat()
    assert "CORE -> ROTATED: entry" in outcome.stderr
    assert "Every fill was on the day after its decision." in " ".join(outcome.stdout.split())


def test_it_is_synthetic_from_its_first_line_to_its_last(alone: tuple[Outcome, Path]) -> None:
    outcome, out = alone
    folder = only_run_folder(out)

    lines = outcome.stdout.splitlines()
    log = (folder / "run.log").read_text(encoding="utf-8").splitlines()
    sources = summary_of(folder)["data_sources"]

    assert (lines[0], lines[-1]) == (FIRST_LINE, LAST_LINE)
    assert "synthetic" in log[0]
    assert "synthetic" in log[-1]
    assert {source["source"] for source in sources.values()} == {"synthetic sample"}
    assert "RUT" in sources
    assert "SYNTHETIC" in (folder / "report.html").read_text(encoding="utf-8")


def test_keys_of_the_environment_are_not_used(alone: tuple[Outcome, Path]) -> None:
    outcome, out = alone

    assert FOREIGN_KEY not in outcome.stdout + outcome.stderr
    assert not [name for name, content in entries_below(out).items() if content and FOREIGN_KEY.encode() in content]


def test_other_commands_know_what_a_rehearsal_is(alone: tuple[Outcome, Path]) -> None:
    _, out = alone
    folder = only_run_folder(out)

    review = call_command("review", folder)
    listed = call_command("review", "--list", "--json", "--out", out)
    verified = call_command("verify", folder)
    explained = call_command("explain", folder, "--day", LAST_ENTRY.isoformat())
    reconciled = call_command("review", folder, "--reconcile", "--json")

    assert {each.exit_code for each in (review, listed, verified, explained, reconciled)} == {0}
    assert "rehearsal of rotation" in review.stdout
    assert review.stdout.splitlines()[0] == explained.stdout.splitlines()[0] == FIRST_LINE
    (entry,) = json.loads(listed.stdout)
    assert (entry["mode"], entry["synthetic"], entry["problem"]) == ("rehearsal", True, None)
    assert "entry, CORE -> ROTATED" in explained.stdout
    comparison = json.loads(reconciled.stdout)
    assert (comparison["unexplained"], comparison["synthetic"]) == (0, True)


def test_files_are_played_from_the_day_that_is_asked_for_and_are_not_synthetic(tmp_path: Path) -> None:
    market, out = tmp_path / "market", tmp_path / "out"
    write_small_market(market)
    values = {"strategy": small_configuration(market)["strategy"], "window": {"from": "2015-12-01"}}
    (tmp_path / "small.json").write_text(json.dumps(values), encoding="utf-8")

    outcome = run_command(
        "rehearse", tmp_path / "small.json", "--data", market, "--from", "2017-11-20", "--speed", "0", "--out", out
    )

    assert outcome.exit_code == 0, outcome
    folder = only_run_folder(out)
    summary = summary_of(folder)
    assert (summary["first_day"], summary["last_day"]) == ("2017-11-20", "2017-12-31")
    assert (summary["mode"], summary["synthetic"]) == ("rehearsal", False)
    assert "synthetic" not in outcome.stdout + outcome.stderr
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["data"]["crypto"] == "csv"
    assert {row["symbol"] for row in rows(folder / "fills.csv")} >= {"BTC/USDT"}


def test_without_an_entry_the_last_days_are_played(tmp_path: Path) -> None:
    outcome = run_command("rehearse", "--speed", "0", "--set", "strategy={name: hold}", "--out", tmp_path)

    assert outcome.exit_code == 0, outcome
    summary = summary_of(only_run_folder(tmp_path))
    assert (summary["first_day"], summary["last_day"]) == ("2026-06-20", "2026-06-30")
    assert [row["reason"] for row in rows(only_run_folder(tmp_path) / "fills.csv")] == ["start"]


class Rehearsing:
    """A rehearsal in a process of its own, of which lines are waited for, never time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.shown: list[str] = []

    def address(self, of: str) -> tuple[str, int]:
        """Wait on stdout for the address of the exchange or of the dashboard."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown.append(line)
            found = re.search(rf"{of}.* at http://(127\.0\.0\.1):(\d+)", line)
            if found:
                return found[1], int(found[2])
        raise AssertionError(self.shown)

    def wait_for(self, words: str) -> None:
        """Wait on stderr."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.shown.append(line)
            if words in line:
                return
        raise AssertionError(self.shown)

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=120)
        return self.process.returncode, stdout, stderr


@contextmanager
def rehearsing(out: Path, *options: str) -> Iterator[Rehearsing]:
    """Rehearse so slowly that the second day never comes by itself."""
    with subprocess.Popen(
        [sys.executable, "-m", "engine", "rehearse", "--speed", "0.0001", "--out", str(out), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield Rehearsing(process)
        finally:
            process.kill()


def is_served(address: tuple[str, int]) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(address) != errno.ECONNREFUSED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both_in_good_order_and_leaves_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    with rehearsing(tmp_path) as rehearsal:
        address = rehearsal.address("practice exchange")
        rehearsal.wait_for("filled buy")
        was_served = is_served(address)
        exit_code, stdout, stderr = rehearsal.end(number)

    assert (exit_code, was_served, is_served(address)) == (0, True, False), stderr
    assert "1 day decided" in stdout
    assert stdout.splitlines()[-1] == LAST_LINE
    folder = only_run_folder(tmp_path)
    assert summary_of(folder)["first_day"] == summary_of(folder)["last_day"]
    assert "run ends" in (folder / "run.log").read_text(encoding="utf-8").splitlines()[-1]


def test_a_kill_leaves_nothing_running_and_a_record_that_can_be_read(tmp_path: Path) -> None:
    with rehearsing(tmp_path) as rehearsal:
        address = rehearsal.address("practice exchange")
        rehearsal.wait_for("filled buy")
        exit_code, _, _ = rehearsal.end(signal.SIGKILL)

    assert (exit_code, is_served(address)) == (-signal.SIGKILL, False)
    (entry,) = json.loads(call_command("review", "--list", "--json", "--out", tmp_path).stdout)
    assert (entry["mode"], entry["synthetic"], entry["problem"]) == ("rehearsal", True, None)
    assert call_command("verify", only_run_folder(tmp_path)).exit_code == 0


def test_the_page_shows_the_rehearsal_while_it_goes_on(tmp_path: Path) -> None:
    with rehearsing(tmp_path, "--dashboard") as rehearsal:
        host, port = rehearsal.address("dashboard")
        rehearsal.wait_for("filled buy")
        folder = only_run_folder(tmp_path)
        with urlopen(f"http://{host}:{port}/runs/{folder.name}") as answer:
            page = answer.read().decode()
        exit_code, _, stderr = rehearsal.end(signal.SIGINT)

    assert exit_code == 0, stderr
    assert not is_served((host, port))
    assert "rehearsal" in page
    assert "synthetic prices" in page
    assert "practice exchange" in page
    assert "running" in page


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--data", "no/such/folder"], 3, "no/such/folder"),
        (["--from", "2030-01-01"], 2, "--from 2030-01-01: cannot be decided; with these bars the days from"),
        (["--from", "2010-01-01"], 2, "--from 2010-01-01: cannot be decided; with these bars the days from"),
        (["--from", "yesterday"], 2, "--from 'yesterday'"),
        (["--speed", "inf"], 2, "--speed inf"),
        (["--speed", "-1"], 2, "--speed"),
        (["--set", "data.crypto=binance"], 2, "data.crypto: binance is not allowed for `rehearse`"),
        (["--set", "data.index=yahoo"], 2, "data.index: yahoo is not allowed for `rehearse`"),
        (["--set", "data.crypto=csv", "--set", "data.csv_dir=x"], 2, "data.index: auto is not allowed for `rehearse`"),
        (["--set", "account.quote=EUR"], 2, "account.quote: EUR is not allowed here"),
        (["no-such.yaml"], 2, "no-such.yaml"),
    ],
)
def test_what_it_cannot_do_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    outcome = call_command("rehearse", *options, "--quiet", "--out", tmp_path / "out")

    assert words in error_sentence(outcome, exit_code=code)
    assert not (tmp_path / "out").exists()


def test_a_taken_port_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = call_command("rehearse", "--quiet", "--port", str(port), "--out", tmp_path / "out")

    assert f"--port {port}" in error_sentence(outcome, exit_code=2)
    assert not (tmp_path / "out").exists()
