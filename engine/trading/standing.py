"""Where a session stands: what it needs to go on, between two acts and between two starts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, assert_never

from engine.core.events import (
    AccountReset,
    AssetDelisted,
    ContextSeen,
    DataDoubted,
    DayDecided,
    Event,
    KillSwitchRearmed,
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
from engine.core.marks import Mark
from engine.core.missed import MissedPositions
from engine.core.money import ZERO, exact
from engine.core.order import Fill
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.rotation_equity import RotationEquity, rotation_after
from engine.core.strategy import StrategyState


class Standing(NamedTuple):
    """Where a session stands: all that it needs to go on. Events change it in `after`, and nowhere else.

    A tuple, since each day of a run of seconds makes one, of twenty fields of which few change.

    Attributes:
        ledger: what the account holds.
        state: the strategy's memory.
        orders: those decided and not settled; missed: the coins that are out of position.
        unplanned: the reason of a change of targets whose orders were not planned, because its day was over.
        last_day: the last day decided.
        epoch: how often the exchange was reset, counted from 1.
        known: the first fill that the exchange made since its last reset, None before any.
        identity: begins the client order ids of the run; empty where its name does.
        beside: what the account held beside the ledger where the run or the epoch began, by asset; None: not looked at.
        marks: the last known price by asset that is held or was targeted, for one whose market has left.
        marked_on: by asset held, the day of its price in the last decision where that is older than the decision.
        delisted: the assets that count as delisted, by name: those sold in the books and not targeted again since, and
            those that are left, which are said once.
        highest: the highest equity of a decision, of the run or since the kill switch was re-armed; None before one.
        killed_on: the day on which the kill switch acted that holds now; nothing trades until it is re-armed.
        reset: the last reset of the exchange; None before any.
        rearmed: whether it was re-armed, and no day decided since.
        wiped: what the last reset of the exchange had wiped, by asset, where the kill switch left it so; else empty.
        rotation: what the rotation in being was worth at its closes; None outside one.
        targets: those of the last decision, None before any; wanted: what the strategy wanted, where they are scaled.
    """

    ledger: Ledger
    state: StrategyState
    orders: OrdersInFlight = OrdersInFlight()
    missed: MissedPositions = MissedPositions()
    unplanned: str | None = None
    last_day: date | None = None
    epoch: int = 1
    known: Fill | None = None
    identity: str = ""
    beside: Mapping[str, Decimal] | None = None
    marks: Mapping[str, Mark] = MappingProxyType({})
    marked_on: Mapping[str, date] = MappingProxyType({})
    delisted: Mapping[str, AssetDelisted] = MappingProxyType({})
    highest: Decimal | None = None
    killed_on: date | None = None
    rearmed: bool = False
    reset: AccountReset | None = None
    wiped: Mapping[str, Decimal] = MappingProxyType({})
    rotation: RotationEquity | None = None
    targets: Mapping[str, float] | None = None
    wanted: Mapping[str, float] | None = None

    @property
    def untargeted(self) -> tuple[str, ...]:
        """The assets sold as delisted and not targeted again since: their targets are 0, and their shares stay cash."""
        return tuple(asset for asset, each in self.delisted.items() if each.penalty is not None)

    @property
    def not_restored(self) -> Mapping[str, Decimal]:
        """What the exchange lacks of ours, by asset: a reset wiped it, and the kill switch has nothing bought back."""
        with exact():
            rest = {asset: wanted - self.ledger.outside.get(asset, ZERO) for asset, wanted in self.wiped.items()}
        return {asset: quantity for asset, quantity in rest.items() if quantity > ZERO}

    def after_all(self, events: Iterable[Event]) -> "Standing":
        """Give where the session stands after these events, in order."""
        standing = self
        for event in events:
            standing = standing.after(event)
        return standing

    def after(self, event: Event) -> "Standing":  # noqa: PLR0911 - one arm an event
        """Give where the session stands after one more event."""
        orders = self.orders.after(event)
        match event:
            case RunStarted(cash=cash, quote=quote):
                # What the run began with, whatever the configuration says by now.
                ledger = replace(self.ledger, cash=cash, quote=quote)
                return self._replace(ledger=ledger, identity=event.identity, beside=event.beside)
            case DataDoubted() | ContextSeen():
                return self
            case DayDecided():
                return self._decided(event, orders)
            case KillSwitchRearmed():
                return self._replace(killed_on=None, highest=None, rearmed=True, wiped={})
            case OrderFilled(fill=fill):
                return self._replace(
                    ledger=self.ledger.apply(fill),
                    orders=orders,
                    known=self.known or fill,
                    marks={**self.marks, fill.asset: Mark(price=fill.price, day=fill.at.date())},
                )
            case AccountReset():
                ledger = self.ledger.after_reset(event.written_off)
                return self._replace(
                    ledger=ledger,
                    orders=orders,
                    epoch=event.epoch,
                    known=event.survivor,
                    beside=event.beside,
                    reset=event,
                    wiped=({} if event.buys_back else event.wiped) or {},
                )
            case OrderPlanned() | OrderCancelled() | OrderSkipped():
                # What is tried again, left, or bought back is no decision's plan: a change may wait for its own.
                unplanned = None if _is_plan(event, self.last_day) else self.unplanned
                left = isinstance(event, OrderCancelled) and event.order.restores and self.reset is not None
                return self._replace(
                    orders=orders,
                    missed=self.missed.after(event),
                    unplanned=unplanned,
                    wiped=(self.reset.wiped or {}) if left and self.reset is not None else self.wiped,
                )
            case AssetDelisted(asset=asset):
                return self._replace(delisted={**self.delisted, asset: event})
            case OrderSent() | OrderWaits() | OrderUnresolved() | OrderRejected() | RunEnded():
                return self._replace(orders=orders)
            case PositionMissed() | PositionReached():
                return self._replace(missed=self.missed.after(event))
            case _:
                assert_never(event)

    def _decided(self, event: DayDecided, orders: OrdersInFlight) -> "Standing":
        unplanned = event.reason if event.changed else self.unplanned
        old = event.marked_on
        marks = {asset: Mark(price=price, day=old.get(asset, event.day)) for asset, price in event.closes.items()}
        state: StrategyState = event.memory  # type: ignore[assignment] # the codec restores the strategy's own type
        return self._replace(
            state=state,
            orders=orders,
            missed=self.missed.after(event),
            unplanned=None if event.planned else unplanned,
            last_day=event.day,
            marks={**self.marks, **marks},
            marked_on=event.marked_on,
            delisted=self._delisted_after(event) if event.changed and self.delisted else self.delisted,
            rotation=rotation_after(self.rotation, event),
            targets=event.targets,
            wanted=event.wanted,
            highest=event.equity if self.highest is None else max(self.highest, event.equity),
            killed_on=(self.killed_on or event.day) if event.killed else None,
            rearmed=False,
        )

    def _delisted_after(self, change: DayDecided) -> dict[str, AssetDelisted]:
        """Give those delisted after a change of targets: one that it targets has come back."""
        return {
            asset: each for asset, each in self.delisted.items() if each.penalty is None or asset not in change.targets
        }


def _is_plan(event: OrderPlanned | OrderCancelled | OrderSkipped, day: date | None) -> bool:
    """Tell whether an event is of the plan for a day's targets; records of 0.1.0 tell its making by that alone."""
    match event:
        case OrderPlanned(order=order):
            return order.decision_day == day and order.attempt == 1 and not order.restores
        case OrderCancelled():
            return event.day == day
        case OrderSkipped():
            return event.day == day and not event.was_tried
        case _:
            assert_never(event)
