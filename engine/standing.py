"""Where a session stands: what it needs to go on, between two acts and between two starts."""

from dataclasses import dataclass
from datetime import date

from engine.core.events import OrderSent
from engine.core.ledger import Ledger
from engine.core.order import Fill, Order
from engine.core.strategy import StrategyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a session stands: all that it needs to go on, and all that a restart folds out of the journal.

    Attributes:
        ledger: what the account holds.
        state: the strategy's memory.
        sells, buys: orders decided and not settled.
        restoring: orders not settled that buy back what a reset of the exchange wiped; nothing is sent before them.
        unresolved: the one of all these that was sent and whose outcome is unknown; sent: as it was written before.
        unplanned: the reason of a change of targets whose orders were not planned, because its day was over.
        last_day: the last day decided.
        epoch: how often the exchange was reset, counted from 1; known: the first fill since then, None before any.
    """

    ledger: Ledger
    state: StrategyState
    sells: tuple[Order, ...] = ()
    buys: tuple[Order, ...] = ()
    restoring: tuple[Order, ...] = ()
    unresolved: Order | None = None
    sent: OrderSent | None = None
    unplanned: str | None = None
    last_day: date | None = None
    epoch: int = 1
    known: Fill | None = None

    @property
    def waiting(self) -> tuple[Order, ...]:
        """The orders that are not settled, in the order in which they are sent."""
        return self.restoring + self.sells + self.buys
