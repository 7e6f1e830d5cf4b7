"""No traffic while the exchange wants none: pauses it asked for, and the weight that a minute grants."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from engine.core.errors import PausedError
from engine.ports import QuietTimes
from engine.venues.binance.verdicts import IP_BANNED, Reply, Verdict
from engine.venues.quiet_times import LONGEST_WAIT_SECONDS

WEIGHT_HEADER = "X-MBX-USED-WEIGHT-1M"
USUAL_WEIGHT_LIMIT = 6000
PAUSE_ABOVE_SHARE = 0.9
MINUTE_SECONDS = 60
LONGEST_SLEEP_SECONDS = 86_400.0


class Pace:
    """Holds requests back.

    Args:
        place: the venue's name, for messages.
        now: any steady clock; it measures pauses.
        exchange_now: the exchange's clock, by whose minutes weight is counted.
        sleep: waits a number of seconds.
        notice: called with a line for each pause.
        longest_wait_seconds: of pauses; a longer one is an error instead.
        quiet_until: by our clock, a pause that was asked for before this start; None for none.
        keep: told until when nothing may be asked, so that the next start knows.
    """

    def __init__(
        self,
        *,
        place: str,
        now: Callable[[], datetime],
        exchange_now: Callable[[], datetime],
        sleep: Callable[[float], None],
        notice: Callable[[str], None],
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
        quiet_until: datetime | None = None,
        keep: Callable[[datetime], None] | None = None,
    ) -> None:
        self.weight_limit = USUAL_WEIGHT_LIMIT
        self._weight_used = 0
        self._place = place
        self._now = now
        self._exchange_now = exchange_now
        self._sleep = sleep
        self._notice = notice
        self._longest_wait_seconds = longest_wait_seconds
        self._keep = keep
        self._quiet_until = quiet_until
        self._reason = "it asked for a pause before this start"

    @classmethod
    def of_server(cls, origin: str, quiet: QuietTimes | None, *, now: Callable[[], datetime], **options: Any) -> "Pace":
        """Give the pace of requests to a server, with the pause that an earlier start was asked for."""
        if quiet is None:
            return cls(now=now, **options)
        return cls(now=now, quiet_until=quiet.until(origin, now()), keep=partial(quiet.keep, origin), **options)

    def wait(self) -> None:
        """Wait until the exchange takes requests again.

        Raises:
            PausedError: that is longer away than is waited for.
        """
        if self._quiet_until is None:
            return
        seconds = (self._quiet_until - self._now()).total_seconds()
        until = f"{self._quiet_until:%Y-%m-%d %H:%M:%S} UTC"
        if seconds > self._longest_wait_seconds:
            raise PausedError(
                f"{self._place}: {self._reason}; it wants no request for {math.ceil(seconds)} seconds, until {until}"
            )
        if seconds > 0:
            at_last = f", until {until}" if seconds > MINUTE_SECONDS else ""
            self._notice(f"{self._place}: {self._reason}; waiting {math.ceil(seconds)} seconds{at_last}")
            self._sleep_through(seconds)
        self._quiet_until = None

    def room(self, weight: int) -> int:
        """Give how many requests of a weight may go out before an answer says what is used: one at least."""
        return max(1, int(PAUSE_ABOVE_SHARE * self.weight_limit - self._weight_used) // weight)

    def _sleep_through(self, seconds: float) -> None:
        while seconds > 0:
            self._sleep(min(seconds, LONGEST_SLEEP_SECONDS))
            seconds -= LONGEST_SLEEP_SECONDS

    def note(self, reply: Reply, verdict: Verdict) -> None:
        """Take in what an answer says about the rate of requests."""
        if verdict.wait_seconds is not None:
            limited = "this address is banned" if reply.status == IP_BANNED else "requests are limited"
            self._keep_quiet(verdict.wait_seconds, f"{limited} ({verdict.message})")
            if self._keep is not None and self._quiet_until is not None:
                self._keep(self._quiet_until)
        weight = reply.headers.get(WEIGHT_HEADER, "")
        if not (weight.isascii() and weight.isdecimal()):
            return
        self._weight_used = int(weight)
        if self._weight_used > PAUSE_ABOVE_SHARE * self.weight_limit:
            # One second more, for the distance between the two clocks.
            rest = MINUTE_SECONDS + 1 - self._exchange_now().second
            self._keep_quiet(float(rest), f"{weight} of {self.weight_limit} request weight is used in this minute")

    def _keep_quiet(self, seconds: float, reason: str) -> None:
        until = self._now() + timedelta(seconds=seconds)
        if self._quiet_until is None or until > self._quiet_until:
            self._quiet_until, self._reason = until, reason
