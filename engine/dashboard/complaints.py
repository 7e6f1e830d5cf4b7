"""What the server has to complain about, on one line at most a minute: nobody can fill a disk by asking badly."""

import logging
from collections.abc import Callable
from typing import Any

QUIET_SECONDS = 60.0


class Complaints(logging.Handler):
    """Says one in a while, with how many there were since; takes what asyncio and the server's log have to say.

    Args:
        say: writes one line; now: seconds of a clock that only goes forward.
    """

    def __init__(self, say: Callable[[str], None], now: Callable[[], float]) -> None:
        super().__init__()
        self._say = say
        self._now = now
        self._said_at: float | None = None
        self._unsaid = 0

    def complain(self, words: str) -> None:
        """Say it, if nothing was said lately."""
        at = self._now()
        if self._said_at is not None and at - self._said_at < QUIET_SECONDS:
            self._unsaid += 1
            return
        more = f" ({self._unsaid:,} more since the last such line)" if self._unsaid else ""
        self._said_at, self._unsaid = at, 0
        self._say(f"dashboard: {words}{more}")

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of a log; its traceback is left."""
        error = record.exc_info[1] if record.exc_info else None
        self.complain(_words(error) if error is not None else _line(record.getMessage()))

    def of_loop(self, _: object, context: dict[str, Any]) -> None:
        """Take what an event loop could not hand to anybody."""
        error = context.get("exception")
        self.complain(_words(error) if error is not None else _line(str(context.get("message", ""))))


def _words(error: BaseException) -> str:
    # Of a foreign request no more than the kind: its words are the asker's.
    return f"something was not answered as it should: {type(error).__name__}"


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]
