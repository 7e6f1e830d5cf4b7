"""Who writes a journal, told without taking its lock."""

import os
from pathlib import Path

import pytest

from engine.core.errors import ConfigError
from engine.journal.lock import LOCK_SUFFIX, only_writer, writer_of

ENDED = 2**31 - 1
"""No process: their numbers end earlier."""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def lock_of(journal: Path) -> Path:
    return journal.with_name(journal.name + LOCK_SUFFIX)


def listed(journal: Path, *, process: int, device: str | None = None, waits: bool = False) -> str:
    """Write the line by which Linux lists the lock of a journal."""
    facts = lock_of(journal).stat()
    device = device or f"{os.major(facts.st_dev):02x}:{os.minor(facts.st_dev):02x}"
    arrow = "-> " if waits else ""
    return f"7: {arrow}FLOCK  ADVISORY  WRITE {process} {device}:{facts.st_ino} 0 EOF\n"


def test_writer_is_told_while_it_holds_the_lock_and_not_afterwards(journal: Path) -> None:
    assert writer_of(journal) is None
    with only_writer(journal):
        assert writer_of(journal) == os.getpid()
    if Path("/proc/locks").exists():
        assert writer_of(journal) is None


def test_looking_leaves_no_file_behind(journal: Path) -> None:
    writer_of(journal)

    assert list(journal.parent.iterdir()) == []


def test_looking_does_not_take_the_lock(journal: Path) -> None:
    with only_writer(journal):
        writer_of(journal)
        with pytest.raises(ConfigError, match="another bot"), only_writer(journal):
            pass


def test_lock_is_known_by_its_process_where_the_device_is_listed_otherwise(journal: Path, tmp_path: Path) -> None:
    lock_of(journal).write_text("41")
    locks = tmp_path / "locks"

    locks.write_text(listed(journal, process=41, device="00:fe"))
    assert writer_of(journal, held_locks=locks) == 41
    locks.write_text(listed(journal, process=42, device="00:fe"))
    assert writer_of(journal, held_locks=locks) is None


def test_who_waits_for_a_lock_does_not_hold_it(journal: Path, tmp_path: Path) -> None:
    lock_of(journal).write_text("")
    locks = tmp_path / "locks"
    locks.write_text(listed(journal, process=41, waits=True))

    assert writer_of(journal, held_locks=locks) is None


@pytest.mark.parametrize(
    ("noted", "is_writer"),
    [(str(os.getpid()), True), (str(ENDED), False), ("9" * 20, False), ("0", False), ("", False), ("me", False)],
    # Workers that share the tests must name them alike, and each is a process of its own.
    ids=["this process", "a process that ended", "no process", "zero", "nothing", "a word"],
)
def test_where_locks_are_not_listed_a_living_process_counts(
    journal: Path, tmp_path: Path, noted: str, is_writer: bool
) -> None:
    lock_of(journal).write_text(noted)

    assert (writer_of(journal, held_locks=tmp_path / "none") is not None) == is_writer
