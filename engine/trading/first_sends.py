"""What a start sends first waits until all that was sent before the start can be seen.

A journal may be an older copy that was put back: it does not know what was sent after the copy was made. An exchange
may answer from copies that lag, on orders, trades and account alike: asked too early, nothing speaks for such an order,
and it would be sent twice.
"""

from collections.abc import Callable
from datetime import datetime


class FirstSends:
    """Holds back new orders until a start is old enough.

    Args:
        seconds: that have to pass since it was first asked; 0: nothing is held back.
        pause: waits so many seconds, or less once the run is ending.
        notice: told, in words, of what a person should know.

    Attributes:
        are_held: whether something is held back.
    """

    def __init__(self, seconds: float, *, pause: Callable[[float], None], notice: Callable[[str], None]) -> None:
        self.are_held = False
        self._left = self._seconds = seconds
        self._pause = pause
        self._notice = notice
        self._since: datetime | None = None

    def are_free(self, at: datetime) -> bool:
        """Tell whether new orders may be sent at an instant of the exchange's time."""
        self._since = self._since or at
        self._left = min(self._left, self._seconds - (at - self._since).total_seconds())
        return self._left <= 0

    def hold(self, at: datetime) -> bool:
        """Hold back what is to be sent at an instant, unless new orders may be sent; tell whether it is held back."""
        self.are_held = not self.are_free(at)
        return self.are_held

    def pause(self, seconds: float) -> None:
        """Wait between two questions; the start grows older by it, also where the exchange's clock stands still."""
        self._left -= seconds
        self._pause(seconds)

    def wait(self) -> None:
        """Wait until nothing has to be held back any more, or the run is ending, and say so."""
        self._notice(
            f"the first orders of this start wait for {self._left:.0f} s: the journal may be an older copy, and orders "
            "sent after it was made, which an exchange may show late, are not sent again"
        )
        self.pause(self._left)
        self.are_held = False
