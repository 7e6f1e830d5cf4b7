"""One decision day after another: facts, decision, orders, journal. The same in every mode.

A session does not know what time it is nor where bars and fills come from. A driver tells it that a day is over
(`decide`) and that orders can be sent (`work_orders`); it answers by events, each written before it is acted on.
Events that belong to one act are written together, so that a crash leaves an act done or not done.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from engine.core.calendar import decision_instant
from engine.core.errors import CheckError
from engine.core.events import (
    AccountReset,
    DayDecided,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.money import ZERO, decimal_of, plain, sizing
from engine.core.order import Fill, Order, OrderReport, OrderStatus
from engine.core.orders_in_flight import Stage
from engine.core.planner import Plan, Planner
from engine.core.restoration import Restoration
from engine.core.retry_policy import AttemptEnd, verdict_on
from engine.core.strategy import AnyStrategy, Decision, Observations, StrategyState
from engine.ports import Journal, Venue
from engine.standing import Standing

SELL_WAIT_DAYS = 2
WIPED_BY_A_RESET = "wiped by a reset of the exchange"
WAITS_FOR_CASH = "the cash does not pay for it while a sell is stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAtClose:
    """What is held at a day's closes, valued only when a strategy asks."""

    ledger: Ledger
    closes: Mapping[str, Decimal]
    equity: Decimal
    orders_waiting: bool
    entries_allowed: bool
    stuck: Collection[str] = ()

    def weights(self) -> Mapping[str, float]:
        """Give held value / equity by asset."""
        return {asset: float(held * self.closes[asset] / self.equity) for asset, held in self.ledger.positions.items()}


