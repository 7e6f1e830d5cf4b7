"""Fakes of the ports and builders of orders, fills and decisions, for tests of what works with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from engine.core.events import DayDecided, Event, Evidence, OrderSent
from engine.core.instrument import Instrument
from engine.core.market import History
from engine.core.money import exact
from engine.core.order import Fill, Order, OrderReport, OrderStatus, Side
from engine.core.reading import Readings
from engine.core.rotation_equity import RotationEquity
from engine.core.strategy import Decision, Holdings, Universe
from engine.journal.memory import MemoryJournal
from engine.trading.first_sends import FirstSends

DAY = date(2024, 1, 1)
"""A Monday, and the day of everything built here that is not given another."""
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def instrument(asset: str, *, step: str = "0.1", least: str = "5", most: str | None = None) -> Instrument:
    return Instrument(
        symbol=f"{asset}/USDT",
        lot_step=Decimal(step),
        minimum_notional=Decimal(least),
        maximum_quantity=None if most is None else Decimal(most),
    )


def order_of(asset: str, side: Side, quantity: str, *, name: str = "", reason: str = "entry") -> Order:
    return Order(
        client_order_id=name or f"{asset}-{side}",
        asset=asset,
        symbol=f"{asset}/USDT",
        side=side,
        quantity=Decimal(quantity),
        decision_day=DAY,
        reason=reason,
    )


def fill_of(
    asset: str,
    side: Side,
    quantity: str,
    price: str,
    *,
    fee: str = "0",
    fee_asset: str = "USDT",
    reason: str = "entry",
    name: str = "",
) -> Fill:
    with exact():
        notional = Decimal(quantity) * Decimal(price)
    return Fill(
        at=NOON,
        order_id="7",
        client_order_id=name or f"{asset}-{side}",
        asset=asset,
        symbol=f"{asset}/USDT",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        notional=notional,
        fee=Decimal(fee),
        fee_asset=fee_asset,
        decision_day=DAY,
        reason=reason,
    )


def decided(
    day: date = DAY,
    state: str = "CORE",
    next_state: str = "CORE",
    *,
    reason: str = "hold",
    equity: str = "1000",
    core_close: str = "100",
    evidence: Evidence | None = None,
    targets: Mapping[str, float] | None = None,
    closes: Mapping[str, Decimal] | None = None,
    rules: Readings | None = None,
) -> DayDecided:
    return DayDecided(
        day=day,
        state=state,
        next_state=next_state,
        reason=reason,
        evidence=evidence or {},
        rules=rules or {},
        targets={"BTC": 0.995} if targets is None else targets,
        changed=reason != "hold",
        equity=Decimal(equity),
        cash=Decimal(5),
        core_close=Decimal(core_close),
        memory=None,
        closes=closes or {},
    )


def free_sends() -> FirstSends:
    """Hold nothing back, as a run does that begins."""
    return FirstSends(0.0, pause=lambda _: None, notice=lambda _: None)


class FakeVenue:
    """Fills every order whole at a price by asset and takes no fee, unless a report is scripted for it.

    Attributes:
        closed: assets whose market takes no orders; scripted: reports by client order id, each used once.
        submitted: what was handed over, each with the cash then and the last event that was written before.
        asked: client order ids whose fate was asked for; fates: the answers, in order; UNRESOLVED when there are none.
    """

    def __init__(self, prices: Mapping[str, str], journal: MemoryJournal) -> None:
        self.prices = prices
        self.journal = journal
        self.closed: set[str] = set()
        self.scripted: dict[str, OrderReport] = {}
        self.submitted: list[tuple[Order, Decimal, Event]] = []
        self.asked: list[str] = []
        self.fates: list[OrderReport] = []

    def instruments(self) -> Mapping[str, Instrument]:
        return {asset: instrument(asset) for asset in self.prices}

    def why_closed(self, asset: str, at: datetime) -> str:
        return "halted" if asset in self.closed else ""

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        self.submitted.append((order, cash, list(self.journal)[-1]))
        name, price = order.client_order_id, self.prices[order.asset]
        whole = fill_of(order.asset, order.side, str(order.quantity), price, name=name)
        return self.scripted.pop(order.client_order_id, OrderReport(status=OrderStatus.FILLED, fills=(whole,)))

    def held(self, asset: str) -> Decimal | None:
        return None

    def resolve(self, order: Order, *, at: datetime, sent: OrderSent | None = None) -> OrderReport:
        self.asked.append(order.client_order_id)
        return self.fates.pop(0) if self.fates else OrderReport(status=OrderStatus.UNRESOLVED, message="still asking")


@dataclass(frozen=True, kw_only=True)
class FakeHoldings:
    """Weights held, as told."""

    held: Mapping[str, float] = field(default_factory=dict)
    orders_waiting: bool = False
    entries_allowed: bool = True
    stuck: Collection[str] = ()
    delisted: Collection[str] = ()
    rotation: RotationEquity | None = None
    scale: float = 1.0

    def weights(self) -> Mapping[str, float]:
        return self.held

    def sized(self, targets: Mapping[str, float]) -> Mapping[str, float]:
        return {asset: weight * self.scale for asset, weight in targets.items()}


@dataclass(frozen=True)
class ScriptedState:
    """How many days were decided."""

    days: int = 0

    @property
    def name(self) -> str:
        return f"DAY{self.days}"


class ScriptedStrategy:
    """Decides day after day the targets of a list; None holds.

    It is its own observations: a day's facts are the day.
    """

    first_day = DAY

    def __init__(self, assets: Sequence[str], targets: Sequence[Mapping[str, float] | None]) -> None:
        self.universe = Universe(core=assets[0], assets=tuple(assets))
        self._targets = targets
        self.holdings: list[Holdings] = []

    def observe(self, history: History) -> "ScriptedStrategy":
        return self

    def at(self, day: date) -> date:
        return day

    def start(self) -> ScriptedState:
        return ScriptedState()

    def decide(self, state: ScriptedState, facts: date, holdings: Holdings) -> Decision[ScriptedState]:
        self.holdings.append(holdings)
        targets = self._targets[state.days]
        return Decision(
            state=ScriptedState(state.days + 1),
            reason="hold" if targets is None else f"change {state.days + 1}",
            targets=targets or {},
            trade=targets is not None,
            evidence={},
        )
