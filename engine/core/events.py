"""What happened, as immutable facts in one closed union.

The journal is a list of these; the ledger, the files of a run folder, the log and every report are folds over it.
End a `match` over `Event` with `assert_never`, and the type checker lists what a new event still needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from engine.core.order import Fill, Order, Side

EvidenceValue: TypeAlias = str | int | float | bool | date | None
Evidence: TypeAlias = Mapping[str, Mapping[str, EvidenceValue] | None]
"""What a decision rests on, by signal: `{"index": {"session": …}, "macd": {…}}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run begins: its span, and what was bent to make it possible (a moved first day, gaps in the data).

    Attributes:
        synthetic: whether the prices are made up; of a run that goes on for years, the first to say so.
    """

    first_day: date
    cash: Decimal
    quote: str
    core: str
    notes: tuple[str, ...] = ()
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDecided:
    """The decision of one day, with its evidence.

    Attributes:
        state, next_state: before and after the decision.
        targets: weights that stand after the decision; changed: whether this decision set them.
        equity: at the day's closes, before the decision's orders; cash: quote held then.
        core_close: the core asset's close of that day; closes: those of every asset held in more than crumbs, or
            targeted.
        memory: the strategy's own state after the decision, for the next start.
    """

    day: date
    state: str
    next_state: str
    reason: str
    evidence: Evidence
    targets: Mapping[str, float]
    changed: bool
    equity: Decimal
    cash: Decimal
    core_close: Decimal
    memory: object
    closes: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlanned:
    """An order was decided on and waits to be sent."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSkipped:
    """A difference to the targets that is not traded, and why."""

    day: date
    asset: str
    side: Side
    quantity: Decimal
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSent:
    """An order is about to be handed to the venue; written before it is.

    Attributes:
        held: what the venue held of the asset then, ours or not; None where it keeps no books of its own.
    """

    at: datetime
    order: Order
    held: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWaits:
    """The venue cannot take the order now (no bar, market halted); it is tried again."""

    at: datetime
    order: Order
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnresolved:
    """Sent, outcome unknown: the venue is being asked, and nothing else is sent meanwhile."""

    at: datetime
    order: Order
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """A fill was booked."""

    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """The venue refused the order; nothing of it will be executed any more."""

    at: datetime
    order: Order
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """A waiting order was dropped, because a newer change of targets replaced it."""

    day: date
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReset:
    """The exchange was reset: it forgot orders and trades, and gave its first balances back. A new epoch begins.

    The ledger goes on holding what it held; orders that buy it back follow.

    Attributes:
        epoch: the number of the epoch that begins; the run began in the first.
        forgotten: the client order id that the exchange knew before.
        cash, positions: what the ledger goes on holding.
        written_off: quantities too small to be bought back, by asset; they are no longer held.
    """

    at: datetime
    epoch: int
    forgotten: str
    cash: Decimal
    positions: Mapping[str, Decimal]
    written_off: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run ends in good order; orders still waiting are named."""

    last_day: date
    waiting: tuple[Order, ...] = field(default=())


Event: TypeAlias = (
    RunStarted
    | DayDecided
    | OrderPlanned
    | OrderSkipped
    | OrderSent
    | OrderWaits
    | OrderUnresolved
    | OrderFilled
    | OrderRejected
    | OrderCancelled
    | AccountReset
    | RunEnded
)
