"""Request weight and order counts, in windows of the exchange's own time.

A minute of a clock that stands still never ends. Limits are then not enforced, and a window that is half used is begun
anew, so that clients which watch the headers do not wait for an end that does not come.
"""

from dataclasses import dataclass

from engine.practice.clock import DAY, MINUTE, SECOND, instant_of
from engine.practice.errors import BANNED, ApiError

WEIGHT_A_MINUTE = 6000
ORDERS_IN_TEN_SECONDS = 50
ORDERS_A_DAY = 160_000
TEN_SECONDS = 10 * SECOND
FIRST_BAN = 2 * MINUTE
LONGEST_BAN = 3 * DAY
PATIENCE = 10
"""Requests that are answered 429 in one window before the address is banned."""


@dataclass(slots=True)
class _Window:
    length: int
    limit: int
    number: int = -1
    used: int = 0

    def turn_to(self, now: int, *, endless: bool) -> None:
        number = now // self.length
        if number != self.number or (endless and self.used * 2 >= self.limit):
            self.number, self.used = number, 0

    def seconds_left(self, now: int) -> int:
        return -(-(self.length - now % self.length) // SECOND)


class Limits:
    """What has been used of the limits.

    Attributes:
        enforced: whether going over a limit is answered 429, and carrying on 418.
    """

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._weight = _Window(MINUTE, WEIGHT_A_MINUTE)
        self._ten_seconds = _Window(TEN_SECONDS, ORDERS_IN_TEN_SECONDS)
        self._day = _Window(DAY, ORDERS_A_DAY)
        self._too_many = 0
        self._ban = FIRST_BAN
        self._banned_until = 0

    @property
    def weight(self) -> int:
        """Weight used in this minute."""
        return self._weight.used

    def order_counts(self, now: int) -> tuple[int, int]:
        """Give how many orders count in these ten seconds and on this day."""
        self._turn(now)
        return self._ten_seconds.used, self._day.used

    def charge(self, weight: int, now: int) -> None:
        """Count a request.

        Raises:
            ApiError: -1003, too much weight in this minute (429), or the address is banned (418).
        """
        self._turn(now)
        if now < self._banned_until:
            raise self._banned(now)
        self._weight.used += weight
        if not self.enforced or self._weight.used <= WEIGHT_A_MINUTE:
            self._too_many = 0
            return
        self._too_many += 1
        if self._too_many > PATIENCE:
            self._banned_until = now + self._ban
            self._ban = min(self._ban * 2, LONGEST_BAN)
            raise self._banned(now)
        raise ApiError(-1003, headers={"Retry-After": str(self._weight.seconds_left(now))})

    def count_order(self, now: int) -> None:
        """Count an order that was sent.

        Raises:
            ApiError: -1015, too many that have not been filled.
        """
        self._turn(now)
        if self.enforced:
            if self._ten_seconds.used >= ORDERS_IN_TEN_SECONDS:
                raise ApiError(-1015)
            if self._day.used >= ORDERS_A_DAY:
                raise ApiError(-1015, f"Too many new orders; current limit is {ORDERS_A_DAY} orders per 1 DAY.")
        self._ten_seconds.used += 1
        self._day.used += 1

    def give_back_order(self) -> None:
        """Take an order out of the count: its first fill proves that it was meant."""
        self._ten_seconds.used = max(0, self._ten_seconds.used - 1)
        self._day.used = max(0, self._day.used - 1)

    def _turn(self, now: int) -> None:
        for window in (self._weight, self._ten_seconds, self._day):
            window.turn_to(now, endless=not self.enforced)

    def _banned(self, now: int) -> ApiError:
        until = self._banned_until
        return ApiError(
            -1003,
            f"Way too much request weight used; IP banned until {until} ({instant_of(until):%H:%M:%S} UTC). "
            "Please use WebSocket Streams for live updates to avoid bans.",
            status=BANNED,
            headers={"Retry-After": str(-(-(until - now) // SECOND))},
        )
