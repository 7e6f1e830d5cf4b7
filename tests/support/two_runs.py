"""Journals of a backtest and of a live run, made by the real planner and ledger out of the same targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.decisions import Mind
from engine.analysis.comparison.differences import Attribution
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.tolerant import tolerant
from engine.core.calendar import opening_instant
from engine.core.events import (
    AccountReset,
    DayDecided,
    Event,
    OrderFilled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
)
from engine.core.fills import Costs, execute_at, fill_of
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.money import decimal_of, exact, floor_to_step
from engine.core.order import Order, Side, client_order_id
from engine.core.planner import Planner
from tests.support.fakes import DAY, ScriptedState, ScriptedStrategy, instrument
from tests.support.markets import coin_bars, history_of

COSTS = Costs(commission=Decimal("0.001"), slippage=Decimal("0.0005"))
START = Ledger(quote="USDT", cash=Decimal(10_000))
ASSETS = ("BTC", "ETH")
CLOSES = {
    "BTC": [100.0, 104.0, 99.0, 97.0, 103.0, 110.0, 108.0, 115.0],
    "ETH": [10.0, 10.5, 11.5, 11.0, 12.0, 11.2, 12.4, 13.0],
}
DAYS = [DAY + timedelta(days=n) for n in range(8)]
BARS = {asset: coin_bars(asset, DAY, closes, opens=[closes[0], *closes[:-1]]) for asset, closes in CLOSES.items()}
HISTORY = history_of(*BARS.values())
FINE = {asset: instrument(asset, step="0.0001") for asset in ASSETS}


@dataclass(frozen=True, kw_only=True)
class Trade:
    """What a venue makes of one order.

    Attributes:
        is_silent: whether nothing is written of what was not executed.
        share: what of it is executed; factor: on the price of the rule; fee: rate.
        in_coin: whether a buy's fee is taken from the coin; hour: of the day.
    """

    share: float = 1.0
    factor: float = 1.0
    fee: str = "0.001"
    in_coin: bool = False
    hour: int = 0
    is_silent: bool = False


@dataclass(kw_only=True)
class Run:
    """Makes the journal of a run, day by day.

    Attributes:
        seen: closes that it saw otherwise, by day and asset.
        missed: days on which it decided and planned nothing.
        altered: quantities that it plans in place of the planner's, by day and asset.
        beside: quantities that it buys for no decision, after that of a day, by day and asset.
        costs: what its planner sets aside.
        hides_crumbs: whether closes of crumbs are not on record; a journal has none.
        resets: coins that a reset of the exchange takes, by the day before it.
    """

    instruments: Mapping[str, Instrument] = field(default_factory=lambda: FINE)
    trades: Sequence[Trade] = ()
    seen: Mapping[tuple[date, str], float] = field(default_factory=dict)
    missed: frozenset[date] = frozenset()
    altered: Mapping[tuple[date, str], str] = field(default_factory=dict)
    beside: Mapping[tuple[date, str], str] = field(default_factory=dict)
    costs: Costs = COSTS
    hides_crumbs: bool = False
    resets: Mapping[date, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    ledger: Ledger = START
    waiting: str | None = None

    def journal(self, targets: Sequence[Mapping[str, float] | None]) -> list[Event]:
        planner = Planner(account="bot", instruments=self.instruments, costs=self.costs, trading_order=ASSETS)
        trades = iter(self.trades)
        standing: Mapping[str, float] = {}
        for count, (day, wanted) in enumerate(zip(DAYS, targets, strict=False), start=1):
            closes = {
                asset: decimal_of(self.seen.get((day, asset), BARS[asset].close_at(day) or 0)) for asset in ASSETS
            }
            standing = standing if wanted is None else wanted
            held = {asset: self.ledger.quantity(asset) * closes[asset] for asset in ASSETS if asset not in standing}
            hidden = [asset for asset, worth in held.items() if self.hides_crumbs and worth < 5]
            reason = "hold" if wanted is None else f"change {count}"
            self.events.append(
                DayDecided(
                    day=day,
                    state=f"DAY{count - 1}",
                    next_state=f"DAY{count}",
                    reason=reason,
                    evidence={},
                    targets=wanted or {},
                    changed=wanted is not None,
                    equity=self.ledger.equity(closes),
                    cash=self.ledger.cash,
                    core_close=closes["BTC"],
                    memory=ScriptedState(count),
                    closes={asset: close for asset, close in closes.items() if asset not in hidden},
                )
            )
            self.waiting = reason if wanted is not None else self.waiting
            if self.waiting is not None and day not in self.missed:
                plan = planner.plan(standing, ledger=self.ledger, closes=closes, day=day, reason=self.waiting)
                self.waiting = None
                self.events.extend(
                    OrderSkipped(
                        day=day, asset=part.asset, side=part.side, quantity=part.quantity, message=part.message
                    )
                    for part in plan.skipped
                )
                self._send([self._planned(order) for order in (*plan.sells, *plan.buys)], trades, day)
            self._send(
                [self._beside(on, asset, quantity) for (on, asset), quantity in self.beside.items() if on == day],
                trades,
                day,
            )
            if day in self.resets:
                self._reset(self.resets[day], day)
        return self.events

    def _reset(self, asset: str, day: date) -> None:
        lost = {asset: self.ledger.quantity(asset)}
        self.ledger = self.ledger.after_reset(lost)
        at = opening_instant(day + timedelta(days=1))
        kept = self.ledger.positions
        self.events.append(
            AccountReset(at=at, epoch=2, forgotten="", cash=self.ledger.cash, positions=kept, written_off=lost)
        )

    def _send(self, orders: Sequence[Order], trades: Iterator[Trade], day: date) -> None:
        self.events.extend(OrderPlanned(order=order) for order in orders)
        for order in orders:
            self._execute(order, next(trades, Trade()), day + timedelta(days=1))

    def _planned(self, order: Order) -> Order:
        quantity = self.altered.get((order.decision_day, order.asset))
        return order if quantity is None else order.with_quantity(Decimal(quantity))

    def _beside(self, day: date, asset: str, quantity: str) -> Order:
        return Order(
            client_order_id=client_order_id(account="bot", day=day, asset=asset, side=Side.BUY),
            asset=asset,
            symbol=f"{asset}/USDT",
            side=Side.BUY,
            quantity=Decimal(quantity),
            decision_day=day,
            reason="nothing",
        )

    def _execute(self, order: Order, trade: Trade, day: date) -> None:
        if day > DAYS[-1]:
            return
        at = opening_instant(day) + timedelta(hours=trade.hour)
        self.events.append(OrderSent(at=at, order=order))
        wanted = order.with_quantity(
            floor_to_step(order.quantity * decimal_of(trade.share), self.instruments[order.asset].lot_step)
        )
        price = decimal_of(BARS[order.asset].open_on(day) or 0) * decimal_of(round(trade.factor, 4))
        costs = replace(COSTS, commission=Decimal(trade.fee))
        done = execute_at(
            wanted,
            reference_price=price,
            cash=self.ledger.cash,
            costs=costs,
            instrument=self.instruments[order.asset],
        )
        if done.quantity > 0:
            fill = fill_of(order, done, at=at, order_id="1", fee_asset="USDT")
            if trade.in_coin and order.side is Side.BUY:
                with exact():
                    fill = replace(fill, fee=done.quantity * costs.commission, fee_asset=order.asset)
            self.events.append(OrderFilled(fill=fill))
            self.ledger = self.ledger.apply(fill)
        if not trade.is_silent and (done.quantity < wanted.quantity or trade.share < 1):
            self.events.append(OrderRejected(at=at, order=order, message="expired"))


PLANNER = Planner(account="bot", instruments=FINE, costs=COSTS, trading_order=ASSETS)


BASKET = {"BTC": 0.3, "ETH": 0.65}
CORE = {"BTC": 0.995}
TARGETS: list[Mapping[str, float] | None] = [CORE, None, BASKET, None, {"ETH": 0.5, "BTC": 0.495}, None, CORE, None]


def reconciled(
    backtest: Sequence[Event],
    live: Sequence[Event],
    *,
    script: Sequence[Mapping[str, float] | None] = TARGETS,
    live_costs: Costs = COSTS,
) -> Attribution:
    ours, theirs = (steps_of(events, START, until=DAYS[-1]) for events in (backtest, live))
    strategy = ScriptedStrategy(ASSETS, script)
    minds = [Mind(strategy=strategy, observations=strategy)]
    policy = tolerant(ours, theirs, minds=minds, planner=PLANNER, costs_at=lambda _: live_costs)
    return compare(ours, theirs, history=HISTORY, planner=PLANNER, policy=policy)
