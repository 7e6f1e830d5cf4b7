"""A provider over the network: connected when first asked, left alone for a while when it could not be reached."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from engine.data.failures import UnreachableError

F = TypeVar("F")
T = TypeVar("T")

PAUSE_AFTER_SILENCE = timedelta(minutes=5)
"""How long a provider that could not be reached is left alone: each series would wait through all retries again."""


class Connection(Generic[F]):
    """Asks a provider.

    Args:
        connect: makes it; called once, when something is first asked.
        now: the clock, aware.
    """

    def __init__(self, connect: Callable[[], F], now: Callable[[], datetime]) -> None:
        self._connect = connect
        self._now = now
        self._provider: F | None = None
        self._silence: tuple[datetime, UnreachableError] | None = None

    def __call__(self, request: Callable[[F], T]) -> T:
        """Give what a request gives.

        Raises:
            UnreachableError: the provider cannot be reached, or could not a few minutes ago.
            DataError: as the provider does.
        """
        if self._silence is not None and self._now() - self._silence[0] < PAUSE_AFTER_SILENCE:
            raise self._silence[1]
        if self._provider is None:
            self._provider = self._connect()
        try:
            return request(self._provider)
        except UnreachableError as error:
            self._silence = self._now(), error
            raise
