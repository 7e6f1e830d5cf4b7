"""One writer a journal: a lock of the operating system, on a file beside it, that vanishes with the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.errors import ConfigError, DataError

LOCK_SUFFIX = ".lock"
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
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DataError(f"{path.parent}: the journal cannot be written there: {error.strerror}") from error
    try:
        _hold(descriptor, path.parent)
        yield
    finally:
        os.close(descriptor)


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
