"""One decision day after another: facts, decision, orders, journal. The same in every mode.

A session does not know what time it is nor where bars and fills come from. A driver tells it that a day is over
(`decide`) and that orders can be sent (`work_orders`); it answers by events, each written before it is acted on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.core.events import (
    DayDecided,
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
from engine.core.money import decimal_of
from engine.core.order import Order, OrderReport, OrderStatus
from engine.core.planner import Planner
from engine.core.strategy import AnyStrategy, Decision, Observations, StrategyState
from engine.ports import Journal, Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAtClose:
    """What is held at a day's closes, valued only when a strategy asks."""

    ledger: Ledger
    closes: Mapping[str, Decimal]
    equity: Decimal
    orders_waiting: bool

    def weights(self) -> Mapping[str, float]:
        """Give held value / equity by asset."""
        return {asset: float(held * self.closes[asset] / self.equity) for asset, held in self.ledger.positions.items()}


class Session:
    """Runs one strategy on one account.

    Attributes:
        ledger: what the account holds now.
        state: the strategy's memory.
        waiting: orders decided and not yet settled, sells first.
    """

    def __init__(
        self, *, strategy: AnyStrategy, planner: Planner, venue: Venue, journal: Journal, ledger: Ledger
    ) -> None:
        self.ledger = ledger
        self.state: StrategyState = strategy.start()
        self._strategy = strategy
        self._planner = planner
        self._venue = venue
        self._journal = journal
        self._sells: tuple[Order, ...] = ()
        self._buys: tuple[Order, ...] = ()
        self._unresolved: Order | None = None
        self._told_to_wait: set[str] = set()

    @property
    def waiting(self) -> tuple[Order, ...]:
        """The orders that are not settled, in the order in which they are sent."""
        return self._sells + self._buys

    def begin(self, first_day: date, *, notes: tuple[str, ...] = ()) -> None:
        """Write down that a run begins."""
        self._journal.append(
            RunStarted(
                first_day=first_day,
                cash=self.ledger.cash,
                quote=self.ledger.quote,
                core=self._strategy.universe.core,
                notes=notes,
            )
        )

    def end(self, last_day: date) -> None:
        """Write down that a run ends, and which orders still wait."""
        self._journal.append(RunEnded(last_day=last_day, waiting=self.waiting))

    def decide(self, day: date, observations: Observations[object], history: History) -> None:
        """Decide one day, write the decision, and plan its orders.

        Args:
            day: a day with a bar of the core, over and final.
            observations: facts by day, as the strategy made them of `history`.
            history: closes up to `day` at least; only those are read.

        Raises:
            ValueError: an order is unresolved, so what is held is not known; `work_orders` asks for its fate.
        """
        if self._unresolved is not None:
            raise ValueError(f"{self._unresolved.client_order_id} is unresolved; it is settled before a day is decided")
        closes = self._closes(self.ledger.positions, day, history)
        equity = self.ledger.equity(closes)
        before = self.state
        decision: Decision[StrategyState] = self._strategy.decide(
            before,
            observations.at(day),
            HeldAtClose(ledger=self.ledger, closes=closes, equity=equity, orders_waiting=bool(self.waiting)),
        )
        core = self._strategy.universe.core
        self._journal.append(
            DayDecided(
                day=day,
                state=before.name,
                next_state=decision.state.name,
                reason=decision.reason,
                evidence=decision.evidence,
                targets=decision.targets,
                changed=decision.trade,
                equity=equity,
                cash=self.ledger.cash,
                core_close=closes[core] if core in closes else self._closes((core,), day, history)[core],
                memory=decision.state,
            )
        )
        self.state = decision.state
        if decision.trade:
            self._plan(decision, day, history)

    def work_orders(self, at: datetime) -> None:
        """Send what can be sent at `at`: sells, and buys once every sell of the same decision is settled.

        While an order is unresolved the venue is asked for its fate, and nothing is sent.
        """
        self._sells = self._unsettled(self._sells, at)
        if not self._sells:
            self._buys = self._unsettled(self._buys, at)

    def _unsettled(self, orders: tuple[Order, ...], at: datetime) -> tuple[Order, ...]:
        return tuple(order for order in orders if not self._settled(order, at))

    def _closes(
        self, assets: Mapping[str, object] | tuple[str, ...], day: date, history: History
    ) -> dict[str, Decimal]:
        closes = {}
        for asset in assets:
            close = history[asset].close_at(day)
            if close is None:
                raise ValueError(f"{asset} is held or targeted on {day} and has no close up to then")
            closes[asset] = decimal_of(close)
        return closes

    def _plan(self, decision: Decision[StrategyState], day: date, history: History) -> None:
        for order in self.waiting:
            self._journal.append(OrderCancelled(day=day, order=order))
        self._told_to_wait.clear()
        plan = self._planner.plan(
            decision.targets,
            ledger=self.ledger,
            closes=self._closes({**self.ledger.positions, **decision.targets}, day, history),
            day=day,
            reason=decision.reason,
        )
        for skipped in plan.skipped:
            self._journal.append(
                OrderSkipped(
                    day=day,
                    asset=skipped.asset,
                    side=skipped.side,
                    quantity=skipped.quantity,
                    message=skipped.message,
                )
            )
        for order in (*plan.sells, *plan.buys):
            self._journal.append(OrderPlanned(order=order))
        self._sells, self._buys = plan.sells, plan.buys

    def _settled(self, order: Order, at: datetime) -> bool:
        if self._unresolved not in (None, order):
            return False
        if self._unresolved is None:
            if not self._venue.is_open(order.asset, at):
                self._say_once(OrderWaits(at=at, order=order, message="the market takes no orders now"))
                return False
            self._journal.append(OrderSent(at=at, order=order))
            report = self._venue.submit(order, at=at, cash=self.ledger.cash)
        else:
            report = self._venue.resolve(order, at=at)
        return self._booked(order, report, at)

    def _booked(self, order: Order, report: OrderReport, at: datetime) -> bool:
        for fill in report.fills:
            self._journal.append(OrderFilled(fill=fill))
            self.ledger = self.ledger.apply(fill)
        was_unresolved, self._unresolved = self._unresolved, None
        match report.status:
            case OrderStatus.FILLED:
                return True
            case OrderStatus.REJECTED:
                self._journal.append(OrderRejected(at=at, order=order, message=report.message))
                return True
            case OrderStatus.WAITING:
                self._say_once(OrderWaits(at=at, order=order, message=report.message))
                return False
            case OrderStatus.UNRESOLVED:
                self._unresolved = order
                if was_unresolved is None:
                    self._journal.append(OrderUnresolved(at=at, order=order, message=report.message))
                return False

    def _say_once(self, event: OrderWaits) -> None:
        # An order for a delisted coin may wait for years; one line says so.
        if event.order.client_order_id not in self._told_to_wait:
            self._told_to_wait.add(event.order.client_order_id)
            self._journal.append(event)
