"""Processes that write a journal and are killed: `python -m tests.support.journal_writer WHAT PATH`.

hold: open it, say so, wait for the end of stdin. write: append until COUNT records are there, one line each on stdout.
kill-random: fork writers on one journal and kill each at a random moment. kill-lines: fork a writer a line of the
journal's own code and kill it there. The last two check the journal after every kill and print how many there were.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from engine.core.events import Event, RunEnded
from engine.journal import database, lock, sqlite
from engine.journal.codec import EventCodec
from engine.journal.sqlite import SqliteJournal, read_journal
from strategies.hold import HoldState

AT = datetime(2024, 1, 1, tzinfo=UTC)
CODEC = EventCodec(HoldState)
KILLS = 40
MOST_APPENDS = 12
TRACED = {sqlite.__file__, database.__file__, lock.__file__}


def event(number: int) -> Event:
    """Give the event that stands as record `number`."""
    return RunEnded(last_day=date(2020, 1, 1) + timedelta(days=number))


def check(path: Path, *, acknowledged: int, pending: int) -> int:
    """Check that the journal holds all that was acknowledged, and of the pending append all or nothing."""
    events = list(read_journal(path, CODEC))
    assert events == [event(number) for number in range(1, len(events) + 1)]
    assert len(events) in {acknowledged, acknowledged + pending}, (len(events), acknowledged, pending)
    return len(events)


def forked(child: Callable[[Callable[[], object]], None]) -> tuple[int, int]:
    """Run `child` in a fork; give its process id and the end of a pipe on which it acknowledges, a byte each."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        code = 1
        try:
            child(lambda: os.write(writing, b"."))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    return process, reading


def drained(descriptor: int) -> int:
    """Count the acknowledgements that are left."""
    count = 0
    while chunk := os.read(descriptor, 4096):
        count += len(chunk)
    os.close(descriptor)
    return count


def kill_at_random_moments(path: Path) -> int:
    """Kill writers in the middle of appends; most of an append is its waiting for the disk."""
    moments = random.Random(7)
    records = 0
    SqliteJournal(path, CODEC, at=AT).close()
    for _ in range(KILLS):

        def write(acknowledge: Callable[[], object], start: int = records) -> None:
            with SqliteJournal(path, CODEC, at=AT) as journal:
                number = start
                while True:
                    number += 1
                    journal.append_all([event(number)])
                    acknowledge()

        process, acknowledgements = forked(write)
        for _ in range(moments.randint(1, MOST_APPENDS)):
            os.read(acknowledgements, 1)
            records += 1
        for _ in range(moments.randint(0, 20_000)):
            pass
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        records = check(path, acknowledged=records + drained(acknowledgements), pending=1)
    return KILLS


def kill_at_every_line(folder: Path) -> int:
    """Kill a writer at the first line it runs of the journal's code, another at the second, and so on to the last."""
    kills = 0
    while True:
        path = folder / str(kills) / "journal.sqlite"
        path.parent.mkdir()

        def write(acknowledge: Callable[[], object], path: Path = path, allowed: int = kills) -> None:
            sys.settrace(_killer(allowed))
            with SqliteJournal(path, CODEC, at=AT) as journal:
                journal.append_all([event(1)])
                acknowledge()
                journal.append_all([event(2), event(3)])
                acknowledge()

        process, acknowledgements = forked(write)
        _, status = os.waitpid(process, 0)
        done = drained(acknowledgements)
        if os.WIFEXITED(status):
            assert (os.WEXITSTATUS(status), done) == (0, 2)
            return kills
        assert os.WTERMSIG(status) == signal.SIGKILL
        records = check(path, acknowledged=(0, 1, 3)[done], pending=(1, 2, 0)[done]) if path.exists() else 0
        with SqliteJournal(path, CODEC, at=AT) as journal:
            assert len(journal) == records
            journal.append_all([event(records + 1)])
        check(path, acknowledged=records + 1, pending=0)
        kills += 1


def _killer(allowed: int) -> Any:
    left = allowed

    def trace(frame: FrameType, kind: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in TRACED:
            return None
        if kind == "line":
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        return trace

    return trace


def hold(path: Path) -> None:
    """Keep the journal open until stdin ends."""
    with SqliteJournal(path, CODEC, at=AT):
        print("ready", flush=True)
        sys.stdin.read()


def write_until(path: Path, count: int) -> None:
    """Append events one by one."""
    with SqliteJournal(path, CODEC, at=AT) as journal:
        for number in range(1, count + 1):
            journal.append_all([event(number)])
            print(number, flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["hold", path]:
            hold(Path(path))
        case ["write", path, count]:
            write_until(Path(path), int(count))
        case ["kill-random", path]:
            print(kill_at_random_moments(Path(path)))
        case ["kill-lines", path]:
            print(kill_at_every_line(Path(path)))
        case _:
            sys.exit(__doc__)
