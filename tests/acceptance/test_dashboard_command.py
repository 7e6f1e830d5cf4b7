"""`python -m engine dashboard`, as it is typed."""

import signal
import socket
from pathlib import Path

import pytest

from tests.support.command import error_sentence, run_command
from tests.support.dashboard import TOKEN, asked, dashboard_process, write_summary
from tests.support.patience import PATIENCE_SECONDS

VARIABLE = "ALTFUSE_DASHBOARD_TOKEN"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_signalled(tmp_path: Path, number: signal.Signals) -> None:
    write_summary(tmp_path / "logs" / "backtest-x")
    with dashboard_process(tmp_path / "logs") as (process, url):
        page = asked(url, "/")
        # A browser keeps its connection; that must not keep the command.
        kept = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE_SECONDS)
        kept.close()

    assert url.startswith("http://127.0.0.1:")
    assert "/runs/backtest-x" in page.text
    assert (process.returncode, complaint) == (0, "")


def test_with_a_token_it_listens_where_it_is_told_and_shows_the_token_nowhere(tmp_path: Path) -> None:
    write_summary(tmp_path / "logs" / "backtest-x")
    with dashboard_process(tmp_path / "logs", "--host", "0.0.0.0", **{VARIABLE: TOKEN}) as (process, url):
        here = url.replace("0.0.0.0", "127.0.0.1")
        right = asked(here, "/", Authorization=f"Bearer {TOKEN}", Host="bot.example")
        form = asked(here, "/login")
        process.send_signal(signal.SIGTERM)
        said, complaint = process.communicate(timeout=PATIENCE_SECONDS)

    assert right.status == 200
    assert TOKEN not in right.text + form.text + said + complaint
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_without_a_token_is_refused(tmp_path: Path, host: str) -> None:
    outcome = run_command("dashboard", "--host", host, "--port", "0", "--out", tmp_path, environment={VARIABLE: ""})

    sentence = error_sentence(outcome, exit_code=2)
    assert VARIABLE in sentence
    assert host in sentence


def test_a_short_token_is_refused_and_not_repeated(tmp_path: Path) -> None:
    outcome = run_command("dashboard", "--port", "0", "--out", tmp_path, environment={VARIABLE: "short-secret"})

    assert "short-secret" not in error_sentence(outcome, exit_code=2)


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = run_command("dashboard", "--port", str(port), "--out", tmp_path)

    sentence = error_sentence(outcome, exit_code=2)
    assert f"--port {port}" in sentence
    assert len(sentence.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "--port"),
        (["--host", "no.such.host.invalid"], "ALTFUSE_DASHBOARD_TOKEN"),
        (["--token", "x"], "--token"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    outcome = run_command("dashboard", "--out", tmp_path, *options)

    assert words in error_sentence(outcome, exit_code=2)


def test_an_out_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "logs"
    file.write_text("", encoding="utf-8")

    assert "is no folder" in error_sentence(run_command("dashboard", "--out", file), exit_code=2)
