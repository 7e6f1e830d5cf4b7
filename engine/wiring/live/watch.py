"""What a person may want to see of a paper run while it runs: heard from its clock, its bars and its notices.

The run pays one assignment a question; a status is only made when somebody looks, in whatever thread.
"""

from collections.abc import Callable
from datetime import date, datetime

from engine.core.market import History
from engine.trading.drivers.live import LiveBars

MOST_NOTICES = 5


class Watch:
    """Listens to a run; every attribute is replaced as a whole, so that another thread may read it at any time.

    Args:
        now: our clock; it tells how long ago something was heard.

    Attributes:
        heard: the exchange's time as it was last told, and our clock then.
        came: the day of the last snapshot of bars, and the exchange's time then.
        notices: the last ones with the exchange's time then, the newest last.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.heard: tuple[datetime, datetime] | None = None
        self.came: tuple[date, datetime] | None = None
        self.notices: tuple[tuple[datetime, str], ...] = ()

    def clock(self, ask: Callable[[], datetime]) -> Callable[[], datetime]:
        """Give the same clock, listened to."""

        def asked() -> datetime:
            at = ask()
            self.heard = at, self.now()
            return at

        return asked

    def bars(self, bars: LiveBars) -> LiveBars:
        """Give the same bars, listened to."""
        return _WatchedBars(bars, self)

    def notice(self, tell: Callable[[str], None]) -> Callable[[str], None]:
        """Give the same listener to notices, listened to."""

        def told(words: str) -> None:
            if not self.notices or self.notices[-1][1] != words:
                self.notices = (*self.notices, (self.exchange_time(), words))[-MOST_NOTICES:]
            tell(words)

        return told

    def exchange_time(self) -> datetime:
        """Give the exchange's time as it was last told; before it was, ours."""
        return self.now() if self.heard is None else self.heard[0]


class _WatchedBars:
    def __init__(self, bars: LiveBars, watch: Watch) -> None:
        self._bars = bars
        self._watch = watch

    def history_at(self, day: date) -> History:
        history = self._bars.history_at(day)
        self._watch.came = day, self._watch.exchange_time()
        return history

    def may_still_come(self, symbol: str, day: date) -> bool:
        return self._bars.may_still_come(symbol, day)
