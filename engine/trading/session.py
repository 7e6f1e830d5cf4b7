"""One decision day after another: facts, decision, orders, journal. The same in every mode.

A session does not know what time it is nor where bars and fills come from. A driver tells it that a day is over
(`decide`) and that orders can be sent (`work_orders`); it answers by events, each written before it is acted on.
Events that belong to one act are written together, so that a crash leaves an act done or not done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from engine.core.calendar import decision_instant
from engine.core.events import (
    AccountReset,
    ContextSeen,
    DataDoubted,
    Event,
    KillSwitchRearmed,
    OrderPlanned,
    OrderSent,
    OrderUnresolved,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.money import ZERO, plain
from engine.core.order import Fill, Order, OrderReport, OrderStatus
from engine.core.orders_in_flight import SELL_WAIT_DAYS, Stage
from engine.core.planner import Planner
from engine.core.settling import cut_to_held, position_events, settling, taken_up
from engine.core.sizing import Sizing
from engine.core.strategy import AnyStrategy, Observations, StrategyState
from engine.ports import Journal, Venue
from engine.trading.deciding import Decider
from engine.trading.planning import booked_at_close, planned
from engine.trading.standing import Standing

WIPED_BY_A_RESET = "wiped by a reset of the exchange"


class Session:
    """Runs one strategy on one account, from where it stands.

    Args:
        sell_wait_days: calendar days for which buys wait for a sell that was tried and not wholly executed.
        max_drawdown: fall of the equity from its highest, as a fraction, at which the kill switch acts; None: never.
        sizing: scales the targets of a change; None where nothing does.
        sells_delisted: whether what counts as delisted is sold in the books, as in history; else it is said and left.

    Attributes:
        doubt_words: what the venue last said of an order that it could not settle; for messages.
    """

    def __init__(
        self,
        *,
        strategy: AnyStrategy,
        planner: Planner,
        venue: Venue,
        journal: Journal,
        ledger: Ledger,
        standing: Standing | None = None,
        sell_wait_days: int = SELL_WAIT_DAYS,
        identity: str = "",
        label: str = "",
        sells_delisted: bool = False,
        max_drawdown: float | None = None,
        sizing: Sizing | None = None,
    ) -> None:
        self.standing = standing or Standing(ledger=ledger, state=strategy.start())
        self._strategy = strategy
        self._planner = planner
        self._venue = venue
        self._journal = journal
        self._sell_wait_days = sell_wait_days
        self._opening: tuple[RunStarted, ...] = ()
        self._doubts: tuple[DataDoubted, ...] = ()
        self._identity = identity
        self._label = label
        self._sells_delisted = sells_delisted
        self._decider = Decider(
            strategy=strategy,
            planner=planner,
            sell_wait_days=sell_wait_days,
            max_drawdown=max_drawdown,
            sizing=sizing,
        )
        self._beside: Mapping[str, Decimal] | None = None
        self.doubt_words = ""

    @property
    def ledger(self) -> Ledger:
        """What the account holds now."""
        return self.standing.ledger

    @property
    def state(self) -> StrategyState:
        """The strategy's memory."""
        return self.standing.state

    @property
    def waiting(self) -> tuple[Order, ...]:
        """The orders that are not settled, in the order in which they are sent."""
        return self.standing.orders.waiting

    def stuck(self, at: datetime) -> Mapping[str, datetime]:
        """Give the coins that cannot be sold, or bought back, at `at`, and since when; nothing waits for them."""
        return self.standing.orders.stuck(at, self._sell_wait_days)

    def saw_account(self, beside: Mapping[str, Decimal]) -> None:
        """Have it written down, where the run begins, what an exchange's account holds beside the ledger, by asset."""
        self._beside = beside

    def begin(self, first_day: date, *, notes: tuple[str, ...] = (), synthetic: bool = False) -> None:
        """Have it written down, together with the first decision, that a run begins.

        Args:
            synthetic: whether the prices are made up.
        """
        self._opening = (
            RunStarted(
                first_day=first_day,
                cash=self.ledger.cash,
                quote=self.ledger.quote,
                core=self._strategy.universe.core,
                notes=notes,
                identity=self._identity,
                beside=self._beside,
                synthetic=synthetic,
                label=self._label,
            ),
        )

    def doubt(self, day: date, messages: Iterable[str]) -> None:
        """Have it written down, together with the next decision, what a reader must know of the bars up to `day`."""
        at = decision_instant(day)
        self._doubts += tuple(DataDoubted(at=at, message=message) for message in messages)

    def saw_context(self, seen: ContextSeen) -> None:
        """Write down what the systems of the thesis said on a decided day."""
        self._record(seen)

    def end(self, last_day: date) -> None:
        """Write down that a run ends, and which orders still wait."""
        self._record(RunEnded(last_day=last_day, waiting=self.waiting))

    def decide(
        self,
        day: date,
        observations: Observations[object],
        history: History,
        *,
        entries_allowed: bool = True,
        plan_orders: bool = True,
        hold_plans: bool = False,
    ) -> bool:
        """Decide one day, write the decision, and plan its orders; tell whether it was written.

        Args:
            day: a day with a bar of the core, over and final.
            observations: facts by day, as the strategy made them of `history`.
            history: closes up to `day` at least; only those are read.
            entries_allowed: whether new positions may be opened.
            plan_orders: False for a day that was missed: it changes the targets, and a later day plans for them.
            hold_plans: write no decision that plans, because what is held may not be known yet.

        Raises:
            ValueError: an order is unresolved, so what is held is not known; `work_orders` asks for its fate.
        """
        doubt = self.standing.orders.in_doubt
        if doubt is not None:
            raise ValueError(f"{doubt.order.client_order_id} is unresolved; it is settled before a day is decided")
        # What is booked at the close comes before equity is taken, and is written with the decision.
        booked = booked_at_close(
            self.standing,
            day,
            history,
            self._strategy.universe.delisting,
            planner=self._planner,
            sells_delisted=self._sells_delisted,
        )
        standing = self.standing.after_all(booked)
        decided, closes, reason = self._decider.decide(
            standing, day, observations, history, entries_allowed=entries_allowed, plan_orders=plan_orders
        )
        plan: Sequence[Event] = ()
        if plan_orders:
            plan = planned(
                standing,
                decided,
                closes,
                reason=reason,
                planner=self._planner,
                rules_of_now=self._venue.instruments,
            )
        if hold_plans and (decided.planned or plan):
            return False
        self._record(*self._opening, *self._doubts, *booked, decided, *plan)
        self._opening, self._doubts = (), ()
        return True

    def rearm(self, at: datetime) -> None:
        """Write down that a person re-armed the kill switch: the next decision is like a first one."""
        self._record(KillSwitchRearmed(at=at))

    def settle(self, at: datetime) -> None:
        """Ask what became of an unresolved order, and send nothing: a decision may be due that replaces what waits."""
        doubt = self.standing.orders.in_doubt
        if doubt is not None:
            self._book(doubt.order, self._venue.resolve(doubt.order, at=at, sent=doubt.sent), at)

    def take_as_wiped(self, at: datetime) -> None:
        """Take an order that is still unresolved as never placed: a reset of the exchange wiped what came of it."""
        doubt = self.standing.orders.in_doubt
        if doubt is not None:
            wiped = OrderReport(
                status=OrderStatus.REJECTED, again=doubt.order.quantity, was_placed=False, message=WIPED_BY_A_RESET
            )
            self._book(doubt.order, wiped, at)

    def begin_epoch(self, reset: AccountReset, orders: Sequence[Order], *, lost: Sequence[Fill] = ()) -> None:
        """Write down that the exchange was reset, and buy back what it wiped before anything else is sent.

        What is open of the last decision goes on under names of the new epoch.

        Args:
            orders: buy back what was wiped.
            lost: fills since the reset that the journal lacks, because it was put back.
        """
        open_ = self.standing.orders
        renamed = [order.in_epoch(reset.epoch) for order in (*open_.sells, *open_.buys)]
        begun: list[Event] = [reset, *(OrderPlanned(order=order) for order in (*renamed, *orders))]
        self._record(*begun, *taken_up(lost, open_.after_all(begun), self._planner.instruments))

    def take_up(self, fills: Sequence[Fill]) -> None:
        """Book what the exchange has of this run and its journal does not: a copy of it was put back."""
        self._record(*taken_up(fills, self.standing.orders, self._planner.instruments))

    def restore(self, orders: Sequence[Order]) -> None:
        """Plan more orders that buy back what a reset wiped."""
        self._record(*(OrderPlanned(order=order) for order in orders))

    def work_orders(self, at: datetime) -> None:
        """Send what can be sent at `at`: sells, and buys once every sell of the same decision is settled or stuck.

        What buys back what a reset wiped comes before all, and is waited for as sells are.

        While an order is unresolved the venue is asked for its fate, and nothing is sent; while the kill switch holds
        nothing is bought.
        """
        is_killed = self.standing.killed_on is not None
        if not is_killed:
            for order in self.standing.orders.restoring:
                self._work(order, at)
            if self._awaits(self.standing.orders.restoring, at):
                return
        for order in self.standing.orders.sells:
            self._work(order, at)
        if not is_killed and not self._awaits(self.standing.orders.sells, at):
            for order in self.standing.orders.buys:
                if not self.standing.orders.awaits_cash(order):
                    self._work(order, at)

    def _record(self, *events: Event) -> None:
        """Write the events of one act, then stand where they lead: nothing is known that is not written."""
        self._journal.append_all(events)
        self.standing = self.standing.after_all(events)

    def _awaits(self, orders: Sequence[Order], at: datetime) -> bool:
        """Tell whether others wait for one of these: not for what is stuck."""
        stuck = self.stuck(at)
        return any(order.asset not in stuck for order in orders)

    def _work(self, order: Order, at: datetime) -> None:
        doubt = self.standing.orders.in_doubt
        if doubt is not None:
            if doubt.order == order:
                self.settle(at)
            return
        closed = self._venue.why_closed(order.asset, at)
        if closed:
            self._wait_for_market(order, at, closed)
            return
        ours, gone = self._cut(order)
        if gone:
            self._wait_for_market(order, at, gone)
            return
        if ours.quantity <= ZERO:
            nothing = f"no lot of it is held: {plain(self.ledger.quantity(order.asset))} {order.asset}"
            report = OrderReport(status=OrderStatus.REJECTED, waived=True, message=nothing)
        else:
            self._record(OrderSent(at=at, order=ours, held=self._venue.held(ours.asset)))
            report = self._venue.submit(
                ours, at=at, cash=self.ledger.cash, alongside=self.standing.orders.alongside(order)
            )
        self._book(ours, report, at)

    def _cut(self, order: Order) -> tuple[Order, str]:
        """Cut a sell to what there is of ours; say why where the kill switch lets it not be there."""
        instrument = self._planner.instruments[order.asset]
        if self.standing.killed_on is None:
            return cut_to_held(order, self.ledger, instrument), ""
        from engine.trading.in_cash import cut_to_there  # noqa: PLC0415 - it never happens to most runs

        return cut_to_there(order, self.standing, instrument)

    def _wait_for_market(self, order: Order, at: datetime, closed: str) -> None:
        flight = self.standing.orders.at(order.client_order_id)
        # An order for a delisted coin may wait for years; one line says so.
        if flight is None or flight.stage is not Stage.WAITS:
            self._record(OrderWaits(at=at, order=order, message=closed))

    def _book(self, order: Order, report: OrderReport, at: datetime) -> None:
        if report.status is OrderStatus.UNRESOLVED:
            self.doubt_words = report.message
            flight = self.standing.orders.at(order.client_order_id)
            if flight is None or flight.stage is not Stage.UNRESOLVED:
                self._record(OrderUnresolved(at=at, order=order, message=report.message))
        elif report.status is OrderStatus.WAITING and not report.again:
            # Always: a journal that ends with the order as sent says that its outcome is not known.
            self._record(OrderWaits(at=at, order=order, message=report.message))
        else:
            keeps_unpaid = report.unpaid > ZERO and not order.restores and bool(self.standing.orders.sells)
            self._settle(order, report if keeps_unpaid else replace(report, unpaid=ZERO), at)

    def _settle(self, order: Order, report: OrderReport, at: datetime) -> None:
        events = settling(order, report, at)
        after = self.standing.after_all(events)
        mark = after.marks.get(order.asset)
        positions = position_events(
            order,
            report,
            at,
            ledger=after.ledger,
            orders=after.orders,
            missed=after.missed,
            price=None if mark is None else mark.price,
            instrument=self._planner.instruments[order.asset],
        )
        self._record(*events, *positions)
