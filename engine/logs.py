"""`run.log` through loguru: one line an event, no local variables of tracebacks, secrets struck out."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Record

from engine.record.run_log import LogLine
from engine.venues.key_names import key_names

STRUCK_OUT = "***"
_FORMAT = "{extra[at]} {level: <7} {message}"


@contextmanager
def run_log(
    path: Path, *, strike_out: Callable[[str], str] = lambda text: text
) -> Iterator[Callable[[Iterable[LogLine]], None]]:
    """Open a log file for appending; gives a function that writes lines of level INFO and above.

    A line's time is the instant that it speaks of.

    Args:
        strike_out: takes secrets out of a text; those of the environment are struck out in any case.
    """
    secrets = [value for name in key_names() if (value := os.environ.get(name))]

    def redact(record: "Record") -> None:
        message = strike_out(record["message"])
        for secret in secrets:
            message = message.replace(secret, STRUCK_OUT)
        record["message"] = message

    logger.remove()
    # `diagnose` would print the values of variables, keys among them, into tracebacks.
    sink = logger.add(
        path,
        format=_FORMAT,
        level="INFO",
        diagnose=False,
        backtrace=False,
        encoding="utf-8",
        colorize=False,
        # Else a full disk is a traceback on the screen, and the run goes on without a log.
        catch=False,
    )
    patched = logger.patch(redact)

    def write(lines: Iterable[LogLine]) -> None:
        for line in lines:
            if line.level != "DEBUG":
                patched.bind(at=f"{line.at:%Y-%m-%dT%H:%M:%SZ}").log(line.level, " ".join(line.text.split()))

    try:
        yield write
    finally:
        # A line that could not be written was reported then; closing tries it once more.
        with suppress(OSError):
            logger.remove(sink)


def write_run_log(path: Path, lines: Iterable[LogLine]) -> None:
    """Write a whole log."""
    with run_log(path) as write:
        write(lines)
