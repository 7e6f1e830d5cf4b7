"""One decision day after another: facts, decision, orders, journal. The same in every mode.

A session does not know what time it is nor where bars and fills come from. A driver tells it that a day is over
(`decide`) and that orders can be sent (`work_orders`); it answers by events, each written before it is acted on.
Events that belong to one act are written together, so that a crash leaves an act done or not done.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

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
from engine.core.money import ZERO, decimal_of, sizing
from engine.core.order import Order, OrderReport, OrderStatus
from engine.core.planner import Plan, Planner
from engine.core.restoration import Restoration
from engine.core.strategy import AnyStrategy, Decision, Observations, StrategyState
from engine.ports import Journal, Venue
from engine.standing import Standing

MAX_ATTEMPTS = 5
"""An order that expires so often with next to nothing executed is left; the rest stays, and the journal says so."""
LEAST_PROGRESS = Decimal("0.05")
"""Share of an attempt's quantity that counts as progress: a thin book is emptied, and fills up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAtClose:
    """What is held at a day's closes, valued only when a strategy asks."""

    ledger: Ledger
    closes: Mapping[str, Decimal]
    equity: Decimal
    orders_waiting: bool
    entries_allowed: bool

    def weights(self) -> Mapping[str, float]:
        """Give held value / equity by asset."""
        return {asset: float(held * self.closes[asset] / self.equity) for asset, held in self.ledger.positions.items()}


