"""How `paper` starts where no exchange answers: what is wrong here is said at once, and what is waited for is named."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.journal.lock import only_writer
from engine.journal.sqlite import JOURNAL_FILE
from tests.support.command import Outcome, call_command, error_sentence, run_command, write_small_market
from tests.support.rehearsal import KEY

REHEARSE = "`python -m engine rehearse`"


@pytest.fixture
def nobody() -> Iterator[str]:
    """Give an address at which nobody listens, and nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def paper(url: str, out: Path, *assignments: str, retries: int = 1, more: tuple[str, ...] = ()) -> Outcome:
    settings = (f"venue.base_url={url}", f"venue.max_retries={retries}", "venue.timeout_seconds=3", *assignments)
    typed = [part for each in settings for part in ("--set", each)]
    return call_command("paper", "config/rotation.yaml", "--out", out, *more, *typed)


def test_what_is_waited_for_is_said_first_and_the_way_without_a_network_last(nobody: str, tmp_path: Path) -> None:
    outcome = paper(nobody, tmp_path / "out")

    lines = outcome.stderr.splitlines()
    assert (outcome.exit_code, outcome.stdout) == (4, "")
    # Half a second between two tries, each of which may take three.
    assert lines[0] == f"waiting for binance-market-data ({nobody}) to answer; trying again for up to 6 s"
    assert lines[-2].startswith("error: binance-market-data: GET time:")
    assert lines[-1].startswith("without a network, ")
    assert REHEARSE in lines[-1]
    assert not (tmp_path / "out").exists()


def test_an_exchange_that_is_not_waited_for_is_not_announced(nobody: str, tmp_path: Path) -> None:
    outcome = paper(nobody, tmp_path / "out", retries=0)

    assert REHEARSE in error_sentence(outcome, exit_code=4)


def test_a_quiet_run_says_the_error_alone(nobody: str, tmp_path: Path) -> None:
    outcome = paper(nobody, tmp_path / "out", more=("--quiet",))

    assert error_sentence(outcome, exit_code=4).startswith("binance-market-data: GET time:")


@pytest.mark.parametrize("key", ["data.crypto", "data.index"])
def test_the_sample_is_refused_at_once_where_prices_are_real(tmp_path: Path, key: str) -> None:
    outcome = call_command("paper", "config/rotation.yaml", "--out", tmp_path / "out", "--set", f"{key}=sample")

    sentence = error_sentence(outcome, exit_code=2)
    assert sentence.startswith(f"{key}: sample is not allowed for `paper` on simulated, whose prices are real")
    assert REHEARSE in sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("assignments", "code", "words"),
    [
        (("data.crypto=sample", "data.index=yahoo"), 2, "synthetic and real bars are never mixed"),
        (("data.crypto=yahoo", "data.index=sample"), 2, "synthetic and real bars are never mixed"),
        (("data.crypto=csv", "data.csv_dir=no/such/folder"), 3, "no/such/folder/BTC.csv"),
        (("data.index=csv", "data.csv_dir=no/such/folder"), 3, "no/such/folder/RUT.csv"),
        (("venue.name=binance-testnet",), 4, "no keys for the exchange"),
    ],
)
def test_settings_that_cannot_work_are_said_before_any_exchange_is_asked(
    nobody: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    assignments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    for name in ("BINANCE_TESTNET_API_KEY", "BINANCE_TESTNET_API_SECRET"):
        monkeypatch.delenv(name, raising=False)

    outcome = paper(nobody, tmp_path / "out", *assignments)

    assert words in error_sentence(outcome, exit_code=code)
    assert not (tmp_path / "out").exists()


def test_a_bad_row_of_a_file_is_said_before_any_exchange_is_asked(nobody: str, tmp_path: Path) -> None:
    write_small_market(tmp_path)
    with (tmp_path / "RUT.csv").open("a", encoding="utf-8") as file:
        file.write("2018-01-02,1,1,1,none,0\n")

    outcome = paper(nobody, tmp_path / "out", "data.index=csv", f"data.csv_dir={tmp_path}")

    assert "RUT.csv, line" in error_sentence(outcome, exit_code=3)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paper folder that began on the made-up prices of a practice exchange, made by a rehearsal's journal."""
    out = tmp_path_factory.mktemp("begun")
    assert run_command("rehearse", "--speed", "0", "--from", "2026-06-29", "--quiet", "--out", out).exit_code == 0
    (folder,) = out.iterdir()
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    """Give the same as the folder of a paper run on the testnet."""
    return Path(shutil.copytree(begun, tmp_path / "out" / "paper-rotation-binance-testnet"))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_TESTNET_API_KEY", KEY.name)
    monkeypatch.setenv("BINANCE_TESTNET_API_SECRET", KEY.secret)


TESTNET = ("--venue", "binance-testnet")


@pytest.mark.usefixtures("keys")
def test_what_is_wrong_with_a_folder_is_said_before_any_exchange_is_asked(nobody: str, folder: Path) -> None:
    changed = paper(nobody, folder.parent, "strategy.hold_weeks=3", more=TESTNET)
    with only_writer(folder / JOURNAL_FILE):
        taken = paper(nobody, folder.parent, more=TESTNET)
    (folder / JOURNAL_FILE).rename(folder.parent / "elsewhere")
    lost = paper(nobody, folder.parent, more=TESTNET)
    (folder / JOURNAL_FILE).write_bytes(b"no database")
    damaged = paper(nobody, folder.parent, more=TESTNET)

    assert "strategy.hold_weeks was 18, is 3" in error_sentence(changed, exit_code=2)
    assert "another bot" in error_sentence(taken, exit_code=2)
    assert "journal.sqlite is missing" in error_sentence(lost, exit_code=3)
    assert str(folder / JOURNAL_FILE) in error_sentence(damaged, exit_code=3)


@pytest.mark.usefixtures("keys")
def test_re_arming_where_nothing_was_begun_or_killed_is_refused_before_the_exchange_is_asked(
    nobody: str, folder: Path
) -> None:
    begun_nowhere = paper(nobody, folder.parent, more=("--rearm",))
    goes_on = paper(nobody, folder.parent, more=(*TESTNET, "--rearm"))

    place = folder.parent / "paper-rotation-simulated"
    assert error_sentence(begun_nowhere, exit_code=2) == (
        f"--rearm: the kill switch does not hold in {place}: there is nothing to re-arm, leave it out"
    )
    assert str(folder) in error_sentence(goes_on, exit_code=2)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("more", [(), ("--accept-config",)])
def test_a_folder_of_made_up_prices_is_refused_at_once_where_prices_are_real(
    folder: Path, more: tuple[str, ...]
) -> None:
    outcome = call_command("paper", "config/rotation.yaml", "--out", folder.parent, *TESTNET, *more)

    assert "began on made-up (synthetic) prices, and the exchange's are real" in error_sentence(outcome, exit_code=2)


@pytest.mark.usefixtures("keys")
def test_a_folder_that_can_go_on_is_as_it_was_when_nobody_answers(nobody: str, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    outcome = paper(nobody, folder.parent, more=TESTNET, retries=0)

    assert REHEARSE in error_sentence(outcome, exit_code=4)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert json.loads(before["config.json"])["data"]["crypto"] == "sample"


def test_a_place_that_is_no_folder_is_said_before_any_exchange_is_asked(nobody: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "cannot be written: it is not a folder" in error_sentence(paper(nobody, tmp_path / "file"), exit_code=2)
    assert "is no folder" in error_sentence(paper(nobody, tmp_path / "file" / "below" / "it"), exit_code=2)
