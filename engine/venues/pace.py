"""No traffic while the exchange wants none: pauses it asked for, and the weight that a minute grants."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from engine.core.errors import VenueError
from engine.venues.verdicts import Reply, Verdict

WEIGHT_HEADER = "X-MBX-USED-WEIGHT-1M"
USUAL_WEIGHT_LIMIT = 6000
PAUSE_ABOVE_SHARE = 0.9
MINUTE_SECONDS = 60
LONGEST_WAIT_SECONDS = 300.0
"""An address ban lasts up to three days: nobody waits for that in silence."""


class Pace:
    """Holds requests back.

    Args:
        place: the venue's name, for messages.
        now: any steady clock; it measures pauses.
        exchange_now: the exchange's clock, by whose minutes weight is counted.
        sleep: waits a number of seconds.
        notice: called with a line for each pause.
    """

    def __init__(
        self,
        *,
        place: str,
        now: Callable[[], datetime],
        exchange_now: Callable[[], datetime],
        sleep: Callable[[float], None],
        notice: Callable[[str], None],
    ) -> None:
        self.weight_limit = USUAL_WEIGHT_LIMIT
        self._place = place
        self._now = now
        self._exchange_now = exchange_now
        self._sleep = sleep
        self._notice = notice
        self._quiet_until: datetime | None = None
        self._reason = ""

    def wait(self) -> None:
        """Wait until the exchange takes requests again.

        Raises:
            VenueError: that is more than `LONGEST_WAIT_SECONDS` away.
        """
        if self._quiet_until is None:
            return
        seconds = (self._quiet_until - self._now()).total_seconds()
        if seconds > LONGEST_WAIT_SECONDS:
            raise VenueError(
                f"{self._place}: {self._reason}; it wants no request for {math.ceil(seconds)} seconds,"
                f" until {self._quiet_until:%Y-%m-%d %H:%M:%S} UTC"
            )
        if seconds > 0:
            self._notice(f"{self._place}: {self._reason}; waiting {math.ceil(seconds)} seconds")
            self._sleep(seconds)
        self._quiet_until = None

    def note(self, reply: Reply, verdict: Verdict) -> None:
        """Take in what an answer says about the rate of requests."""
        if verdict.wait_seconds is not None:
            self._keep_quiet(verdict.wait_seconds, f"requests are limited ({verdict.message})")
        weight = reply.headers.get(WEIGHT_HEADER, "")
        if weight.isascii() and weight.isdecimal() and int(weight) > PAUSE_ABOVE_SHARE * self.weight_limit:
            # One second more, for the distance between the two clocks.
            rest = MINUTE_SECONDS + 1 - self._exchange_now().second
            self._keep_quiet(float(rest), f"{weight} of {self.weight_limit} request weight is used in this minute")

    def _keep_quiet(self, seconds: float, reason: str) -> None:
        until = self._now() + timedelta(seconds=seconds)
        if self._quiet_until is None or until > self._quiet_until:
            self._quiet_until, self._reason = until, reason
