"""`run.log`: a line an event, and no secret in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from loguru import logger

from engine.logs import run_log, write_run_log
from engine.record.run_log import LogLine
from engine.venues.binance.credentials import Credentials
from engine.venues.binance.keys import NAMES
from engine.venues.key_names import key_names

AT = datetime(2024, 1, 31, 23, 59, 58, tzinfo=UTC)


def written(path: Path, *texts: str, level: str = "INFO") -> str:
    write_run_log(path, [LogLine(at=AT, level=level, text=text) for text in texts])
    return path.read_text(encoding="utf-8")


def test_an_event_is_one_line_with_the_instant_it_speaks_of(tmp_path: Path) -> None:
    text = written(tmp_path / "run.log", "planned 买入", "filled {x} <red>%s</red>")

    assert text == "2024-01-31T23:59:58Z INFO    planned 买入\n2024-01-31T23:59:58Z INFO    filled {x} <red>%s</red>\n"


def test_lines_for_debugging_are_left_out(tmp_path: Path) -> None:
    lines = [LogLine(at=AT, level=level, text=level) for level in ("DEBUG", "INFO", "WARNING", "ERROR")]

    write_run_log(tmp_path / "run.log", lines)

    written_lines = (tmp_path / "run.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1] for line in written_lines] == ["INFO", "WARNING", "ERROR"]


def test_the_secrets_of_every_exchange_are_known_by_name() -> None:
    assert set(NAMES) <= set(key_names())


@pytest.mark.parametrize("variable", key_names())
def test_a_secret_in_a_message_never_reaches_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "s3cr3t+/=")

    text = written(tmp_path / "run.log", "refused: key=s3cr3t+/=&x=1, again s3cr3t+/=")

    assert "s3cr3t" not in text
    assert text.endswith("refused: key=***&x=1, again ***\n")


def test_a_secret_that_only_the_run_knows_never_reaches_the_file(tmp_path: Path) -> None:
    credentials = Credentials(api_key="k3y", secret="s3cr3t", kind="HMAC")

    with run_log(tmp_path / "run.log", strike_out=credentials.strike_out) as write:
        write([LogLine(at=AT, level="INFO", text="refused: k3y, s3cr3t, signature=abc")])

    text = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert text.endswith("refused: ***, ***, signature=***\n")


def test_an_empty_secret_strikes_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in key_names():
        monkeypatch.setenv(variable, "")

    assert written(tmp_path / "run.log", "as it is").endswith("as it is\n")


def test_a_message_of_several_lines_is_one_line_of_the_log(tmp_path: Path) -> None:
    text = written(tmp_path / "run.log", "rejected: <html>\n\n<body>Bad gateway\r\n")

    assert len(text.splitlines()) == 1


def test_no_event_gives_an_empty_log(tmp_path: Path) -> None:
    assert written(tmp_path / "run.log") == ""


def test_a_log_is_closed_when_the_lines_fail_and_two_logs_do_not_mix(tmp_path: Path) -> None:
    def failing() -> LogLine:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_run_log(tmp_path / "one.log", (failing() for _ in range(1)))
    written(tmp_path / "two.log", "of the second run")

    assert (tmp_path / "one.log").read_text(encoding="utf-8") == ""


def test_what_is_said_elsewhere_later_does_not_reach_a_log_that_is_written(tmp_path: Path) -> None:
    written(tmp_path / "run.log", "of the run")

    logger.bind(at="later").info("of a library")

    assert "library" not in (tmp_path / "run.log").read_text(encoding="utf-8")
