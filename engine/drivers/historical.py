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
- The broker counts in floats and refuses a buy that is short by float noise; it starts with a headroom of
  `HEADROOM` of the cash that the ledger does not know of. Every fill is compared with the exact one.
"""

import math
import warnings
from array import array
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

from engine.core.calendar import opening_instant
from engine.core.errors import CheckError
from engine.core.events import OrderSent
from engine.core.fills import Costs, Execution, execute_at, fill_of
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.market import BarSeries, History
from engine.core.money import ZERO, decimal_of, exact
from engine.core.order import Order, OrderReport, OrderStatus, Side
from engine.core.strategy import Observations
from engine.session import Session
from engine.span import Span

with warnings.catch_warnings():
    # backtrader 1.9.78 has escape sequences that Python warns about whenever it compiles them: where no bytecode is.
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import backtrader as bt

Feed: TypeAlias = Any
"""A backtrader data feed; its classes are made by metaclasses that types cannot follow."""

NO_BAR = "the market has no bar on that day"
HEADROOM = 1e-9
TOLERANCE = 1e-9
"""Relative difference up to which a float figure of the broker equals an exact one."""
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


class BacktraderVenue:
    """The matching engine of history: fills at the open, compared with the exact fill rule."""

    def __init__(self, *, instruments: Mapping[str, Instrument], costs: Costs, quote: str) -> None:
        self._instruments = instruments
        self._costs = costs
        self._quote = quote
        self._player: Any = None
        self._feeds: Mapping[str, Feed] = {}
        self._orders = 0
        self._held: dict[str, Decimal] = {}
        self.headroom = 0.0
        self.bar_ordinal = 0

    def attach(self, player: Any, feeds: Mapping[str, Feed]) -> None:
        """Take the running backtrader strategy whose broker executes."""
        self._player, self._feeds = player, feeds

    def instruments(self) -> Mapping[str, Instrument]:
        """Give the trading rules by asset."""
        return self._instruments

    def why_closed(self, asset: str, at: datetime) -> str:  # noqa: ARG002 - the bar that opens now is the time
        """Say that the asset has no bar that opens now, where that is so."""
        return "" if self._feeds[asset].ordinal() == self.bar_ordinal else NO_BAR

    def submit(
        self,
        order: Order,
        *,
        at: datetime,
        cash: Decimal,
        alongside: Sequence[Order] = (),  # noqa: ARG002 - at the decision's prices they fit, but for what the open moved
    ) -> OrderReport:
        """Execute at this bar's open."""
        feed = self._feeds[order.asset]
        expected = execute_at(
            order,
            reference_price=decimal_of(feed.open[0]),
            cash=cash,
            costs=self._costs,
            instrument=self._instruments[order.asset],
        )
        if expected.quantity <= ZERO:
            message = f"cash {cash:.2f} does not pay for an order"
            return OrderReport(status=OrderStatus.REJECTED, unpaid=expected.unpaid, waived=True, message=message)
        send = self._player.buy if order.side is Side.BUY else self._player.sell
        executed = send(data=feed, size=float(expected.quantity), exectype=bt.Order.Market)
        self._player.broker.next()
        self._compare(order, executed, expected, cash)
        self._settle(order, expected, cash)
        self._orders += 1
        fill = fill_of(order, expected, at=at, order_id=str(self._orders), fee_asset=self._quote)
        return OrderReport(status=OrderStatus.FILLED, fills=(fill,), unpaid=expected.unpaid)

    def held(self, asset: str) -> Decimal | None:  # noqa: ARG002 - the ledger keeps the only books
        """Give nothing: the ledger keeps the only books."""
        return None

    def resolve(
        self,
        order: Order,
        *,
        at: datetime,
        sent: OrderSent | None = None,  # noqa: ARG002
    ) -> OrderReport:
        """Refuse: the fate of an order in history is known at once."""
        raise CheckError(f"{order.client_order_id} is unresolved at {at}, which cannot happen in history")

    def follow(self, ledger: Ledger) -> None:
        """Have the broker hold what a ledger does: a delisted coin is sold in the books, and no bar executes that."""
        for asset, held in self._held.items():
            if held != ledger.quantity(asset):
                self._held[asset] = ledger.quantity(asset)
                self._player.broker.positions[self._feeds[asset]].size = float(self._held[asset])
        self._player.broker.cash = float(ledger.cash) + self.headroom

    def _compare(self, order: Order, executed: Any, expected: Execution, cash: Decimal) -> None:
        if executed.status != executed.Completed:
            raise CheckError(f"backtrader answered {executed.getstatusname()} to {order.client_order_id}")
        broker, feed = self._player.broker, self._feeds[order.asset]
        held, left = self._after(order, expected, cash)
        turned_over = float(cash + expected.notional)
        for name, theirs, ours, scale in (
            ("price", executed.executed.price, expected.price, float(expected.price)),
            ("quantity", abs(executed.executed.size), expected.quantity, float(expected.quantity)),
            ("fee", executed.executed.comm, expected.fee, float(expected.notional)),
            ("position", broker.getposition(feed).size, held, float(held + expected.quantity)),
            ("cash", broker.get_cash() - self.headroom, left, turned_over),
        ):
            if abs(theirs - float(ours)) > TOLERANCE * scale:
                raise CheckError(f"{order.client_order_id}: backtrader's {name} {theirs!r} is not the ledger's {ours}")

    def _settle(self, order: Order, expected: Execution, cash: Decimal) -> None:
        # Float dust of partial sales would split the next buy in two, and noise would add up over years of orders.
        held, left = self._after(order, expected, cash)
        self._held[order.asset] = held
        self._player.broker.positions[self._feeds[order.asset]].size = float(held)
        self._player.broker.cash = float(left) + self.headroom

    def _after(self, order: Order, expected: Execution, cash: Decimal) -> tuple[Decimal, Decimal]:
        """Give the position and the cash that an execution leaves, exactly."""
        sign = 1 if order.side is Side.BUY else -1
        with exact():
            held = self._held.get(order.asset, ZERO) + sign * expected.quantity
            return held, cash - sign * expected.notional - expected.fee


