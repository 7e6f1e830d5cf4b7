"""One decision day after another: facts, decision, orders, journal. The same in every mode.

A session does not know what time it is nor where bars and fills come from. A driver tells it that a day is over
(`decide`) and that orders can be sent (`work_orders`); it answers by events, each written before it is acted on.
Events that belong to one act are written together, so that a crash leaves an act done or not done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from engine.core.calendar import decision_instant
from engine.core.events import (
    AccountReset,
    ContextSeen,
    DataDoubted,
    DayDecided,
    Event,
    OrderCancelled,
    OrderPlanned,
    OrderSent,
    OrderUnresolved,
    OrderWaits,
    RunEnded,
    RunStarted,
)
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.marks import closes_at, days_of_older
from engine.core.money import ZERO, plain
from engine.core.order import Fill, Order, OrderReport, OrderStatus
from engine.core.orders_in_flight import SELL_WAIT_DAYS, Stage
from engine.core.planner import Planner
from engine.core.settling import cut_to_held, plan_events, position_events, settling, taken_up
from engine.core.sizing import Sizing, sized_targets
from engine.core.strategy import AnyStrategy, Decision, Observations, StrategyState
from engine.core.valuation import HeldAtClose
from engine.ports import Journal, Venue
from engine.standing import Standing

WIPED_BY_A_RESET = "wiped by a reset of the exchange"


class Session:
    """Runs one strategy on one account, from where it stands.

    Args:
        sell_wait_days: calendar days for which buys wait for a sell that was tried and not wholly executed.
        sizing: scales the targets of a change; None where nothing does.

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
        self._sizing = sizing
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
        core = self._strategy.universe.core
        held = closes_at(self.ledger.positions, day, history, self.standing.marks)
        equity = self.ledger.equity(held)
        before = self.state
        stuck = self.stuck(decision_instant(day))
        holdings = HeldAtClose(
            ledger=self.ledger,
            closes=held,
            equity=equity,
            orders_waiting=self.standing.orders.holds_back(stuck),
            entries_allowed=entries_allowed,
            stuck=tuple(stuck),
            before=self.standing.rotation,
            sizing=None if self._sizing is None else partial(self._sizing.sized, history=history, day=day),
        )
        decision: Decision[StrategyState] = self._strategy.decide(before, observations.at(day), holdings)
        targets, wanted = sized_targets(decision, holdings, standing=self.standing.targets, wanted=self.standing.wanted)
        others = [asset for asset in (core, *targets) if asset not in held]
        closes = {**held, **closes_at(others, day, history, self.standing.marks)}
        dust = self._planner.crumbs(self.ledger, held).difference(targets, (core,))
        reason = decision.reason if decision.trade else self.standing.unplanned
        decided = DayDecided(
            day=day,
            state=before.name,
            next_state=decision.state.name,
            reason=decision.reason,
            evidence=decision.evidence,
            rules=decision.rules,
            targets=targets,
            wanted=wanted,
            changed=decision.trade,
            equity=equity,
            cash=self.ledger.cash,
            core_close=closes[core],
            memory=decision.state,
            closes={asset: close for asset, close in closes.items() if asset not in dust},
            planned=reason is not None and plan_orders,
            marked_on=days_of_older([asset for asset in held if asset not in dust], day, history, self.standing.marks),
        )
        plan: Sequence[Event] = ()
        if plan_orders and reason is not None:
            plan = self._plan(day, targets, reason, closes)
        elif plan_orders and self.standing.missed.coins:
            plan = self._plan_again(day, targets, closes)
        if hold_plans and (decided.planned or plan):
            return False
        self._record(*self._opening, *self._doubts, decided, *plan)
        self._opening, self._doubts = (), ()
        return True

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

        While an order is unresolved the venue is asked for its fate, and nothing is sent.
        """
        for order in self.standing.orders.restoring:
            self._work(order, at)
        if self._awaits(self.standing.orders.restoring, at):
            return
        for order in self.standing.orders.sells:
            self._work(order, at)
        if not self._awaits(self.standing.orders.sells, at):
            for order in self.standing.orders.buys:
                if not self.standing.orders.awaits_cash(order):
                    self._work(order, at)

    def _record(self, *events: Event) -> None:
        """Write the events of one act, then stand where they lead: nothing is known that is not written."""
        self._journal.append_all(events)
        self.standing = self.standing.after_all(events)

    def _plan(self, day: date, targets: Mapping[str, float], reason: str, closes: Mapping[str, Decimal]) -> list[Event]:
        """Plan for a day's targets; what still waits for earlier ones is dropped, but for what a reset had wiped."""
        epoch = self.standing.epoch
        plan = self._planner.plan(targets, ledger=self.ledger, closes=closes, day=day, reason=reason, epoch=epoch)
        orders = self.standing.orders
        cancelled = [OrderCancelled(day=day, order=order) for order in (*orders.sells, *orders.buys)]
        return [*cancelled, *plan_events(plan, day)]

    def _plan_again(self, day: date, targets: Mapping[str, float], closes: Mapping[str, Decimal]) -> list[Event]:
        """Plan for the coins that are out of position, by the market's rules of now, once their orders have ended."""
        # What restores after a reset is no order of the change: the ledger holds all along what it puts back.
        open_ = {order.asset for order in self.waiting if not order.restores}
        missed = [each for asset, each in self.standing.missed.coins.items() if asset not in open_]
        if not missed:
            return []
        planner = replace(self._planner, instruments={**self._planner.instruments, **self._venue.instruments()})
        epoch = self.standing.epoch
        plan = planner.plan_again(missed, targets, ledger=self.ledger, closes=closes, day=day, epoch=epoch)
        return plan_events(plan, day)

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
        ours = cut_to_held(order, self.ledger, self._planner.instruments[order.asset])
        if ours.quantity <= ZERO:
            nothing = f"no lot of it is held: {plain(self.ledger.quantity(order.asset))} {order.asset}"
            report = OrderReport(status=OrderStatus.REJECTED, waived=True, message=nothing)
        else:
            self._record(OrderSent(at=at, order=ours, held=self._venue.held(ours.asset)))
            report = self._venue.submit(
                ours, at=at, cash=self.ledger.cash, alongside=self.standing.orders.alongside(order)
            )
        self._book(ours, report, at)

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
