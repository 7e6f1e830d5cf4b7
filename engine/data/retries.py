"""The one rule by which network providers try again: a bounded number of times, waiting longer each time.

It reads no clock and sleeps by the callable it is given. A provider says what is worth another try by raising
`TransientError`.
"""

from collections.abc import Callable
from typing import TypeVar

from engine.core.errors import DataError
from engine.data.failures import UnreachableError
from engine.ports import Progress

T = TypeVar("T")

FIRST_WAIT_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 300.0
"""A server that asks for a longer pause (an address ban lasts up to three days) ends the fetch instead."""


class TransientError(Exception):
    """An answer that may be better next time.

    Attributes:
        reason: what was answered, as the tail of a sentence.
        wait_seconds: the pause that the server asked for; None where it asked for none.
        lasting: the error it is once it has come on every try: `DataError` where it concerns this one series.
    """

    def __init__(
        self, reason: str, wait_seconds: float | None = None, *, lasting: type[DataError] = UnreachableError
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_seconds = wait_seconds
        self.lasting = lasting


def retried(
    attempt: Callable[[], T], *, place: str, max_retries: int, sleep: Callable[[float], None], progress: Progress
) -> T:
    """Give what `attempt` gives, trying again after each `TransientError`.

    Args:
        place: series in the source's own terms, `yahoo ^RUT`, for messages.
        max_retries: tries after the first.

    Raises:
        UnreachableError: the last try failed as well, or the server asks for a pause beyond `LONGEST_WAIT_SECONDS`.
        DataError: so does `attempt`, or the last `TransientError` concerned this series alone.
    """
    tries = 0
    while True:
        try:
            return attempt()
        except TransientError as error:
            tries += 1
            if tries > max_retries:
                raise error.lasting(
                    f"{place}: {error.reason}; given up after {tries} {'try' if tries == 1 else 'tries'}"
                ) from error
            backoff = min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), LONGEST_BACKOFF_SECONDS)
            wait = backoff if error.wait_seconds is None else error.wait_seconds
            if wait > LONGEST_WAIT_SECONDS:
                raise UnreachableError(
                    f"{place}: {error.reason}; it may be asked again in {wait:.0f} seconds"
                ) from error
            progress(f"{place}: {error.reason}; trying again in {wait:g} seconds")
            sleep(wait)


def retry_after(header: str | None) -> float | None:
    """Read a Retry-After header in seconds; None where it is missing or a date, which neither service sends."""
    return float(header) if header is not None and header.isdecimal() else None
