"""The live host: one cycle after another, each asking the exchange what time it is.

The local clock decides nothing. A day is decided when the exchange says that it is over, from one snapshot of all
series; days missed while the bot was down are decided in order, with one set of orders for the present targets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from engine.core.calendar import Days, decision_instant
from engine.core.errors import DataError, VenueError
from engine.core.market import BarSeries, History
from engine.core.order import Order
from engine.core.strategy import AnyStrategy
from engine.trading.first_sends import FirstSends
from engine.trading.session import Session
from engine.trading.span import sessions_behind

ONE_DAY = timedelta(days=1)
SHORTEST_PAUSE_SECONDS = 0.001
LONGEST_DOUBLING = 60
MOST_DOUBTS = 20
"""So often in one cycle an order is asked for; an exchange that answers no order is left alone until the next."""


class LiveBars(Protocol):
    """Gathers what is known of every series."""

    def history_at(self, day: date) -> History:
        """Give all bars known at the end of `day`, in one snapshot.

        Raises:
            DataError: a series cannot be had.
        """
        ...

    def may_still_come(self, symbol: str, day: date) -> bool:
        """Tell whether bars up to `day` may be late; False where later ones are there, so that a hole is a hole."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When things happen, in the exchange's time.

    Attributes:
        grace: wait after a day's end before it is decided.
        poll_seconds: pause between cycles.
        index_wait: how long after a day's end a missing index session is waited for.
    """

    grace: timedelta
    poll_seconds: float
    index_wait: timedelta

    def pause_after(self, cycles: int) -> float:
        """Give the pause after so many cycles in a row that came to nothing.

        Where a day was just decided or an order filled, more may be due: several days were missed, or somebody moves
        the exchange's clock on. A dozen short looks a day cost nothing.
        """
        return min(self.poll_seconds, SHORTEST_PAUSE_SECONDS * 2.0 ** min(cycles, LONGEST_DOUBLING))


class LiveDriver:
    """Drives a session by the exchange's clock.

    Args:
        session: stands where the journal left it.
        bars: gathers snapshots.
        sessions: the exchange calendar's sessions between two days.
        exchange_now: the exchange's server time.
        pause: waits so many seconds, or less when the run is to end.
        ending: whether the run is to end.
        changed: told after orders were worked and something came of it.
        check_account: told before anything is decided or sent; the exchange may have been reset.
        first_sends: holds back what is sent first.
        notice: told, in words, of what a person should know; the same words not twice in a row.
        examine: shown every snapshot, with its day, before anything is decided on it; an error of it ends the run.
        synthetic: whether the prices are made up.
        at_rest: called when nothing more can be done now: for what must not keep a decision or an order waiting.
    """

    def __init__(
        self,
        *,
        session: Session,
        strategy: AnyStrategy,
        bars: LiveBars,
        sessions: Callable[[date, date], Days],
        exchange_now: Callable[[], datetime],
        pause: Callable[[float], None],
        ending: Callable[[], bool],
        changed: Callable[[], None],
        check_account: Callable[[datetime], None],
        first_sends: FirstSends,
        notice: Callable[[str], None],
        timing: Timing,
        max_stale_sessions: int,
        examine: Callable[[History, date], None] | None = None,
        synthetic: bool = False,
        at_rest: Callable[[], None] | None = None,
    ) -> None:
        self._session = session
        self._strategy = strategy
        self._bars = bars
        self._sessions = sessions
        self._exchange_now = exchange_now
        self._pause = pause
        self._ending = ending
        self._changed = changed
        self._check_account = check_account
        self._first_sends = first_sends
        self._notice = notice
        self._timing = timing
        self._max_stale_sessions = max_stale_sessions
        self._examine = examine
        self._synthetic = synthetic
        self._at_rest = at_rest
        self._last_words = ""
        self._was_restoring = False
        self._told_stuck: Mapping[str, datetime] = {}
        self._told_of_doubt: tuple[str, date] | None = None
        self._has_gathered = False

    def run(self, *, once: bool = False) -> None:
        """Run cycles until the run is to end; with `once`, until a cycle can do nothing more now."""
        cycles_without_progress = 0
        while not self._ending():
            before = self._session.standing
            try:
                idle = self.cycle()
            except VenueError:
                if self._ending():
                    # The end cuts waits short, and with them the tries of a question; the journal has what is open.
                    return
                raise
            rests = idle or self._session.standing == before
            if rests and self._at_rest is not None:
                self._at_rest()
            if once and rests:
                return
            after = self._session.standing
            progressed = (after.last_day, after.ledger) != (before.last_day, before.ledger)
            cycles_without_progress = 0 if progressed else cycles_without_progress + 1
            self._pause(self._timing.pause_after(cycles_without_progress))

    def cycle(self) -> bool:
        """Settle what is not certain, decide what can be decided, send what can be sent.

        A decision that is due comes before orders that still wait, as in history: it may cancel them.
        Where what is to be sent or planned is held back, all is asked, looked at and decided anew after the wait.

        Returns:
            Whether nothing is left to do before another day is over.
        """
        is_idle = self._cycle()
        if self._first_sends.are_held:
            self._first_sends.wait()
            # A wait that the end cuts short has shown nothing.
            is_idle = not self._ending() and self._cycle()
        return is_idle

    def _cycle(self) -> bool:
        now = self._exchange_now()
        # Asked in every cycle: a start grows older while nothing is due.
        hold_plans = not self._first_sends.are_free(now)
        waiting = self._session.waiting
        self._session.settle(now)
        self._tell_of_change(waiting)
        if self._is_in_doubt():
            # Nothing but a reset can end it now.
            self._check_account(now)
        if self._is_in_doubt():
            self._tell_of_doubt(now)
            return False
        day = self._last_day_over(now)
        first = self._first_undecided(day)
        if first <= day or self._session.waiting or self._was_restoring:
            self._check_account(now)
        if self._session.waiting:
            self._first_sends.hold(now)
        if self._first_sends.are_held:
            return False
        # Fees may have left too little of what is bought back: it is looked at once more when that is there.
        self._was_restoring = bool(self._session.standing.orders.restoring)
        is_decided = first > day or self._decide(first, day, now, hold_plans=hold_plans)
        self._work(now)
        self._tell_of_stuck(now)
        return is_decided and not self._session.waiting and not self._was_restoring

    def _work(self, now: datetime) -> None:
        waiting = self._session.waiting
        if waiting:
            self._session.work_orders(now)
            self._go_on_after_doubts()
        self._tell_of_change(waiting)

    def _tell_of_stuck(self, now: datetime) -> None:
        stuck = self._session.stuck(now)
        for asset, since in stuck.items():
            if asset not in self._told_stuck:
                self._notice(
                    f"stuck: {asset} is tried in vain since {since:%Y-%m-%d}; other orders wait no longer for it"
                )
        if stuck != self._told_stuck:
            self._changed()
        self._told_stuck = stuck

    def _go_on_after_doubts(self) -> None:
        """Ask for the fate of an order at once, and go on: one lost answer does not make the rest a day late."""
        for _ in range(MOST_DOUBTS):
            if not self._is_in_doubt() or self._ending():
                return
            now = self._exchange_now()
            self._session.settle(now)
            if self._is_in_doubt():
                return
            self._session.work_orders(now)

    def _is_in_doubt(self) -> bool:
        return self._session.standing.orders.in_doubt is not None

    def _tell_of_doubt(self, now: datetime) -> None:
        """Say once a day which order is unresolved: while it is, nothing is sent and no day is decided."""
        doubt = self._session.standing.orders.in_doubt
        if doubt is not None and self._told_of_doubt != (doubt.order.client_order_id, now.date()):
            self._told_of_doubt = doubt.order.client_order_id, now.date()
            self._notice(
                f"{now.date()}: {doubt.order.client_order_id} is unresolved since {doubt.since:%Y-%m-%d %H:%M} UTC"
                f" ({self._session.doubt_words}); nothing is decided or sent until it is known"
            )

    def _tell_of_change(self, before: tuple[Order, ...]) -> None:
        if self._session.waiting != before:
            self._changed()

    def _last_day_over(self, now: datetime) -> date:
        return (now - self._timing.grace).date() - ONE_DAY

    def _first_undecided(self, day: date) -> date:
        last = self._session.standing.last_day
        return day if last is None else last + ONE_DAY

    def _decide(self, first: date, last: date, now: datetime, *, hold_plans: bool) -> bool:
        history = self._history_at(last)
        if history is None:
            return False
        if self._examine is not None:
            self._examine(history, last)
        core = history[self._strategy.universe.core]
        days = [day for day in _days(first, last) if core.position_on(day) is not None]
        if not days:
            self._say(f"waiting for the {core.symbol} bar of {last}")
            return False
        if self._index_is_awaited(history, last, now) or self._series_are_awaited(history, last, now):
            return False
        observations = self._strategy.observe(history)
        if self._session.standing.last_day is None:
            if observations.first_day > days[0]:
                raise DataError(f"{core.symbol}: the warm-up ends on {observations.first_day}, after {days[0]}")
            self._session.begin(days[0], synthetic=self._synthetic)
        for day in days:
            fresh = self._entries_allowed(history, day)
            if not self._session.decide(
                day,
                observations,
                history,
                entries_allowed=fresh,
                plan_orders=day == last,
                hold_plans=hold_plans,
            ):
                self._first_sends.hold(now)
                return False
            self._tell_of_markets(history, day)
        return days[-1] == last

    def _tell_of_markets(self, history: History, day: date) -> None:
        """Say, once a decided day, which coins are marked at an old price, and which have no bars to be had."""
        marked_on = self._session.standing.marked_on
        words = [f"{asset} has no bar and is marked at its price of {on}" for asset, on in marked_on.items()]
        words += [f"{asset} cannot be traded: {why}" for asset, why in history.lacking.items()]
        words += [f"{name} could not be had: {why}" for name, why in history.absent.items()]
        if words:
            self._notice(f"{day}: {'; '.join(words)}")

    def _history_at(self, day: date) -> History | None:
        try:
            history = self._bars.history_at(day)
        except DataError as error:
            if not self._has_gathered:
                raise
            # It worked before: a provider that is down, or a file that is being written, is no reason to end.
            self._say(f"waiting for the bars of {day}: {error}")
            return None
        self._has_gathered = True
        return history

    def _index_is_awaited(self, history: History, day: date, now: datetime) -> bool:
        for symbol, behind in self._behind(history, day).items():
            in_time = now < decision_instant(day) + self._timing.index_wait
            if behind and in_time and self._bars.may_still_come(symbol, day):
                self._say(f"waiting for the {symbol} session that ends before {day} does")
                return True
        return False

    def _series_are_awaited(self, history: History, day: date, now: datetime) -> bool:
        """Tell whether a series that decides could not be had and may still be; then the day is decided without it."""
        awaited = [name for name in self._strategy.universe.series if name in history.absent]
        if not awaited or now >= decision_instant(day) + self._timing.index_wait:
            return False
        self._say(f"waiting for {awaited[0]} of {day}: {history.absent[awaited[0]]}")
        return True

    def _entries_allowed(self, history: History, day: date) -> bool:
        stale = {s: behind for s, behind in self._behind(history, day).items() if behind > self._max_stale_sessions}
        for symbol, behind in stale.items():
            self._say(f"{day}: {symbol} is {behind} sessions behind; no entries until it is up to date")
        return not stale

    def _behind(self, history: History, day: date) -> Mapping[str, int]:
        indices: Sequence[str] = self._strategy.universe.indices
        return {symbol: self._sessions_behind(history[symbol], day) for symbol in indices}

    def _sessions_behind(self, bars: BarSeries, day: date) -> int:
        position = bars.position_at(day)
        if position is None:
            raise DataError(f"{bars.symbol}: has no session that was over on {day}; give it a longer history")
        last = date.fromordinal(int(bars.ordinals[position]))
        return sessions_behind(self._sessions(last, day), last) if last < day else 0

    def _say(self, words: str) -> None:
        if words != self._last_words:
            self._notice(words)
        self._last_words = words


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
