"""History as backtrader plays it: Cerebro is the clock and its broker the matching engine. The one file that knows it.

Facts about backtrader 1.9.78 that the code below stands on:

- Cerebro steps to the earliest next date of its feeds. The core's feed is always awake; another asset's feed wakes when
  an order for it is decided and sleeps when it is settled, so that bars nobody looks at cost nothing. (With analyzers,
  which value positions, it stays awake while the asset is held.) Buffers are filled in bulk, not row by row.
- `prenext` mutes a strategy until its last feed has a bar. Here every step counts as ready (`_getminperstatus`).
- `cheat_on_open` with `set_coo(True)` lets orders decided at D's close execute at D+1's open, when that open is known.
- `checksubmit` would refuse a buy by D's close; slippage is capped at the bar's high unless `slip_out`.
- The broker's `next` executes what is pending at once; called after each submission, it makes a sell's cash available
  to the buys that follow at the same open.
- The broker counts in floats (`backtrader_venue.py`).
"""

import math
import warnings
from array import array
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from engine.core.calendar import opening_instant
from engine.core.errors import CheckError
from engine.core.market import BarSeries
from engine.trading.drivers.backtrader_venue import HEADROOM, BacktraderVenue, Feed
from engine.trading.drivers.history import PLAIN_OPENING, Driven, HistorySession, Opening
from engine.trading.observed import Observed
from engine.trading.terms import Terms

with warnings.catch_warnings():
    # backtrader 1.9.78 has escape sequences that Python warns about whenever it compiles them: where no bytecode is.
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import backtrader as bt

_NEVER = math.inf


