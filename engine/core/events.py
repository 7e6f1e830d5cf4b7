"""What happened, as immutable facts in one closed union.

The journal is a list of these; the ledger, the files of a run folder, the log and every report are folds over it.
End a `match` over `Event` with `assert_never`, and the type checker lists what a new event still needs. A reader
to whom most events are nothing names those that it passes over: a new one has to be placed there too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from engine.core.context_rows import PhaseWeek, SystemFacts, SystemRead
from engine.core.order import Fill, Order, Side
from engine.core.reading import Readings

EvidenceValue: TypeAlias = str | int | float | bool | date | None
Evidence: TypeAlias = Mapping[str, Mapping[str, EvidenceValue] | None]
"""What a decision rests on, by signal: `{"index": {"session": …}, "macd": {…}}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run begins: its span, and what was bent to make it possible (a moved first day, gaps in the data).

    Attributes:
        identity: begins the client order ids of the run, made once; empty where no exchange is at work, and in records
            of 0.1.0, whose ids begin with the run's name.
        beside: what the exchange's account held beside the ledger, by asset; None where that was not looked at.
        synthetic: whether the prices are made up; of a run that goes on for years, the first to say so.
        label: what a person called the run by; empty: nothing.
    """

    first_day: date
    cash: Decimal
    quote: str
    core: str
    notes: tuple[str, ...] = ()
    identity: str = ""
    beside: Mapping[str, Decimal] | None = None
    synthetic: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDoubted:
    """What a reader must know of the bars that a run rests on: a gap, a jump beyond what a market does."""

    at: datetime
    message: str


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
        planned: whether orders for the targets were planned with it, be they none; those of a missed day are not.
            Records of 0.1.0 lack it: there what was planned follows, and says so.
        marked_on: the day of the close of an asset in `closes` whose last one is older than `day`.
        rules: what each rule says that the state asks; records of older programs lack them.
        wanted: the targets as the strategy wanted them, where a limit on the whole account scaled them.
        killed: whether the kill switch holds after it: nothing is traded any more.
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
    planned: bool = False
    marked_on: Mapping[str, date] = field(default_factory=dict)
    rules: Readings = field(default_factory=dict)
    wanted: Mapping[str, float] | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchRearmed:
    """A person re-armed the kill switch: the next decision is like a first one, and the highest equity starts anew."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlanned:
    """An order was decided on and waits to be sent."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSkipped:
    """A difference to the targets that is not traded, and why.

    Attributes:
        client_order_id: of the last attempt, where it was tried and left; empty where it was not planned at all.
    """

    day: date
    asset: str
    side: Side
    quantity: Decimal
    message: str
    client_order_id: str = ""

    @property
    def was_tried(self) -> bool:
        """Whether it was tried and left."""
        # Records of 0.1.0 lack the id.
        return bool(self.client_order_id) or self.message.startswith("left after ")


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
    """The order cannot be executed now (no bar, market halted, no cash while a sell is stuck); it is tried again.

    Attributes:
        for_cash: whether it waits for cash that an open sell is to bring.
    """

    at: datetime
    order: Order
    message: str
    for_cash: bool = False


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
    """A waiting order was dropped.

    Attributes:
        message: why; empty where a newer change of targets replaced it.
    """

    day: date
    order: Order
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionMissed:
    """A coin is out of position: of what its orders were to trade something is undone, and none of them is open for it.

    It is planned again on the next decision day. Drift, trimmed buys, and what no order can trade are not it.

    Attributes:
        quantity: base units undone, on top of what was undone before.
        reason: of the decision whose orders they were.
        message: why, in the venue's words.
    """

    at: datetime
    asset: str
    side: Side
    quantity: Decimal
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReached:
    """A coin that was out of position is where the last change of targets wants it, as far as an order can bring it."""

    at: datetime
    asset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDelisted:
    """A held asset has had no bar for so long that it counts as delisted.

    In history it is sold in the books, and its fill follows; elsewhere it is reported and left.

    Attributes:
        last_bar: the day of its last one.
        penalty: the fraction of its last close that the sale loses; None where it is left.
    """

    day: date
    asset: str
    last_bar: date
    penalty: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReset:
    """The exchange was reset: it forgot orders and trades, and gave its first balances back. A new epoch begins.

    The ledger goes on holding what it held; orders that buy it back follow.

    Attributes:
        epoch: the number of the epoch that begins; the run began in the first.
        forgotten: the client order id that the exchange knew before; empty where the reset is known by orders that were
            planned after it, and that a journal lacks which was put back.
        cash, positions: what the ledger goes on holding.
        written_off: quantities too small to be bought back, by asset; they are no longer held.
        wiped: what has to be bought back, by asset: the ledger less what fills gave that the exchange still knows. None
            in records of 0.1.0: all that the ledger goes on holding.
        beside: what the exchange's account held beside the ledger then, by asset, less than nothing where what we hold
            is not there yet; None where that was not looked at.
        survivor: the first fill that the exchange still knows, executed between the reset and its discovery; by it the
            next reset is recognised. None where there was none.
        buys_back: whether what was wiped is bought back; while the kill switch holds nothing is.
    """

    at: datetime
    epoch: int
    forgotten: str
    cash: Decimal
    positions: Mapping[str, Decimal]
    written_off: Mapping[str, Decimal] = field(default_factory=dict)
    wiped: Mapping[str, Decimal] | None = None
    beside: Mapping[str, Decimal] | None = None
    survivor: Fill | None = None
    buys_back: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSeen:
    """What the systems of the thesis said on a decided day, used for the decision or not; written after it.

    Attributes:
        reads: where it is whole, of all of them; else of those whose state is another than before, without thresholds
            and words.
        facts: what the systems are; with the first one that a start writes.
        phases: the weeks that became complete since the one before; phase_names: of the phases, the first one first.
    """

    day: date
    reads: tuple[SystemRead, ...]
    whole: bool = False
    facts: tuple[SystemFacts, ...] = ()
    phases: tuple[PhaseWeek, ...] = ()
    phase_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run ends in good order; orders still waiting are named."""

    last_day: date
    waiting: tuple[Order, ...] = field(default=())


Event: TypeAlias = (
    RunStarted
    | DataDoubted
    | DayDecided
    | KillSwitchRearmed
    | OrderPlanned
    | OrderSkipped
    | OrderSent
    | OrderWaits
    | OrderUnresolved
    | OrderFilled
    | OrderRejected
    | OrderCancelled
    | PositionMissed
    | PositionReached
    | AssetDelisted
    | AccountReset
    | ContextSeen
    | RunEnded
)

NotBooked: TypeAlias = (
    RunStarted
    | DataDoubted
    | KillSwitchRearmed
    | OrderPlanned
    | OrderSkipped
    | OrderSent
    | OrderWaits
    | OrderUnresolved
    | OrderRejected
    | OrderCancelled
    | PositionMissed
    | PositionReached
    | AssetDelisted
    | ContextSeen
    | RunEnded
)
"""Events that neither change what is held nor decide a day."""
