"""What a live run takes from the process around it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.ports import ProgressBar


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a paper run takes from the process around it.

    Attributes:
        now: our clock; it signs requests and decides nothing.
        pause: waits so many seconds, or less when the run is to end.
        ending: whether the run is to end.
        notice: told, in words, what a person should know.
        progress: told of downloads.
    """

    now: Callable[[], datetime]
    pause: Callable[[float], None]
    ending: Callable[[], bool]
    notice: Callable[[str], None]
    progress: ProgressBar
