"""Two runs over the same days, compared decision by decision, order by order, fill by fill.

A decision must be equal to the letter. For money a tolerance would be a hole: the live run's orders must be what the
shared planner makes of the live run's own account, its fills what the exchange's rules make of these orders, and its
equity what its fills add up to, each exactly, to the last digit. What is not so is unexplained. What is so and yet
differs from the backtest goes back to rules that differ, and `attribution` says to which.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias, assert_never

from engine.core.events import (
    AccountReset,
    DataDoubted,
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
    PositionMissed,
    PositionReached,
    RunEnded,
    RunStarted,
)
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.money import ZERO, decimal_of, exact, plain
from engine.core.order import Fill, Order, Side
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.planner import Planner
from engine.research.attribution import ByCause, Cause, FillPair, Gaps, main_cause
from engine.research.exchange_model import ExchangeModel, ExpectedFill

MONEY = ("equity", "cash", "closes")
"""What of a decision depends on the account, and is checked against the fills and the bars instead."""
KINDS = ("bar", "decision", "equity", "order", "fill")
PRICES = ("open", "high", "low", "close")
BASIS_POINTS = 10_000
Key: TypeAlias = tuple[date, str, Side]
"""Decision day, asset and side: the orders that one decision sends for one asset, however they are split."""
OnTheWay: TypeAlias = (
    RunStarted
    | DataDoubted
    | OrderSent
    | OrderWaits
    | OrderUnresolved
    | PositionMissed
    | PositionReached
    | AccountReset
    | RunEnded
)
"""Events that are on the way to what is compared, and are not compared themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference.

    Attributes:
        what: in words, with both values where it is not explained.
        cause: where it comes from; None where nothing explains it.
        size: in basis points of the backtest's value.
    """

    day: date
    kind: str
    what: str
    cause: Cause | None
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of a comparison.

    Attributes:
        equity, live_equity: at the close of the last day.
        equity_gap: their difference by cause, quote currency.
    """

    days: int
    orders: int
    fills: int
    differences: Sequence[Difference]
    equity: Decimal
    live_equity: Decimal
    equity_gap: Mapping[Cause, float]

    @property
    def unexplained(self) -> Sequence[Difference]:
        """The differences that nothing explains, in order."""
        return [difference for difference in self.differences if difference.cause is None]


@dataclass(slots=True)
class Step:
    """A decision and what happened until the next one; `events` is all of it in order."""

    decided: DayDecided
    events: list[Event] = field(default_factory=list)
    planned: list[Order] = field(default_factory=list)
    skipped: list[tuple[str, Side, Decimal, str]] = field(default_factory=list)
    cancelled: set[Key] = field(default_factory=set)
    rejected: dict[Key, list[Order]] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)


def revisions(history: History, live_history: History, *, last_day: date) -> list[Difference]:
    """Give the bars that the live run saw otherwise than the backtest, or not at all; the size is of the close."""
    differences = []
    for symbol, live in live_history.series.items():
        bars = history[symbol]
        for position, ordinal in enumerate(bars.ordinals.tolist()):
            day = date.fromordinal(ordinal)
            if day > last_day:
                break
            at = live.position_on(day)
            what = f"{symbol} bar"
            if at is None:
                differences.append(Difference(day=day, kind="bar", what=what, cause=Cause.REVISION, size=BASIS_POINTS))
            elif any(getattr(live, name)[at] != getattr(bars, name)[position] for name in PRICES):
                size = BASIS_POINTS * abs(float(live.close[at] / bars.close[position]) - 1)
                differences.append(Difference(day=day, kind="bar", what=what, cause=Cause.REVISION, size=size))
    return differences


def steps_of(events: Iterable[Event]) -> list[Step]:
    """Cut a journal into steps; fills after the last decision are left out, since history has no open there."""
    steps: list[Step] = []
    for event in events:
        match event:
            case DayDecided():
                steps.append(Step(decided=event))
            case OrderPlanned(order=order):
                steps[-1].planned.append(order)
            case OrderSkipped():
                steps[-1].skipped.append((event.asset, event.side, event.quantity, event.message))
            case OrderCancelled(order=order):
                steps[-1].cancelled.add(_key(order))
            case OrderRejected(order=order):
                steps[-1].rejected.setdefault(_key(order), []).append(order)
            case OrderFilled(fill=fill):
                steps[-1].fills.append(fill)
            case _:
                if not isinstance(event, OnTheWay):
                    assert_never(event)
        if steps:
            steps[-1].events.append(event)
    if steps:
        steps[-1].fills.clear()
        steps[-1].events.clear()
    return steps


