"""Standard output and standard error of a command, when what reads them is full, closed or gone.

A result that cannot be written is an error in a sentence, and a reader that has read enough (`| head`) is none. What is
said on the side, on stderr, stops no run.
"""

import errno
import io
import os
import sys
from typing import Any, TextIO

from engine.core.errors import ConfigError

OUT, ERR = 1, 2


def guard_outputs() -> None:
    """Put guards behind `sys.stdout` and `sys.stderr`; what replaces them, as in tests, is left alone."""
    sys.stdout = _guarded(sys.stdout, OUT)
    sys.stderr = _guarded(sys.stderr, ERR)


def _guarded(stream: Any, descriptor: int) -> Any:
    if stream is not None and not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream is None:
        # Closed when we were started: the next file that is opened must not get its number, and with it our words.
        _occupy(descriptor)
    raw = (_Result if descriptor == OUT else _Aside)(descriptor, is_closed=stream is None)
    encoding = "utf-8" if stream is None else stream.encoding
    # A sign that a terminal's encoding lacks is shown as a question mark: no reason to lose the run.
    errors = "replace" if descriptor == OUT else "backslashreplace"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=descriptor == ERR or raw.isatty()
    )


def _occupy(descriptor: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)


class _Guard(io.FileIO):
    def __init__(self, descriptor: int, *, is_closed: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._is_closed = is_closed
        self._is_given_up = False

    def write(self, content: Any) -> int:
        if not self._is_given_up:
            try:
                if self._is_closed:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))  # noqa: TRY301 - as the system would say it
                return super().write(content) or 0
            except OSError as error:
                # Once: what is still buffered is written again when the process ends.
                self._is_given_up = True
                self.fail(error)
        return len(content)

    def fail(self, error: OSError) -> None:
        """Say that nothing can be written."""
        raise NotImplementedError


class _Result(_Guard):
    def fail(self, error: OSError) -> None:
        if error.errno == errno.EPIPE:
            raise SystemExit(0)
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise ConfigError(
            f"the result cannot be written to standard output: {why}; send it to a file or a terminal that takes it"
        ) from error


class _Aside(_Guard):
    def fail(self, error: OSError) -> None:
        """Stay silent: there is nowhere left to say it."""


class Trimmed(io.TextIOBase):
    """A stream that is given whole lines, and leaves out the blanks at their ends, with which tables are filled up."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override] # typeshed has it writable
        """That of the stream."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Give the stream's descriptor."""
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write lines."""
        self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._stream.flush()