class _BulkFeed(bt.feed.DataBase):
    """A feed whose buffers are filled from columns at once, and which may sleep."""

    params = (("bars", None), ("last_ordinal", 0), ("awake_from", None), ("on_bar", None))
    _day: int
    _next_day: float

    def preload(self) -> None:
        self.sleep()
        if self.p.awake_from is not None:
            self.wake(self.p.awake_from)

    def wake(self, from_ordinal: int) -> None:
        """Fill the buffers with the bars from a day on, the pointer before the first of them."""
        bars: BarSeries = self.p.bars
        begin, stop = np.searchsorted(bars.ordinals, (from_ordinal, self.p.last_ordinal + 1)).tolist()
        if begin == stop:
            # Nothing comes any more; what is held is valued at the last bar, which the buffers still have.
            return
        self._fill("datetime", bars.ordinals[begin:stop])
        for name in ("open", "high", "low", "close"):
            self._fill(name, getattr(bars, name)[begin:stop])
        # Volume and open interest decide nothing here.
        self._fill("volume", np.zeros(stop - begin))
        self._fill("openinterest", np.zeros(stop - begin))
        self.home()
        self._moved = tuple(self.lines)
        self._coming = iter(bars.ordinals[begin:stop].tolist())
        self._day, self._next_day = 0, next(self._coming)

    def sleep(self) -> None:
        self._day, self._next_day = 0, _NEVER

    def _fill(self, name: str, column: Any) -> None:
        line = getattr(self.lines, name)
        line.array = array("d")
        line.array.frombytes(np.ascontiguousarray(column, dtype=np.float64).tobytes())
        line.extension = 0

    def advance_peek(self) -> float:
        # Kept beside the buffers, which are asked through several layers.
        return self._next_day

    def advance(self, size: int = 1, datamaster: object = None, ticks: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        # The tick attributes of live feeds cost more than the rest of a step, and a daily bar has none; nor do the
        # buffers need the three calls a line that the original makes to move their pointers.
        for line in self._moved:
            line._idx += size
            line.lencount += size
        self._day, self._next_day = int(self._next_day), next(self._coming, _NEVER)
        self.p.on_bar(self._day)

    def ordinal(self) -> int:
        """Give the day of the current bar; 0 before the first, and while it sleeps."""
        return self._day


class _SpotBroker(bt.brokers.BackBroker):
    """Executes what is pending, and no more: spot has no interest and no daily settlement.

    The original walks over every position on every bar for these. Positions are valued for analyzers only.
    """

    values_positions = False

    def next(self) -> None:
        while self.pending:
            self._try_exec(self.pending.popleft())
        if self.values_positions:
            self._get_value()


class _Player(bt.Strategy):
    """Tells the driver that a bar opened and that it closed."""

    params = (("driver", None),)

    def _getminperstatus(self) -> int:
        self._minperstatus = -1
        return -1

    def start(self) -> None:
        self._minperstatus = -1
        self.p.driver.attach(self)

    def next_open(self) -> None:
        self.p.driver.on_open()

    def next(self) -> None:
        self.p.driver.on_close()

    def _notify(self, qorders: Sequence[Any] = (), qtrades: Sequence[Any] = ()) -> None:
        # The original values the account on every bar, for whoever listens: analyzers alone do.
        if self._orderspending or self.analyzers:
            super()._notify(qorders, qtrades)

    def notify_order(self, order: Any) -> None:
        if order.status in (order.Margin, order.Rejected, order.Canceled, order.Expired):
            raise CheckError(f"backtrader answered {order.getstatusname()} to an order that the fill rule accepts")


class HistoricalDriver:
    """Plays history through a session, day by day.

    Args:
        observed: with the bars of every tradable asset of the strategy's universe.
    """

    def __init__(self, observed: Observed, terms: Terms, opening: Opening = PLAIN_OPENING) -> None:
        self._venue = BacktraderVenue(terms)
        self._run = HistorySession(observed, terms, self._venue, opening)
        self._session = self._run.session
        self._observed = observed
        self._core = observed.core
        self._feeds: dict[str, Feed] = {}
        self._awake = {self._core}
        self._values_positions = False

    def run(self, *, analyzers: Sequence[Any] = ()) -> Any:
        """Play the span.

        Args:
            analyzers: backtrader analyzer classes to run along.

        Returns:
            The backtrader strategy instance, whose analyzers hold their results.

        Raises:
            CheckError: backtrader executed something else than the fill rule says.
        """
        cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, preload=True, runonce=True)
        cerebro.setbroker(_SpotBroker())
        self._values_positions = cerebro.broker.values_positions = bool(analyzers)
        history, span = self._observed.history, self._observed.span
        for asset in dict.fromkeys((self._core, *self._observed.strategy.universe.assets)):
            self._feeds[asset] = _BulkFeed(
                bars=history[asset],
                last_ordinal=span.last_day.toordinal(),
                awake_from=span.first_day.toordinal() if asset == self._core else None,
                on_bar=self._step_to,
            )
            cerebro.adddata(self._feeds[asset], name=asset)
        self._set_up(cerebro.broker)
        for analyzer in analyzers:
            cerebro.addanalyzer(analyzer)
        cerebro.addstrategy(_Player, driver=self)
        return cerebro.run()[0]

    def ended(self) -> Driven:
        """End the run, and give what happened."""
        return self._run.ended()

    def attach(self, player: Any) -> None:
        """Take backtrader's strategy instance, once it exists."""
        self._venue.attach(player, self._feeds)

    def on_open(self) -> None:
        """A bar opens: send what waits."""
        if self._session.waiting:
            self._session.work_orders(opening_instant(date.fromordinal(self._venue.bar_ordinal)))
            self._rest()

    def on_close(self) -> None:
        """A bar closed: decide the day, if it is one of the core's."""
        ordinal = self._venue.bar_ordinal
        if self._feeds[self._core].ordinal() == ordinal:
            before = self._session.ledger.cash
            self._session.decide(date.fromordinal(ordinal), self._observed.observations, self._observed.history)
            if self._session.ledger.cash != before:
                self._venue.follow(self._session.ledger)
            self._wake(ordinal + 1)
            self._rest()

    def _step_to(self, ordinal: int) -> None:
        self._venue.bar_ordinal = ordinal

    def _wake(self, from_ordinal: int) -> None:
        for order in self._session.waiting:
            if order.asset not in self._awake:
                self._feeds[order.asset].wake(from_ordinal)
                self._awake.add(order.asset)

    def _rest(self) -> None:
        if len(self._awake) == 1:
            return
        needed = {self._core, *(order.asset for order in self._session.waiting)}
        if self._values_positions:
            needed |= set(self._session.ledger.positions)
        for asset in self._awake - needed:
            self._feeds[asset].sleep()
        self._awake &= needed

    def _set_up(self, broker: Any) -> None:
        cash = float(self._session.ledger.cash)
        self._venue.headroom = cash * HEADROOM
        broker.set_cash(cash + self._venue.headroom)
        broker.set_coo(True)
        broker.set_checksubmit(False)
        broker.set_slippage_perc(
            float(self._venue.terms.costs.slippage), slip_open=True, slip_limit=True, slip_match=True, slip_out=True
        )
        broker.setcommission(
            commission=float(self._venue.terms.costs.commission),
            commtype=bt.CommInfoBase.COMM_PERC,
            percabs=True,
            stocklike=True,
        )


def drive(observed: Observed, terms: Terms, opening: Opening = PLAIN_OPENING) -> Driven:
    """Play the decision days of a history.

    Raises:
        CheckError: backtrader executed something else than the fill rule says.
    """
    driver = HistoricalDriver(observed, terms, opening)
    driver.run()
    return driver.ended()