class Session:
    """Runs one strategy on one account, from where it stands.

    Args:
        sell_wait_days: calendar days for which buys wait for a sell that was tried and not wholly executed.

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
    ) -> None:
        self.standing = standing or Standing(ledger=ledger, state=strategy.start())
        self._strategy = strategy
        self._planner = planner
        self._venue = venue
        self._journal = journal
        self._sell_wait_days = sell_wait_days
        self._opening: tuple[RunStarted, ...] = ()
        self._identity = identity
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
            ),
        )

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
    ) -> None:
        """Decide one day, write the decision, and plan its orders.

        Args:
            day: a day with a bar of the core, over and final.
            observations: facts by day, as the strategy made them of `history`.
            history: closes up to `day` at least; only those are read.
            entries_allowed: whether new positions may be opened.
            plan_orders: False for a day that was missed: it changes the targets, and a later day plans for them.

        Raises:
            ValueError: an order is unresolved, so what is held is not known; `work_orders` asks for its fate.
        """
        doubt = self.standing.orders.in_doubt
        if doubt is not None:
            raise ValueError(f"{doubt.order.client_order_id} is unresolved; it is settled before a day is decided")
        core = self._strategy.universe.core
        held = self._closes(self.ledger.positions, day, history)
        equity = self.ledger.equity(held)
        before = self.state
        stuck = self.standing.orders.stuck(decision_instant(day), self._sell_wait_days)
        decision: Decision[StrategyState] = self._strategy.decide(
            before,
            observations.at(day),
            HeldAtClose(
                ledger=self.ledger,
                closes=held,
                equity=equity,
                orders_waiting=self.standing.orders.holds_back(stuck),
                entries_allowed=entries_allowed,
                stuck=tuple(stuck),
            ),
        )
        others = [asset for asset in (core, *decision.targets) if asset not in held]
        closes = {**held, **self._closes(others, day, history)}
        dust = self._dust(held).difference(decision.targets, (core,))
        reason = decision.reason if decision.trade else self.standing.unplanned
        decided = DayDecided(
            day=day,
            state=before.name,
            next_state=decision.state.name,
            reason=decision.reason,
            evidence=decision.evidence,
            targets=decision.targets,
            changed=decision.trade,
            equity=equity,
            cash=self.ledger.cash,
            core_close=closes[core],
            memory=decision.state,
            closes={asset: close for asset, close in closes.items() if asset not in dust},
            planned=reason is not None and plan_orders,
            marked_on=self._older_marks([asset for asset in held if asset not in dust], day, history),
        )
        plan = self._plan(day, decision.targets, reason, closes) if reason is not None and plan_orders else ()
        self._record(*self._opening, decided, *plan)
        self._opening = ()

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

    def begin_epoch(
        self,
        at: datetime,
        forgotten: str,
        plan: Restoration,
        *,
        wiped: Mapping[str, Decimal],
        beside: Mapping[str, Decimal],
        survivor: Fill | None,
    ) -> None:
        """Write down that the exchange was reset, and buy back what it wiped before anything else is sent.

        Args:
            forgotten: the client order id that the exchange knew before.
            wiped: what has to be bought back; beside: what the account holds beside the ledger; both by asset.
            survivor: the first fill that the exchange still knows.
        """
        ledger = self.ledger.after_reset(plan.written_off)
        reset = AccountReset(
            at=at,
            epoch=self.standing.epoch + 1,
            forgotten=forgotten,
            cash=ledger.cash,
            positions=ledger.positions,
            written_off=plan.written_off,
            wiped=wiped,
            beside=beside,
            survivor=survivor,
        )
        self._record(reset, *(OrderPlanned(order=order) for order in plan.orders))

    def restore(self, orders: Sequence[Order]) -> None:
        """Plan more orders that buy back what a reset wiped."""
        self._record(*(OrderPlanned(order=order) for order in orders))

    def work_orders(self, at: datetime) -> None:
        """Send what can be sent at `at`: sells, and buys once every sell of the same decision is settled or stuck.

        While an order is unresolved the venue is asked for its fate, and nothing is sent.
        """
        for order in self.standing.orders.restoring:
            self._work(order, at)
        if self.standing.orders.restoring:
            return
        for order in self.standing.orders.sells:
            self._work(order, at)
        if not self._awaits_sells(at):
            for order in self.standing.orders.buys:
                self._buy(order, at)

    def _record(self, *events: Event) -> None:
        """Write the events of one act, then stand where they lead: nothing is known that is not written."""
        self._journal.append_all(events)
        self.standing = self.standing.after_all(events)

    def _closes(self, assets: Iterable[str], day: date, history: History) -> dict[str, Decimal]:
        closes = {}
        for asset in assets:
            close = history[asset].close_at(day)
            # A market that has left the exchange takes its bars with it; what was known of it is still known.
            mark = self.standing.marks.get(asset)
            if close is not None:
                closes[asset] = decimal_of(close)
            elif mark is not None:
                closes[asset] = mark.price
            else:
                raise ValueError(f"{asset} is held or targeted on {day} and has no close up to then")
        return closes

    def _older_marks(self, assets: Sequence[str], day: date, history: History) -> dict[str, date]:
        """Give the day of the price of each asset that has none of `day` itself, as `_closes` takes it."""
        marks = self.standing.marks
        left = {asset: marks[asset].day for asset in assets if history[asset].close_at(day) is None}
        return {asset: on for asset, on in left.items() if on < day} | history.older_marks(assets, day)

    def _dust(self, closes: Mapping[str, Decimal]) -> set[str]:
        """Give the assets of which too little is held to be sold: fees in the coin leave crumbs below the lot step."""
        least = self._planner.instruments
        held = self.ledger.positions
        with sizing():
            return {asset for asset, close in closes.items() if held[asset] * close < least[asset].minimum_notional}

    def _plan(self, day: date, targets: Mapping[str, float], reason: str, closes: Mapping[str, Decimal]) -> list[Event]:
        """Plan for a day's targets; what still waits for earlier ones is dropped, but for what a reset had wiped."""
        plan = self._planner.plan(targets, ledger=self.ledger, closes=closes, day=day, reason=reason)
        orders = self.standing.orders
        cancelled = [OrderCancelled(day=day, order=order) for order in (*orders.sells, *orders.buys)]
        return [*cancelled, *_plan_events(plan, day)]

    def _awaits_sells(self, at: datetime) -> bool:
        orders = self.standing.orders
        stuck = orders.stuck(at, self._sell_wait_days)
        return any(order.asset not in stuck for order in orders.sells)

    def _buy(self, order: Order, at: datetime) -> None:
        flight = self.standing.orders.at(order.client_order_id)
        if flight is None or not flight.for_cash or not self.standing.orders.sells:
            self._work(order, at)

    def _work(self, order: Order, at: datetime) -> None:
        doubt = self.standing.orders.in_doubt
        if doubt is not None:
            if doubt.order == order:
                self.settle(at)
            return
        if not self._venue.is_open(order.asset, at):
            self._wait_for_market(order, at)
            return
        self._record(OrderSent(at=at, order=order, held=self._venue.held(order.asset)))
        report = self._venue.submit(order, at=at, cash=self.ledger.cash, alongside=self._alongside(order))
        self._book(order, report, at)

    def _wait_for_market(self, order: Order, at: datetime) -> None:
        flight = self.standing.orders.at(order.client_order_id)
        # An order for a delisted coin may wait for years; one line says so.
        if flight is None or flight.stage is not Stage.WAITS:
            self._record(OrderWaits(at=at, order=order, message="the market takes no orders now"))

    def _alongside(self, order: Order) -> tuple[Order, ...]:
        """Give the other buys that the same cash has to pay for."""
        for group in (self.standing.orders.restoring, self.standing.orders.buys):
            if order in group:
                return tuple(each for each in group if each is not order)
        return ()

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
            keeps_unpaid = bool(self.standing.orders.sells) and not order.restores
            self._record(*_settling(order, report if keeps_unpaid else replace(report, unpaid=ZERO), at))