def compare(
    backtest: Iterable[Event], live: Iterable[Event], *, planner: Planner, model: ExchangeModel, start: Ledger
) -> Comparison:
    """Compare a live run with the backtest over the same days.

    Args:
        planner: by the rules that the live run plans with.
        model: of the exchange that the live run trades on; its history is the backtest's.
        start: the account before the first day, the same for both.
    """
    return _Comparer(planner, model, start).compare(steps_of(backtest), steps_of(live))


class _Comparer:
    def __init__(self, planner: Planner, model: ExchangeModel, start: Ledger) -> None:
        self._planner = planner
        self._model = model
        self._history: History = model.history
        self._ledger = start
        self._in_flight = OrdersInFlight()
        self._gaps = Gaps()
        self._planned: set[Key] = set()
        self._live_planned: set[Key] = set()
        self._planned_gaps: dict[Key, ByCause] = {}
        self._differences: list[Difference] = []
        self._orders = self._fills = 0

    def compare(self, backtest: Sequence[Step], live: Sequence[Step]) -> Comparison:
        live_by_day = {step.decided.day: step for step in live}
        for step in backtest:
            other = live_by_day.pop(step.decided.day, None)
            if other is None:
                self._unexplained(step.decided.day, "decision", "the live run decided nothing on this day")
                continue
            self._compare_step(step, other)
        for day in live_by_day:
            self._unexplained(day, "decision", "the live run decided a day that the backtest did not")
        self._differences.sort(key=lambda difference: difference.day)
        return Comparison(
            days=len(backtest),
            orders=self._orders,
            fills=self._fills,
            differences=tuple(self._differences),
            equity=backtest[-1].decided.equity if backtest else ZERO,
            live_equity=live[-1].decided.equity if live else ZERO,
            equity_gap=self._gaps.equity(self._closes(backtest[-1].decided.day)) if backtest else {},
        )

    def _compare_step(self, step: Step, live: Step) -> None:
        self._compare_decisions(step.decided, live.decided)
        self._check_money(step.decided, live.decided)
        self._check_orders(live)
        self._compare_orders(step, live)
        self._check_fills(step, live)
        self._compare_fills(step, live)

    def _compare_decisions(self, decided: DayDecided, live: DayDecided) -> None:
        for name in (each.name for each in fields(DayDecided) if each.name not in MONEY):
            ours, theirs = getattr(decided, name), getattr(live, name)
            if ours != theirs:
                self._unexplained(decided.day, "decision", f"{name} is {theirs} live and {ours} in the backtest")

    def _check_money(self, decided: DayDecided, live: DayDecided) -> None:
        equity = self._ledger.equity({asset: self._close(asset, live.day) for asset in self._ledger.positions})
        for name, has, due in (("equity", live.equity, equity), ("cash", live.cash, self._ledger.cash)):
            if has != due:
                self._unexplained(
                    live.day, "equity", f"the live {name} is {plain(has)}, and its fills come to {plain(due)}"
                )
        if live.equity != decided.equity:
            self._explained(
                live.day, "equity", main_cause(self._gaps.equity(self._closes(live.day))), decided.equity, live.equity
            )

    def _check_orders(self, live: Step) -> None:
        """Plan the live run's orders anew from its own account."""
        decided = live.decided
        if decided.changed:
            assets = {**self._ledger.positions, **decided.targets}
            plan = self._planner.plan(
                decided.targets,
                ledger=self._ledger,
                closes={asset: self._close(asset, decided.day) for asset in assets},
                day=decided.day,
                reason=decided.reason,
            )
            due = [*plan.sells, *plan.buys]
            due_skips = [(part.asset, part.side, part.quantity, part.message) for part in plan.skipped]
        else:
            due, due_skips = [], []
        if live.planned != due or live.skipped != due_skips:
            self._unexplained(
                decided.day, "order", f"the live run planned {_words(live.planned)}; its account asks for {_words(due)}"
            )

    def _compare_orders(self, step: Step, live: Step) -> None:
        day = step.decided.day
        if step.cancelled != live.cancelled:
            self._unexplained(day, "order", "orders that still waited were cancelled in one run only")
        totals, live_totals = _totals(step.planned), _totals(live.planned)
        self._planned |= totals.keys()
        self._live_planned |= live_totals.keys()
        closes = self._closes(day)
        for key in dict.fromkeys((*totals, *live_totals)):
            self._orders += 1
            quantity, live_quantity = totals.get(key, ZERO), live_totals.get(key, ZERO)
            gap = self._order_gap(key, step.decided.targets.get(key[1]), closes)
            rounding = float(quantity - live_quantity) - sum(gap.values())
            gap[Cause.FILTERS] = gap.get(Cause.FILTERS, 0.0) + rounding
            self._planned_gaps[key] = gap
            if quantity != live_quantity:
                self._explained(day, "order", main_cause(gap), quantity, live_quantity, what=f"{key[2]} {key[1]}")

    def _order_gap(self, key: Key, weight: float | None, closes: Mapping[str, float]) -> ByCause:
        _, asset, side = key
        if weight is None:
            return self._gaps.order(asset, weight=None, closes=closes, unit=1.0)
        costs = float(self._planner.costs.commission + self._planner.costs.slippage)
        unit = closes[asset] * (1 + costs) if side is Side.BUY else -closes[asset]
        return self._gaps.order(asset, weight=weight, closes=closes, unit=unit)

    def _check_fills(self, step: Step, live: Step) -> None:
        """Work out anew what the exchange must have made of the live run's orders, and book what it did."""
        for event in live.events:
            if isinstance(event, OrderFilled):
                self._check_fill(event.fill)
                self._ledger = self._ledger.apply(event.fill)
            self._in_flight = self._in_flight.after(event)
        self._check_lone_fills(step, live)

    def _check_fill(self, fill: Fill) -> None:
        flight = self._in_flight.at(fill.client_order_id)
        day = fill.at.date()
        if flight is None or not flight.is_open or flight.order.client_order_id != fill.client_order_id:
            self._unexplained(day, "fill", f"{fill.client_order_id} was filled, and no such order was open")
            return
        due = self._due(flight.order, fill.at)
        has = (fill.quantity, fill.price, fill.fee, fill.fee_asset)
        if due is None:
            self._unexplained(day, "fill", f"{fill.side} {fill.symbol} was filled on a day without a bar")
        elif has != (due.quantity, due.price, due.fee, due.fee_asset):
            self._unexplained(
                day,
                "fill",
                f"live {fill.side} {plain(fill.quantity)} {fill.symbol} at {plain(fill.price)}, fee "
                f"{fill.fee} {fill.fee_asset}; by the rules {plain(due.quantity)} at {plain(due.price)}, fee "
                f"{due.fee} {due.fee_asset}",
            )

    def _check_lone_fills(self, step: Step, live: Step) -> None:
        """Accept what was executed in one run only where the other run sent nothing, or rightly could not."""
        ours, theirs = ({_key(fill): fill for fill in each.fills} for each in (step, live))
        for key, fill in ours.items():
            is_right = key not in self._live_planned or (key in live.rejected and not self._is_due(live, key, fill))
            if key not in theirs and not is_right:
                what = f"{fill.side} {plain(fill.quantity)} {fill.symbol} was not executed live"
                self._unexplained(fill.at.date(), "fill", what)
        for key, fill in theirs.items():
            if key not in ours and key in self._planned and key not in step.rejected:
                what = f"live {fill.side} {plain(fill.quantity)} {fill.symbol} was not executed in the backtest then"
                self._unexplained(fill.at.date(), "fill", what)

    def _due(self, order: Order, at: datetime) -> ExpectedFill | None:
        others = self._in_flight.buys if order.side is Side.BUY else ()
        alongside = [each for each in others if each is not order]
        return self._model.fill(order, at=at, cash=self._ledger.cash, alongside=alongside)

    def _is_due(self, live: Step, key: Key, fill: Fill) -> bool:
        due = [self._due(order, fill.at) for order in live.rejected[key]]
        return any(each is not None and each.quantity > ZERO for each in due)

    def _compare_fills(self, step: Step, live: Step) -> None:
        by_key, live_by_key = _by_key(step.fills), _by_key(live.fills)
        # Live's order: sells first, as both runs send.
        for key in dict.fromkeys((*live_by_key, *by_key)):
            self._fills += 1
            ours, theirs = by_key.get(key, []), live_by_key.get(key, [])
            pair = self._pair(key, ours, theirs)
            gap = self._gaps.book(pair, self._planned_gaps.get(key, {}))
            day = (ours or theirs)[0].at.date()
            words = f"{key[2]} {key[1]}"
            if pair.quantity != pair.live_quantity:
                self._explained(day, "fill", main_cause(gap), pair.quantity, pair.live_quantity, what=words)
            if ours and theirs:
                self._compare_prices(day, words, pair)
                if ours[0].at != theirs[0].at:
                    self._add(Difference(day=day, kind="fill", what=f"{words}: instant", cause=Cause.TIMING))
                if theirs[0].fee_asset != ours[0].fee_asset:
                    size = BASIS_POINTS * pair.live_fee / pair.live_quantity
                    self._add(Difference(day=day, kind="fill", what=f"{words}: fee", cause=Cause.FEES, size=size))

    def _compare_prices(self, day: date, words: str, pair: FillPair) -> None:
        for cause, before, after in (
            (Cause.TIMING, pair.price, pair.instant_price),
            (Cause.PRICE, pair.instant_price, pair.live_price),
        ):
            if before != after:
                size = BASIS_POINTS * abs(after / before - 1)
                self._add(Difference(day=day, kind="fill", what=f"{words}: price", cause=cause, size=size))

    def _pair(self, key: Key, ours: Sequence[Fill], theirs: Sequence[Fill]) -> FillPair:
        price = _average(ours) or _average(theirs)
        instant_price = None
        if ours and theirs:
            instant_price = self._model.price_at(key[1], key[2], theirs[0].at)
        return FillPair(
            asset=key[1],
            buys=key[2] is Side.BUY,
            quantity=float(sum(fill.quantity for fill in ours)),
            live_quantity=float(sum(fill.quantity for fill in theirs)),
            price=price,
            live_price=_average(theirs) or price,
            instant_price=price if instant_price is None else float(instant_price),
            fee=float(sum(fill.fee for fill in ours)),
            live_fee=float(sum(fill.fee for fill in theirs)),
        )

    def _close(self, asset: str, day: date) -> Decimal:
        return decimal_of(self._history[asset].close_at(day) or 0.0)

    def _closes(self, day: date) -> dict[str, float]:
        return {asset: self._history[asset].close_at(day) or 0.0 for asset in self._planner.trading_order}

    def _explained(
        self, day: date, kind: str, cause: Cause, ours: Decimal | float, theirs: Decimal | float, *, what: str = ""
    ) -> None:
        size = BASIS_POINTS * abs(float(theirs) / float(ours) - 1) if ours else BASIS_POINTS
        self._add(Difference(day=day, kind=kind, what=what or kind, cause=cause, size=size))

    def _unexplained(self, day: date, kind: str, what: str) -> None:
        self._add(Difference(day=day, kind=kind, what=what, cause=None))

    def _add(self, difference: Difference) -> None:
        self._differences.append(difference)


def _key(traded: Order | Fill) -> Key:
    return traded.decision_day, traded.asset, traded.side


def _totals(orders: Iterable[Order]) -> dict[Key, Decimal]:
    totals: dict[Key, Decimal] = {}
    with exact():
        for order in orders:
            totals[_key(order)] = totals.get(_key(order), ZERO) + order.quantity
    return totals


def _by_key(fills: Iterable[Fill]) -> dict[Key, list[Fill]]:
    result: dict[Key, list[Fill]] = {}
    for fill in fills:
        result.setdefault(_key(fill), []).append(fill)
    return result


def _average(fills: Sequence[Fill]) -> float:
    if len({fill.price for fill in fills}) == 1:
        return float(fills[0].price)
    quantity = float(sum(fill.quantity for fill in fills))
    return float(sum(fill.notional for fill in fills)) / quantity if quantity else 0.0


def _words(orders: Sequence[Order]) -> str:
    return ", ".join(f"{order.side} {plain(order.quantity)} {order.asset}" for order in orders) or "nothing"
