"""A command with a terminal for its stderr, of which every byte is kept."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.command import ROOT
from tests.support.patience import PATIENCE_SECONDS


class Terminal:
    """A process with a terminal for its stderr, of which every byte is kept."""

    def __init__(self, process: subprocess.Popen[str], reading: int) -> None:
        self.process = process
        self.shown = ""
        self._reading = reading

    def wait_for(self, words: str) -> None:
        """Read until the words are shown."""
        while words not in self.shown:
            assert self._read(), f"ended without {words!r}: {self.shown}"

    def end(self) -> tuple[int, str]:
        """Read to the end; gives the exit code and what went to stdout."""
        while self._read():
            pass
        stdout, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, stdout

    def _read(self) -> bool:
        ready, _, _ = select.select([self._reading], [], [], PATIENCE_SECONDS)
        assert ready, f"nothing more came: {self.shown}"
        try:
            read = os.read(self._reading, 65536)
        except OSError:  # Linux: nobody has the other side any more
            return False
        self.shown += read.decode("utf-8", "replace")
        return bool(read)


@contextmanager
def command_on_terminal(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    size: tuple[int, int] = (24, 80),
) -> Iterator[Terminal]:
    """Run `python -m engine` on a terminal of so many lines and columns.

    Args:
        environment: variables over those of this process, of which none says how wide or colourful to be.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        cwd=cwd,
        env={**inherited, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        encoding="utf-8",
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)