class Session:
    """Runs one strategy on one account, from where it stands."""

    def __init__(
        self,
        *,
        strategy: AnyStrategy,
        planner: Planner,
        venue: Venue,
        journal: Journal,
        ledger: Ledger,
        standing: Standing | None = None,
    ) -> None:
        self.standing = standing or Standing(ledger=ledger, state=strategy.start())
        self._strategy = strategy
        self._planner = planner
        self._venue = venue
        self._journal = journal
        self._told_to_wait: set[str] = set()
        self._opening: tuple[RunStarted, ...] = ()

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
        return self.standing.waiting

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
                synthetic=synthetic,
            ),
        )

    def end(self, last_day: date) -> None:
        """Write down that a run ends, and which orders still wait."""
        self._journal.append(RunEnded(last_day=last_day, waiting=self.waiting))

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
        unresolved = self.standing.unresolved
        if unresolved is not None:
            raise ValueError(f"{unresolved.client_order_id} is unresolved; it is settled before a day is decided")
        core = self._strategy.universe.core
        held = self._closes(self.ledger.positions, day, history)
        equity = self.ledger.equity(held)
        before = self.state
        decision: Decision[StrategyState] = self._strategy.decide(
            before,
            observations.at(day),
            HeldAtClose(
                ledger=self.ledger,
                closes=held,
                equity=equity,
                orders_waiting=bool(self.waiting),
                entries_allowed=entries_allowed,
            ),
        )
        others = [asset for asset in (core, *decision.targets) if asset not in held]
        closes = {**held, **self._closes(others, day, history)}
        dust = self._dust(held).difference(decision.targets, (core,))
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
        )
        reason = decision.reason if decision.trade else self.standing.unplanned
        if reason is None or not plan_orders:
            self._journal.append_all([*self._opening, decided])
            self.standing = replace(self.standing, state=decision.state, unplanned=reason, last_day=day)
        else:
            self._decide_and_plan(decided, decision, reason, closes)
        self._opening = ()

    def settle(self, at: datetime) -> None:
        """Ask what became of an unresolved order, and send nothing: a decision may be due that replaces what waits."""
        unresolved = self.standing.unresolved
        if unresolved is not None:
            self._book(unresolved, self._resolved(unresolved, at), at)

    def begin_epoch(self, at: datetime, forgotten: str, plan: Restoration) -> None:
        """Write down that the exchange was reset, and buy back what it wiped before anything else is sent.

        Args:
            forgotten: the client order id that the exchange knew before.
        """
        ledger = self.ledger.after_reset(plan.written_off)
        epoch = self.standing.epoch + 1
        reset = AccountReset(
            at=at,
            epoch=epoch,
            forgotten=forgotten,
            cash=ledger.cash,
            positions=ledger.positions,
            written_off=plan.written_off,
        )
        # Those of an earlier reset are planned anew: it may have wiped what they had bought.
        self._journal.append_all([reset, *(OrderPlanned(order=order) for order in plan.orders)])
        self.standing = replace(self.standing, ledger=ledger, restoring=plan.orders, epoch=epoch, known=None)

    def work_orders(self, at: datetime) -> None:
        """Send what can be sent at `at`: sells, and buys once every sell of the same decision is settled.

        While an order is unresolved the venue is asked for its fate, and nothing is sent.
        """
        for order in self.standing.restoring:
            self._work(order, at)
        if self.standing.restoring:
            return
        for order in self.standing.sells:
            self._work(order, at)
        if not self.standing.sells:
            for order in self.standing.buys:
                self._work(order, at)

    def _closes(self, assets: Iterable[str], day: date, history: History) -> dict[str, Decimal]:
        closes = {}
        for asset in assets:
            close = history[asset].close_at(day)
            if close is None:
                raise ValueError(f"{asset} is held or targeted on {day} and has no close up to then")
            closes[asset] = decimal_of(close)
        return closes

    def _dust(self, closes: Mapping[str, Decimal]) -> set[str]:
        """Give the assets of which too little is held to be sold: fees in the coin leave crumbs below the lot step."""
        least = self._planner.instruments
        held = self.ledger.positions
        with sizing():
            return {asset for asset, close in closes.items() if held[asset] * close < least[asset].minimum_notional}

    def _decide_and_plan(
        self, decided: DayDecided, decision: Decision[StrategyState], reason: str, closes: Mapping[str, Decimal]
    ) -> None:
        day = decided.day
        plan = self._planner.plan(
            decision.targets,
            ledger=self.ledger,
            closes=closes,
            day=day,
            reason=reason,
        )
        replaced = self.standing.sells + self.standing.buys
        cancelled = [OrderCancelled(day=day, order=order) for order in replaced]
        self._journal.append_all([*self._opening, decided, *cancelled, *_plan_events(plan, day)])
        self._told_to_wait.clear()
        self.standing = replace(
            self.standing, state=decision.state, sells=plan.sells, buys=plan.buys, unplanned=None, last_day=day
        )

    def _work(self, order: Order, at: datetime) -> None:
        if self.standing.unresolved not in (None, order):
            return
        if self.standing.unresolved is None:
            if not self._venue.is_open(order.asset, at):
                self._say_once(OrderWaits(at=at, order=order, message="the market takes no orders now"))
                return
            sent = OrderSent(at=at, order=order, held=self._venue.held(order.asset))
            self._journal.append(sent)
            self.standing = replace(self.standing, sent=sent)
            report = self._venue.submit(order, at=at, cash=self.ledger.cash, alongside=self._alongside(order))
        else:
            report = self._resolved(order, at)
        self._book(order, report, at)

    def _resolved(self, order: Order, at: datetime) -> OrderReport:
        return self._venue.resolve(order, at=at, sent=self.standing.sent)

    def _alongside(self, order: Order) -> tuple[Order, ...]:
        """Give the other buys that the same cash has to pay for."""
        for group in (self.standing.restoring, self.standing.buys):
            if order in group:
                return tuple(each for each in group if each is not order)
        return ()

    def _book(self, order: Order, report: OrderReport, at: datetime) -> None:
        match report.status:
            case OrderStatus.WAITING:
                # Always: a journal that ends with the order as sent says that its outcome is not known.
                waits = OrderWaits(at=at, order=order, message=report.message)
                # What was sent and refused is sent again under another name: each is used once.
                follower = (order.next_attempt(report.again, counts=False),) if report.again > 0 else (order,)
                replanned = [OrderPlanned(order=each) for each in follower if each is not order]
                self._journal.append_all([waits, *replanned])
                self._replace(order, follower)
            case OrderStatus.UNRESOLVED:
                if self.standing.unresolved is None:
                    self._journal.append(OrderUnresolved(at=at, order=order, message=report.message))
                self.standing = replace(self.standing, unresolved=order)
            case OrderStatus.FILLED | OrderStatus.REJECTED:
                self._settle(order, report, at)

    def _settle(self, order: Order, report: OrderReport, at: datetime) -> None:
        ledger = self.ledger
        for fill in report.fills:
            ledger = ledger.apply(fill)
        events: list[Event] = [OrderFilled(fill=fill) for fill in report.fills]
        if report.status is OrderStatus.REJECTED:
            events.append(OrderRejected(at=at, order=order, message=report.message))
        follower: tuple[Order, ...] = ()
        counts = report.was_placed and _progress(order, report) < LEAST_PROGRESS
        follows = report.again > 0 and (not counts or order.expired + 1 < MAX_ATTEMPTS)
        if follows:
            follower = (order.next_attempt(report.again, counts=counts),)
            events.append(OrderPlanned(order=follower[0]))
        elif report.again > 0:
            message = f"left after {order.expired + 1} attempts: {report.message}"
            events.append(
                OrderSkipped(
                    day=order.decision_day, asset=order.asset, side=order.side, quantity=report.again, message=message
                )
            )
        self._journal.append_all(events)
        known = self.standing.known or next(iter(report.fills), None)
        self.standing = replace(self.standing, ledger=ledger, known=known)
        self._replace(order, follower)

    def _replace(self, order: Order, followers: tuple[Order, ...]) -> None:
        before = self.standing
        self.standing = replace(
            before,
            restoring=_replaced(before.restoring, order, followers),
            sells=_replaced(before.sells, order, followers),
            buys=_replaced(before.buys, order, followers),
            unresolved=None,
            sent=None,
        )

    def _say_once(self, event: OrderWaits) -> None:
        # An order for a delisted coin may wait for years; one line says so.
        if event.order.client_order_id not in self._told_to_wait:
            self._told_to_wait.add(event.order.client_order_id)
            self._journal.append(event)


def _plan_events(plan: Plan, day: date) -> list[Event]:
    skipped = [
        OrderSkipped(day=day, asset=part.asset, side=part.side, quantity=part.quantity, message=part.message)
        for part in plan.skipped
    ]
    return [*skipped, *(OrderPlanned(order=order) for order in (*plan.sells, *plan.buys))]


def _progress(order: Order, report: OrderReport) -> Decimal:
    """Give the share of an order's quantity that was executed."""
    with sizing():
        return sum((fill.quantity for fill in report.fills), ZERO) / order.quantity


def _replaced(orders: tuple[Order, ...], settled: Order, followers: tuple[Order, ...]) -> tuple[Order, ...]:
    return tuple(
        kept
        for order in orders
        for kept in (followers if order.client_order_id == settled.client_order_id else (order,))
    )