def _settling(order: Order, report: OrderReport, at: datetime) -> list[Event]:
    """Give the events of an attempt whose outcome is known, with the next attempt or why there is none.

    Args:
        report: its `unpaid` is what waits for the cash of an open sell.

    Raises:
        CheckError: more was executed than was ordered.
    """
    if report.executed > order.quantity:
        raise CheckError(
            f"{order.client_order_id}: {plain(report.executed)} {order.asset} were executed, and "
            f"{plain(order.quantity)} were ordered"
        )
    if report.unpaid and not report.fills:
        return [OrderWaits(at=at, order=order, message=report.message or WAITS_FOR_CASH, for_cash=True)]
    events: list[Event] = [OrderFilled(fill=fill) for fill in report.fills]
    ended = report.end_of(order)
    verdict = verdict_on(ended, earlier=order.earlier)
    if report.status is OrderStatus.WAITING and verdict.tries_again:
        events.append(OrderWaits(at=at, order=order, message=report.message))
    elif report.status is not OrderStatus.FILLED:
        events.append(OrderRejected(at=at, order=order, message=report.message))
    rest = report.again + report.unpaid
    if rest > 0 and not verdict.tries_again:
        events.append(_left(order, rest, f"{verdict.reason}: {report.message}"))
    elif rest > 0:
        # What was sent is sent again under another name: each is used once.
        following = order.next_attempt(rest, ended=ended)
        events.append(OrderPlanned(order=following))
        if ended is AttemptEnd.UNPAID:
            events.append(OrderWaits(at=at, order=following, message=WAITS_FOR_CASH, for_cash=True))
    return events


def _left(order: Order, rest: Decimal, message: str) -> OrderSkipped:
    return OrderSkipped(
        day=order.decision_day,
        asset=order.asset,
        side=order.side,
        quantity=rest,
        message=message,
        client_order_id=order.client_order_id,
    )


def _plan_events(plan: Plan, day: date) -> list[Event]:
    skipped = [
        OrderSkipped(day=day, asset=part.asset, side=part.side, quantity=part.quantity, message=part.message)
        for part in plan.skipped
    ]
    return [*skipped, *(OrderPlanned(order=order) for order in (*plan.sells, *plan.buys))]
