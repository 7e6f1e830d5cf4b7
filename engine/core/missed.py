"""The coins that are out of position, as one value with one fold: who wants to know which they are asks it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias, assert_never

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
from engine.core.instrument import Instrument
from engine.core.money import EXACT, ZERO, sizing
from engine.core.order import Side

Unmoved: TypeAlias = (
    RunStarted
    | DataDoubted
    | KillSwitchRearmed
    | OrderSkipped
    | OrderSent
    | OrderWaits
    | OrderUnresolved
    | OrderFilled
    | OrderRejected
    | OrderCancelled
    | AssetDelisted
    | AccountReset
    | ContextSeen
    | RunEnded
)
"""Events that bring no coin out of position or back: what they leave undone is an event of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedPosition:
    """One of them.

    Attributes:
        quantity: base units that are undone and that no open order is to trade.
        since: the day on which it was first missed.
        reason: of the last change of targets; message: why it was missed, the last time.
    """

    asset: str
    side: Side
    quantity: Decimal
    since: date
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedPositions:
    """All coins that are out of position, in the order in which they were missed; by coin."""

    coins: Mapping[str, MissedPosition] = field(default_factory=dict)

    def after_all(self, events: Iterable[Event]) -> "MissedPositions":
        """Give the coins out of position after these events."""
        missed = self
        for event in events:
            missed = missed.after(event)
        return missed

    def after(self, event: Event) -> "MissedPositions":
        """Give the coins out of position after one more event."""
        match event:
            case DayDecided():
                # A change of targets plans for every coin anew.
                return MissedPositions() if self.coins and (event.changed or event.planned) else self
            case OrderPlanned(order=order):
                before = self.coins.get(order.asset)
                is_again = before is not None and order.attempt == 1 and not order.restores
                return self._with(replace(before, quantity=ZERO)) if before is not None and is_again else self
            case PositionMissed():
                return self._missed(event)
            case PositionReached(asset=asset):
                return MissedPositions(coins={name: each for name, each in self.coins.items() if name != asset})
            case _:
                if not isinstance(event, Unmoved):
                    assert_never(event)
                return self

    def _with(self, each: MissedPosition) -> "MissedPositions":
        return MissedPositions(coins={**self.coins, each.asset: each})

    def _missed(self, event: PositionMissed) -> "MissedPositions":
        before = self.coins.get(event.asset)
        goes_on = before is not None and before.side is event.side
        return self._with(
            MissedPosition(
                asset=event.asset,
                side=event.side,
                quantity=EXACT.add(before.quantity, event.quantity) if before and goes_on else event.quantity,
                since=before.since if before else event.at.date(),
                reason=event.reason,
                message=event.message,
            )
        )


def is_missed(quantity: Decimal, price: Decimal | None, instrument: Instrument) -> bool:
    """Tell whether so much undone leaves a coin out of position: more than a lot step and the minimum notional.

    Args:
        price: quote per unit; None where none is known, and then the lot step alone decides.
    """
    if quantity <= instrument.lot_step:
        return False
    with sizing():
        return price is None or quantity * price > instrument.minimum_notional
