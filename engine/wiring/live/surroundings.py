"""What a live run takes from the process around it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import ascii_lowercase, digits

from engine.core.errors import VenueError
from engine.ports import ProgressBar, QuietTimes
from engine.venues.quiet_times import LONGEST_PAUSE_SECONDS

IDENTITY_LENGTH = 6
"""Two thousand million names; a client order id has room for no more beside day, coin and attempt."""


def new_identity() -> str:
    """Give a name by chance, by which two runs on one account are told apart."""
    return "".join(secrets.choice(ascii_lowercase + digits) for _ in range(IDENTITY_LENGTH))


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a paper run takes from the process around it.

    Attributes:
        now: our clock; it signs requests and decides nothing.
        pause: waits so many seconds, or less when the run is to end.
        ending: whether the run is to end.
        notice: told, in words, what a person should know.
        progress: told of downloads.
        longest_wait_seconds: of pauses that the exchange asks for; a longer one ends the run.
        quiet: keeps such pauses from one start to the next; None for nowhere.
        heads: folder in which is kept how far journals came on this machine; None for nowhere.
        identity: gives a name to a run that begins on an exchange; empty: its orders are named by the run's name.
    """

    now: Callable[[], datetime]
    pause: Callable[[float], None]
    ending: Callable[[], bool]
    notice: Callable[[str], None]
    progress: ProgressBar
    identity: Callable[[], str] = new_identity
    longest_wait_seconds: float = LONGEST_PAUSE_SECONDS
    quiet: QuietTimes | None = None
    heads: Path | None = None

    def wait(self, seconds: float) -> None:
        """Wait before something is asked again.

        Raises:
            VenueError: the run is to end, so it is not asked: a server that does not answer would be waited for again.
        """
        self.pause(seconds)
        if self.ending():
            raise VenueError("the run is to end; nothing more is asked")
