"""A paper run's folder that is full, read-only, locked, damaged, foreign, or robbed of its journal; as typed."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.journal.lock import only_writer
from engine.journal.sqlite import JOURNAL_FILE
from tests.support.command import entries_below, error_sentence, small_configuration, write_small_market
from tests.support.rehearsal import Rehearsal

DAYS = (date(2015, 11, 10), date(2015, 11, 20))
"""The entry of 2015-11-15."""

Open = Callable[..., Rehearsal]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_small_market(folder)
    return folder


@pytest.fixture
def rehearse(tmp_path: Path, market: Path) -> Open:
    def opened(out: Path | None = None, **strategy: object) -> Rehearsal:
        values = {key: value for key, value in small_configuration(market).items() if key != "data"}
        values["strategy"] = {**values["strategy"], **strategy}
        return Rehearsal(market, out or tmp_path / "out", values, days=DAYS)

    return opened


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """Mount a file system of so many bytes; gives what changes its options."""
    folder.mkdir()

    def mounted(*options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    if os.geteuid() != 0 or not mounted(f"size={size}"):
        pytest.skip("no small file system can be mounted here")
    try:
        yield lambda option: None if mounted("remount", option) else pytest.fail(f"remount {option}")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("size", ["8k", "88k"])
def test_a_full_disk_is_one_sentence_and_the_run_goes_on_when_there_is_room(
    rehearse: Open, tmp_path: Path, size: str
) -> None:
    # Full as the journal is made, as its log is opened, and as a file beside it is written.
    disk = tmp_path / "disk"
    with small_disk(disk, size) as change:
        with rehearse(disk).open() as rehearsal:
            outcome = rehearsal.run()
            change("size=10m")
            afterwards = rehearsal.run()

        sentence = error_sentence(outcome, exit_code=3)
        assert "No space left on device" in sentence or "disk" in sentence, sentence
        assert afterwards.exit_code == 0, afterwards
        assert rehearsal.decisions()[-1]["day"] == str(DAYS[1])
        assert not [path.name for path in rehearsal.folder.iterdir() if path.name.startswith(".")]


def test_a_read_only_folder_is_one_sentence_and_stays_as_it_is(rehearse: Open, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "10m") as change:
        with rehearse(disk).open() as rehearsal:
            change("ro")
            new = rehearsal.run("--once")
            change("rw")
            rehearsal.run("--once")
            before = entries_below(disk)
            change("ro")
            taken_up = rehearsal.run("--once")

        assert "cannot be written: Read-only file system" in error_sentence(new, exit_code=2)
        assert "cannot be written there: Read-only file system" in error_sentence(taken_up, exit_code=3)
        assert entries_below(disk) == before


@pytest.mark.parametrize("name", ["run.log", "summary.json"])
def test_a_file_that_cannot_be_written_is_one_sentence(rehearse: Open, name: str) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.run("--once")
        (rehearsal.folder / name).unlink()
        (rehearsal.folder / name).mkdir()
        rehearsal.exchange.advance(timedelta(days=1))
        outcome = rehearsal.run("--once")

    assert "cannot be written: Is a directory" in error_sentence(outcome, exit_code=3)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_or_foreign_journal_is_one_sentence_and_left_alone(rehearse: Open, content: bytes) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.run("--once")
        journal = rehearsal.folder / JOURNAL_FILE
        journal.write_bytes(content)
        outcome = rehearsal.run("--once", "--accept-config")

    assert str(journal) in error_sentence(outcome, exit_code=3)
    assert journal.read_bytes() == content


def test_a_journal_that_another_program_keeps_locked_is_one_sentence(rehearse: Open) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.run("--once")
        with closing(sqlite3.connect(rehearsal.folder / JOURNAL_FILE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            outcome = rehearsal.run("--once")

    assert "another program keeps it locked" in error_sentence(outcome, exit_code=3)


def test_a_folder_that_lost_its_journal_is_refused_and_goes_on_once_it_is_back(rehearse: Open, tmp_path: Path) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.run("--once")
        journal, elsewhere = rehearsal.folder / JOURNAL_FILE, tmp_path / "elsewhere.sqlite"
        journal.rename(elsewhere)
        before = entries_below(rehearsal.folder)
        refused = [rehearsal.run("--once"), rehearsal.run("--once", "--accept-config")]
        after = entries_below(rehearsal.folder)
        shutil.copy(elsewhere, journal)
        continued = rehearsal.run("--once")

    for outcome in refused:
        sentence = error_sentence(outcome, exit_code=3)
        assert "journal.sqlite is missing" in sentence
        assert "--out" in sentence
    assert after == before
    assert continued.exit_code == 0, continued


def test_another_order_of_the_basket_is_refused(rehearse: Open) -> None:
    with rehearse(basket={"ETH": 0.5, "BTC": 0.5}).open() as rehearsal:
        rehearsal.run("--once")
        refused = rehearsal.run("--once", "--set", "strategy.basket={BTC: 0.5, ETH: 0.5}")

    assert "the order of strategy.basket was ETH, BTC, is BTC, ETH" in error_sentence(refused, exit_code=2)


def test_what_a_killed_run_left_is_swept_at_the_next_start_but_not_by_a_second_bot(rehearse: Open) -> None:
    with rehearse().open() as rehearsal:
        rehearsal.run("--once")
        left = [rehearsal.folder / name for name in (".files-abcd1234", ".config.json-abcd1234")]
        left[0].mkdir()
        left[1].touch()
        with only_writer(rehearsal.folder / JOURNAL_FILE):
            second = rehearsal.run("--once")
        there = [path.exists() for path in left]
        rehearsal.run("--once")

    assert "another bot" in error_sentence(second, exit_code=2)
    assert there == [True, True]
    assert [path.exists() for path in left] == [False, False]
