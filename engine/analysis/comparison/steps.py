"""A journal cut into steps: each a change of targets, with what was planned for it, what was sent and what it got.

A day that was missed changes the targets, and a later day plans the orders: they belong to the step of the change.

Worked example, an order that expired in part. On the 3rd a buy of 10 ETH is planned and sent; 4 are executed, the rest
expires, and its next attempt is refused. On the 4th 5.9 ETH, which is what the target lacks by then, are planned again
and executed. All of it is the step of the 3rd: `planned` is the first attempt's 10, `again` 5.9, `executions` are 4 and
5.9, and each of what befell it in between is an incident. Had a reset of the exchange come in between, what it wiped is
bought back by orders of no step: the ledger held it all along, and only what was written off is lost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from engine.core.events import (
    DayDecided,
    OrderCancelled,
    OrderSkipped,
)
from engine.core.ledger import Ledger
from engine.core.money import ZERO, exact
from engine.core.order import Fill, Order, Side
from engine.core.orders_in_flight import OrdersInFlight

SIGNS = {Side.BUY: 1, Side.SELL: -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """A decision, and what it was taken with.

    Attributes:
        place: of the decision in the journal, counted from 0.
        has_waiting: whether orders waited; orders: those that were not settled.
    """

    decided: DayDecided
    place: int
    ledger: Ledger
    has_waiting: bool
    orders: OrdersInFlight = field(default_factory=OrdersInFlight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An order as it met the venue.

    Attributes:
        at: when it was executed or refused.
        before: the account then.
        buys: those that were open and shared its cash, itself among them.
    """

    order: Order
    at: datetime
    before: Ledger
    buys: Sequence[Order]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFill:
    """A fill, with the account before and after it.

    Attributes:
        place: in the journal; decided_day: the last one decided before it.
        attempt: the order; None where no such order was sent.
    """

    fill: Fill
    place: int
    decided_day: date
    before: Ledger
    after: Ledger
    attempt: Attempt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """Something that befell an order, or with asset "" the account.

    Attributes:
        place: in the journal.
        loss: what is no longer held because of it.
    """

    day: date
    place: int
    asset: str
    what: str
    loss: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class Step:
    """A change of targets and what came of it.

    Attributes:
        evening: that of the change.
        sized: the evening whose closes and account made the orders; None while none were planned.
        planned: first attempts.
        again: quantity that was planned on a later day, by asset, because the first orders ended undone.
        skipped: what the rules did not let trade.
        executions: of all attempts, in order; refused: attempts of which nothing more was executed.
        sent: assets of which an order was sent.
        mishaps: in order.
    """

    evening: Evening
    sized: Evening | None = None
    planned: list[Order] = field(default_factory=list)
    again: dict[str, Decimal] = field(default_factory=dict)
    skipped: list[OrderSkipped] = field(default_factory=list)
    executions: list[BookedFill] = field(default_factory=list)
    refused: list[Attempt] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    mishaps: list[Mishap] = field(default_factory=list)

    @property
    def decided(self) -> DayDecided:
        """The decision."""
        return self.evening.decided

    @property
    def assets(self) -> list[str]:
        """What was planned or executed, in order."""
        traded = (*(order.asset for order in self.planned), *(each.fill.asset for each in self.executions))
        return list(dict.fromkeys(traded))

    def planned_of(self, asset: str) -> float:
        """Give the quantity that was first planned of one asset; a sale is below 0."""
        return signed(order for order in self.planned if order.asset == asset)

    def executions_of(self, asset: str) -> list[BookedFill]:
        """Give the executions of one asset."""
        return [each for each in self.executions if each.fill.asset == asset]


Dated = TypeVar("Dated", bound=Evening | Step)
"""What a run has of a decision day."""


@dataclass(slots=True, kw_only=True)
class RunSteps:
    """A whole journal.

    Attributes:
        strays: executions of orders that are not on record.
        mishaps: those of no step, and all others.
        cancelled: orders that a later change of targets replaced, each with the day of the change.
        ledger: at the end.
    """

    ledger: Ledger
    evenings: list[Evening] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    strays: list[BookedFill] = field(default_factory=list)
    mishaps: list[Mishap] = field(default_factory=list)
    cancelled: list[OrderCancelled] = field(default_factory=list)


def paired(ours: Iterable[Dated], theirs: Iterable[Dated]) -> Iterator[tuple[date, Dated | None, Dated | None]]:
    """Give what two runs have of each decision day, in order; None where a run has nothing of it."""
    by_day = [{each.decided.day: each for each in run} for run in (ours, theirs)]
    for day in sorted({*by_day[0], *by_day[1]}):
        yield day, by_day[0].get(day), by_day[1].get(day)


def signed(traded: Iterable[Order | Fill]) -> float:
    """Give the quantity of orders or fills together; a sale is below 0."""
    with exact():
        return float(sum((SIGNS[each.side] * each.quantity for each in traded), ZERO))
