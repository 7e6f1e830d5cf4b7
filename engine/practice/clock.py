"""The exchange's clock: it stands where it is put, or runs on from there with the wall clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

DAY = 86_400_000
MINUTE = 60_000
SECOND = 1_000
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds_of(at: datetime) -> int:
    """Convert an aware instant to milliseconds since 1970, as Binance counts."""
    return (at - EPOCH) // MILLISECOND


def instant_of(milliseconds: int) -> datetime:
    """Convert milliseconds since 1970 to an instant, UTC."""
    return EPOCH + milliseconds * MILLISECOND


class PracticeClock:
    """A steerable clock in milliseconds since 1970.

    Args:
        at: where it starts.
        speed: seconds that pass here for one on the wall; 0 stands still.
        wall: gives the wall clock's instant.

    Attributes:
        speed: as it is now.
    """

    def __init__(self, at: datetime, *, speed: float, wall: Callable[[], datetime]) -> None:
        if speed < 0:
            raise ValueError(f"speed {speed} is not allowed; 0 stands still, 1 is the wall clock's pace")
        self._wall = wall
        self.speed = speed
        self._set_to = milliseconds_of(at)
        self._set_on = wall()
        self._passed = 0

    @property
    def stands_still(self) -> bool:
        """Whether only steering moves it."""
        return self.speed == 0

    def now(self) -> int:
        """Give the exchange's time."""
        return self._set_to if self.speed == 0 else self._set_to + int(self._elapsed() * self.speed)

    def latest_watch(self) -> int:
        """Give the latest time that the watch of a client can show which set it by this clock and let it run on.

        A clock that stands still is a fiction that clients cannot share: theirs run on after they asked for the time.
        """
        return self._set_to + int(self._elapsed() * max(self.speed, 1.0))

    def passed(self) -> int:
        """Give how much time has passed for a client: by its watch between two puttings of the clock, and by those."""
        return self._passed + int(self._elapsed() * max(self.speed, 1.0))

    def set_to(self, milliseconds: int) -> None:
        """Put the clock forward.

        Raises:
            ValueError: that would be backwards; orders and trades are kept in the order of time.
        """
        if milliseconds < self.now():
            raise ValueError(
                f"{instant_of(milliseconds).isoformat()} is before the clock's {instant_of(self.now()).isoformat()}; "
                "it only goes forward"
            )
        self._passed = self.passed() + milliseconds - self.now()
        self._set_to = milliseconds
        self._set_on = self._wall()

    def run_at(self, speed: float) -> None:
        """Change the pace from now on; 0 stands still."""
        if speed < 0:
            raise ValueError(f"speed {speed} is not allowed; 0 stands still, 1 is the wall clock's pace")
        self._passed = self.passed()
        self._set_to, self._set_on = self.now(), self._wall()
        self.speed = speed

    def _elapsed(self) -> int:
        # A wall clock that was put back must not take the exchange with it.
        return max(0, (self._wall() - self._set_on) // MILLISECOND)
