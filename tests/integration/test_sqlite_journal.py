"""The journal on real files: killed writers, two writers, readers at work, a full disk, every kind of damage."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engine.core.errors import ConfigError, DataError
from engine.core.events import Event
from engine.journal.chain import GENESIS
from engine.journal.codec import EventCodec
from engine.journal.sqlite import SqliteJournal, read_journal
from engine.journal.verification import verify_journal
from engine.ports import Journal
from strategies.macd_timing import TimingState
from tests.support.command import ROOT
from tests.support.journal_writer import AT, CODEC, event

Tampering = Callable[[sqlite3.Connection], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "paper-rotation-simulated"
    folder.mkdir()
    return folder / "journal.sqlite"


def written(path: Path, count: int) -> list[Event]:
    events = [event(number) for number in range(1, count + 1)]
    with SqliteJournal(path, CODEC, at=AT) as journal:
        journal.append_all(events)
    return events


def refusal(path: Path, *, wait_seconds: float = 5.0) -> str:
    with pytest.raises(DataError) as refused:
        SqliteJournal(path, CODEC, at=AT, wait_seconds=wait_seconds)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)
    return str(refused.value)


def unreadable(path: Path) -> str:
    with pytest.raises(DataError) as refused:
        list(read_journal(path, CODEC))
    assert "\n" not in str(refused.value)
    return str(refused.value)


@contextmanager
def process(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.support.journal_writer", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        try:
            yield running
        finally:
            running.kill()


def append_without_end(journal: SqliteJournal, appended: list[Event]) -> None:
    while True:
        journal.append_all([event(len(appended) + 1)])
        appended.append(event(len(appended) + 1))


def first_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def test_events_come_back_in_order_from_the_writer_a_reader_and_the_next_start(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        port: Journal = journal
        for number in (1, 2, 3):
            port.append_all([event(number)])
        assert list(journal) == list(read_journal(path, CODEC)) == [event(1), event(2), event(3)]
        head = journal.head

    with SqliteJournal(path, CODEC, at=AT) as journal:
        assert journal.head == head
        journal.append_all([event(4)])
        assert (len(journal), journal.head.sequence) == (4, 4)

    assert list(read_journal(path, CODEC)) == [event(1), event(2), event(3), event(4)]


def test_a_new_journal_has_the_zeros_for_a_head_and_the_instant_handed_in(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        assert (journal.head.sequence, journal.head.hash) == (0, GENESIS)

    with closing(sqlite3.connect(path)) as connection:
        assert dict(connection.execute("SELECT * FROM meta")) == {"schema": "1", "created": "2024-01-01T00:00:00+00:00"}
    assert list(read_journal(path)) == []


def test_an_append_is_synchronous_in_a_write_ahead_log(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        full = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
        assert list(journal._connection.execute("PRAGMA synchronous")) == [(full,)]
        assert list(journal._connection.execute("PRAGMA journal_mode")) == [("wal",)]


def test_more_events_than_a_batch_come_back(path: Path) -> None:
    events = written(path, 2001)

    assert list(read_journal(path, CODEC)) == events
    assert verify_journal(path).head.sequence == 2001


def test_a_closed_journal_is_one_plain_file_that_a_reader_leaves_as_it_is(path: Path) -> None:
    events = written(path, 3)
    before = sorted(entry.name for entry in path.parent.iterdir())

    assert list(read_journal(path, CODEC)) == events
    assert sorted(entry.name for entry in path.parent.iterdir()) == before == ["journal.sqlite", "journal.sqlite.lock"]


def test_an_event_that_cannot_be_encoded_leaves_the_journal_as_it_was(path: Path) -> None:
    with SqliteJournal(path, EventCodec(TimingState), at=AT) as journal:
        head = journal.head
        with pytest.raises(TypeError):
            journal.append_all([event(1), "no event"])  # type: ignore[list-item]
        assert journal.head == head
        journal.append_all([event(1)])

    assert list(read_journal(path)) == [event(1)]


def test_killed_at_random_moments_the_journal_holds_what_was_acknowledged(path: Path) -> None:
    with process("kill-random", path) as running:
        output, _ = running.communicate()

    assert (running.returncode, output) == (0, "40\n")
    verification = verify_journal(path)
    assert verification.broken is None
    assert verification.head.sequence >= 40


def test_killed_at_every_line_of_its_code_the_journal_is_whole_and_can_be_continued(tmp_path: Path) -> None:
    with process("kill-lines", tmp_path) as running:
        output, _ = running.communicate()

    assert running.returncode == 0
    assert int(output) > 100


def test_a_second_writer_in_this_process_is_refused(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT):
        with pytest.raises(ConfigError, match="another bot") as refused:
            SqliteJournal(path, CODEC, at=AT)
        assert str(path.parent) in str(refused.value)

    SqliteJournal(path, CODEC, at=AT).close()


def test_a_second_writer_is_refused_until_the_first_is_killed(path: Path) -> None:
    with process("hold", path) as running:
        assert first_line(running) == "ready"
        with pytest.raises(ConfigError) as refused:
            SqliteJournal(path, CODEC, at=AT)
        assert f"{path.parent}: another bot (process {running.pid}) is at work in this folder" in str(refused.value)
        running.send_signal(signal.SIGKILL)
        running.wait()

        with SqliteJournal(path, CODEC, at=AT) as journal:
            journal.append_all([event(1)])


def test_a_refused_second_writer_leaves_the_first_undisturbed(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        journal.append_all([event(1)])
        with pytest.raises(ConfigError):
            SqliteJournal(path, CODEC, at=AT)
        journal.append_all([event(2)])

    assert list(read_journal(path, CODEC)) == [event(1), event(2)]


def test_readers_see_a_growing_prefix_and_do_not_disturb_the_writer(path: Path) -> None:
    lengths: list[int] = []
    with process("write", path, "300") as running:
        first_line(running)
        while running.poll() is None and (not lengths or lengths[-1] < 300):
            events = list(read_journal(path, CODEC))
            assert events == [event(number) for number in range(1, len(events) + 1)]
            assert verify_journal(path).broken is None
            lengths.append(len(events))
        running.communicate()

    assert running.returncode == 0
    assert lengths == sorted(lengths)
    assert len(list(read_journal(path, CODEC))) == 300


def test_a_reader_leaves_the_log_of_a_killed_writer_as_it_is(path: Path, tmp_path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        journal.append_all([event(1)])
        # What lies on the disk now is what a kill would leave.
        left = tmp_path / "left"
        left.mkdir()
        names = ("journal.sqlite", "journal.sqlite-wal")
        for name in names:
            (left / name).write_bytes((path.parent / name).read_bytes())
    before = [(left / name).read_bytes() for name in names]

    assert list(read_journal(left / "journal.sqlite", CODEC)) == [event(1)]
    assert [(left / name).read_bytes() for name in names] == before


def test_a_slow_reader_does_not_keep_the_writer_waiting(path: Path) -> None:
    written(path, 3)
    with SqliteJournal(path, CODEC, at=AT, wait_seconds=0.0) as journal:
        reader = read_journal(path, CODEC)
        assert next(reader) == event(1)
        journal.append_all([event(4)])
        assert [*reader] == [event(2), event(3), event(4)]


def test_a_full_database_is_one_sentence_and_keeps_what_was_written(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        journal.append_all([event(1)])
        ((pages,),) = journal._connection.execute("PRAGMA page_count")
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        head = journal.head
        with pytest.raises(DataError, match="the disk is full; nothing of the last write was kept"):
            journal.append_all(event(number) for number in range(2, 200))
        assert journal.head == head
        journal._connection.execute("PRAGMA max_page_count = 1000000")
        journal.append_all([event(2)])

    assert list(read_journal(path, CODEC)) == [event(1), event(2)]


def test_a_full_disk_is_one_sentence_and_keeps_what_was_written(tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no small file system can be mounted here")
    path = mounted / "journal.sqlite"
    try:
        with SqliteJournal(path, CODEC, at=AT) as journal:
            appended: list[Event] = []
            with pytest.raises(DataError, match="the disk is full"):
                append_without_end(journal, appended)
            assert len(journal) == len(appended) > 10
            assert list(journal) == appended
        assert list(read_journal(path, CODEC)) == appended
        with closing(sqlite3.connect(path)) as connection:
            assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)


def test_a_full_disk_at_the_first_start_is_one_sentence_and_leaves_no_journal(tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no small file system can be mounted here")
    path = mounted / "journal.sqlite"
    try:
        assert "disk" in refusal(path)
        assert not path.exists()
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)


def test_a_database_locked_beyond_the_bound_is_one_sentence(path: Path) -> None:
    written(path, 1)
    with (
        SqliteJournal(path, CODEC, at=AT, wait_seconds=0.01) as journal,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DataError, match="another program keeps it locked"):
            journal.append_all([event(2)])
        other.execute("ROLLBACK")
        journal.append_all([event(2)])

    assert list(read_journal(path, CODEC)) == [event(1), event(2)]


def test_a_lock_of_another_program_is_waited_for_as_long_as_was_said(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT, wait_seconds=0.25) as journal:
        assert list(journal._connection.execute("PRAGMA busy_timeout")) == [(250,)]


def test_a_database_locked_at_the_start_is_one_sentence(path: Path) -> None:
    written(path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert "another program keeps it locked" in refusal(path, wait_seconds=0.01)


def test_a_record_put_in_by_another_program_is_refused_at_the_next_append(path: Path) -> None:
    with SqliteJournal(path, CODEC, at=AT) as journal:
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("INSERT INTO records VALUES (1, 'RunEnded', '{}', '', '')")

        with pytest.raises(DataError, match="was written by another program meanwhile"):
            journal.append_all([event(1)])

        # Nor does the refused append keep the database locked.
        with closing(sqlite3.connect(path, timeout=0)) as other, other:
            other.execute("DELETE FROM records")
        journal.append_all([event(1)])


def test_without_a_folder_the_sentence_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent: the journal cannot be written there: No such file"):
        SqliteJournal(tmp_path / "absent" / "journal.sqlite", CODEC, at=AT)


def test_a_folder_name_of_odd_signs_is_no_address(tmp_path: Path) -> None:
    path = tmp_path / "50% ?mode=memory#a" / "journal.sqlite"
    path.parent.mkdir()

    events = written(path, 2)

    assert path.exists()
    assert list(read_journal(path, CODEC)) == events


def test_reading_where_there_is_no_journal_is_one_sentence_and_makes_none(path: Path) -> None:
    assert "there is no journal; backtests of older versions kept none" in unreadable(path)
    assert not any(path.parent.iterdir())


@pytest.mark.parametrize(
    ("tamper", "sequence", "problem"),
    [
        ("UPDATE records SET body = replace(body, '2020', '2021') WHERE seq = 4", 4, "its type or body"),
        ("UPDATE records SET type = 'RunStarted' WHERE seq = 4", 4, "its type or body"),
        ("UPDATE records SET hash = upper(hash) WHERE seq = 4", 4, "its hash"),
        ("UPDATE records SET previous = '' WHERE seq = 4", 4, "does not carry the hash of the record before"),
        ("UPDATE records SET body = CAST(body AS BLOB) WHERE seq = 4", 4, "its type or body"),
        ("UPDATE records SET body = CAST(x'ff' AS TEXT) WHERE seq = 4", 4, "its type or body"),
        ("UPDATE records SET body = 7 WHERE seq = 9", 9, "its type, body or hash"),
        ("DELETE FROM records WHERE seq = 4", 4, "is missing"),
        ("DELETE FROM records WHERE seq BETWEEN 4 AND 6", 4, "is missing, and all up to 6"),
        ("DELETE FROM records WHERE seq = 1", 1, "is missing"),
        (
            "DELETE FROM records WHERE seq = 4; UPDATE records SET seq = seq - 1 WHERE seq > 4",
            4,
            "holds what was written as record 5",
        ),
        (
            "UPDATE records SET seq = -seq WHERE seq IN (4, 6); UPDATE records SET seq = 10 + seq WHERE seq < 0",
            4,
            "holds what was written as record 6",
        ),
        ("INSERT INTO records VALUES (0, 'RunEnded', '{}', '', '')", 0, "stands where record 1 is wanted"),
        ("INSERT INTO records VALUES (10, 'RunEnded', '{}', '', '')", 10, "neither its link nor its hash"),
    ],
)
def test_every_tampering_is_named_and_keeps_the_journal_from_being_used(
    path: Path, tamper: str, sequence: int, problem: str
) -> None:
    written(path, 9)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(tamper)

    verification = verify_journal(path)

    assert verification.broken is not None
    assert verification.broken.sequence == sequence
    assert problem in verification.broken.problem
    sentence = f"its hash chain is broken: record {sequence} "
    assert sentence in unreadable(path)
    assert sentence in refusal(path)


def test_a_tail_cut_off_is_told_by_a_head_that_was_noted(path: Path) -> None:
    written(path, 9)
    noted = verify_journal(path).head
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM records WHERE seq > 7")

    assert verify_journal(path).broken is None
    assert verify_journal(path, head=noted.hash).noted is None


def test_a_head_noted_earlier_is_found_after_the_journal_has_grown(path: Path) -> None:
    written(path, 2)
    noted = verify_journal(path).head
    with SqliteJournal(path, CODEC, at=AT) as journal:
        journal.append_all([event(3)])

    assert verify_journal(path, head=noted.hash).noted == 2


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        ("DROP TABLE records", "is no journal: its table records is missing or another"),
        ("DROP TABLE meta", "is no journal: its table meta is missing or another"),
        ("ALTER TABLE records ADD COLUMN mood TEXT", "is no journal: its table records is missing or another"),
        ("DELETE FROM meta", "has the table schema none; this version of the program reads 1"),
        ("UPDATE meta SET value = '2' WHERE key = 'schema'", "has the table schema 2; this version"),
    ],
)
def test_a_foreign_or_newer_database_is_one_sentence(path: Path, tamper: str, sentence: str) -> None:
    written(path, 2)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(tamper)

    assert sentence in refusal(path)
    assert sentence in unreadable(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"SQLite format 3\x00", bytes(8192)], ids=len)
def test_a_file_that_is_no_database_is_one_sentence_and_is_not_replaced(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert "no journal" in refusal(path)
    assert "no journal" in unreadable(path)
    assert path.read_bytes() == content


def test_a_journal_removed_beside_its_log_is_not_begun_anew(path: Path) -> None:
    path.with_name("journal.sqlite-wal").write_bytes(b"left behind")

    assert "is missing, though its log journal.sqlite-wal is there" in refusal(path)
    assert not path.exists()


def test_what_a_crash_left_of_an_unfinished_new_journal_is_no_obstacle(path: Path) -> None:
    path.with_name("journal.sqlite.new").write_bytes(b"half")

    written(path, 1)

    assert not path.with_name("journal.sqlite.new").exists()


def test_a_truncated_file_is_never_taken_for_whole(path: Path) -> None:
    written(path, 200)
    whole = path.read_bytes()

    for size in range(0, len(whole), 512):
        path.write_bytes(whole[:size])
        refusal(path)
        unreadable(path)


def test_a_journal_damaged_in_its_middle_is_named_at_the_first_record_that_cannot_be_read(path: Path) -> None:
    written(path, 200)
    whole = bytearray(path.read_bytes())
    page = 4096
    assert len(whole) > 8 * page
    # A page of all ones in the middle is no page of a table; the records before it can still be read.
    whole[6 * page : 7 * page] = b"\xff" * page
    path.write_bytes(whole)

    broken = verify_journal(path).broken

    assert broken is not None
    assert 1 < broken.sequence < 200
    assert broken.problem == "cannot be read: the file is damaged there"


def test_a_flipped_byte_anywhere_is_found_or_changes_nothing(path: Path) -> None:
    events = written(path, 60)
    whole = path.read_bytes()
    chance = random.Random(3)
    found = 0

    for _ in range(400):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        read = read_or_refused(path)
        assert read in (events, [])
        found += not read

    assert 100 < found < 400


def read_or_refused(path: Path) -> list[Event]:
    try:
        return list(read_journal(path, CODEC))
    except DataError:
        return []


def test_a_last_page_that_hides_its_last_records_is_found_by_the_check_and_at_the_next_start(path: Path) -> None:
    written(path, 60)
    damaged = bytearray(path.read_bytes())
    page, leaf, number_of_rows = 4096, 13, slice(3, 5)  # https://www.sqlite.org/fileformat2.html#b_tree_pages
    last_leaf = max(start for start in range(page, len(damaged), page) if damaged[start] == leaf)
    rows = int.from_bytes(damaged[last_leaf:][number_of_rows])
    damaged[last_leaf + 3 : last_leaf + 5] = (rows - 2).to_bytes(2)
    path.write_bytes(damaged)

    broken = verify_journal(path).broken

    assert broken is not None
    assert str(broken) == "record 59 cannot be read: the file is damaged there"
    assert "is damaged" in refusal(path)