class HistoricalDriver:
    """Plays history through a session, day by day.

    Args:
        history: the bars; those of every tradable asset of the strategy's universe.
        observations: facts by day, made of the whole history, revealed day by day.
        core: the asset whose bars are the decision days.
        assets: everything that may be traded.
        venue: the one handed to the session.
        synthetic: whether the bars are made up.
    """

    def __init__(
        self,
        *,
        session: Session,
        venue: BacktraderVenue,
        history: History,
        observations: Observations[object],
        span: Span,
        core: str,
        assets: Sequence[str],
        costs: Costs,
        synthetic: bool = False,
    ) -> None:
        self._session = session
        self._venue = venue
        self._history = history
        self._synthetic = synthetic
        self._observations = observations
        self._span = span
        self._core = core
        self._assets = tuple(dict.fromkeys((core, *assets)))
        self._costs = costs
        self._feeds: dict[str, Feed] = {}
        self._awake = {core}
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
        for asset in self._assets:
            self._feeds[asset] = _BulkFeed(
                bars=self._history[asset],
                last_ordinal=self._span.last_day.toordinal(),
                awake_from=self._span.first_day.toordinal() if asset == self._core else None,
                on_bar=self._step_to,
            )
            cerebro.adddata(self._feeds[asset], name=asset)
        self._set_up(cerebro.broker)
        for analyzer in analyzers:
            cerebro.addanalyzer(analyzer)
        cerebro.addstrategy(_Player, driver=self)
        self._session.begin(self._span.first_day, notes=self._span.notes, synthetic=self._synthetic)
        result = cerebro.run()[0]
        self._session.end(self._span.last_day)
        return result

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
            self._session.decide(date.fromordinal(ordinal), self._observations, self._history)
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
            float(self._costs.slippage), slip_open=True, slip_limit=True, slip_match=True, slip_out=True
        )
        broker.setcommission(
            commission=float(self._costs.commission),
            commtype=bt.CommInfoBase.COMM_PERC,
            percabs=True,
            stocklike=True,
        )
