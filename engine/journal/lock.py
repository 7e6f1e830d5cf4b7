"""One writer a journal: a lock of the operating system, on a file beside it, that vanishes with the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.errors import ConfigError, DataError

LOCK_SUFFIX = ".lock"
HELD_LOCKS = Path("/proc/locks")
"""Where Linux lists who holds what: `1: FLOCK  ADVISORY  WRITE 4321 08:01:1234567 0 EOF`."""
BYTES_OF_A_PID = 20


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold the lock of the journal at `path` inside the block.

    Raises:
        ConfigError: a writer, here or in another process, holds it.
        DataError: the lock file cannot be made or read.
    """
    lock = path.with_name(path.name + LOCK_SUFFIX)
    try:
        # The file stays when the lock is gone: two processes that remove and make it could each lock their own.
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise DataError(f"{path.parent}: the journal cannot be written there: {error.strerror}") from error
    try:
        _hold(descriptor, path.parent)
        yield
    finally:
        os.close(descriptor)


def writer_of(path: Path, *, held_locks: Path = HELD_LOCKS) -> int | None:
    """Give the process that writes the journal at `path`; None where none is known to.

    It only looks: taking the lock, be it for an instant, could turn away a bot that starts at that instant. Where the
    system does not list its locks, the process that wrote its number last counts for as long as it lives.
    """
    lock = path.with_name(path.name + LOCK_SUFFIX)
    try:
        facts = lock.stat()
        noted = lock.read_bytes()[:BYTES_OF_A_PID].decode("ascii", "replace")
    except OSError:
        return None
    last = int(noted) if noted.isascii() and noted.isdigit() and int(noted) > 0 else None
    try:
        listed = held_locks.read_text(encoding="ascii", errors="replace")
    except OSError:
        return last if last is not None and _is_alive(last) else None
    for process, device, inode in _held(listed):
        # Some file systems list another device than they give to `stat`; the noted process tells as much.
        if inode == facts.st_ino and (device == facts.st_dev or process == last):
            return process
    return None


def _held(listed: str) -> Iterator[tuple[int, int, int]]:
    """Read process, device and inode of each lock of a whole file; one that is waited for has `->` in its place."""
    for line in listed.splitlines():
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK":  # noqa: PLR2004 - the sixth is what is locked
            major, minor, inode = fields[5].split(":")
            yield int(fields[4]), os.makedev(int(major, 16), int(minor, 16)), int(inode)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        # It is somebody else's.
        return True
    return True


def _hold(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
    except BlockingIOError as error:
        holder = os.pread(descriptor, BYTES_OF_A_PID, 0).decode("ascii", "replace")
        process = f" (process {holder})" if holder.isdigit() else ""
        raise ConfigError(
            f"{folder}: another bot{process} is at work in this folder; stop it first, or choose another with --out"
        ) from error
    except OSError as error:
        raise DataError(f"{folder}: the journal's lock cannot be written: {error.strerror}") from error
