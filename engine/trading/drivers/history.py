"""What all who drive history share: the session that they drive, and what is left of it at the end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from engine.core.errors import CheckError
from engine.core.events import Event, OrderSent
from engine.core.instrument import Instrument
from engine.core.order import Order, OrderReport
from engine.journal.memory import MemoryJournal
from engine.ports import Venue
from engine.trading.observed import Observed
from engine.trading.session import Session
from engine.trading.standing import Standing
from engine.trading.terms import Terms

NO_BAR = "the market has no bar on that day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is written down where a run begins.

    Attributes:
        synthetic: whether the bars are made up.
        label: what a person calls the run by.
        doubts: what a reader must know of the bars, in words.
    """

    synthetic: bool = False
    label: str = ""
    doubts: Sequence[str] = ()


PLAIN_OPENING = Opening()


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A history that was driven: all that happened, and where that leads."""

    events: tuple[Event, ...]
    standing: Standing


Drive: TypeAlias = Callable[[Observed, Terms, Opening], Driven]
"""A driver: plays the decision days of a history through a session."""


class VenueOfHistory:
    """What every venue of history answers alike; how it executes is its own."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    def instruments(self) -> Mapping[str, Instrument]:
        """Give the trading rules by asset."""
        return self.terms.instruments

    def held(self, asset: str) -> Decimal | None:  # noqa: ARG002 - the ledger keeps the only books
        """Give nothing: the ledger keeps the only books."""
        return None

    def resolve(
        self,
        order: Order,
        *,
        at: datetime,
        sent: OrderSent | None = None,  # noqa: ARG002
    ) -> OrderReport:
        """Refuse: the fate of an order in history is known at once."""
        raise CheckError(f"{order.client_order_id} is unresolved at {at}, which cannot happen in history")


class HistorySession:
    """A session over history, begun.

    Attributes:
        session: to be driven.
    """

    def __init__(self, observed: Observed, terms: Terms, venue: Venue, opening: Opening) -> None:
        self._journal, self._span = MemoryJournal(), observed.span
        self.session = Session(
            strategy=observed.strategy,
            planner=terms.planner(observed.strategy.universe),
            venue=venue,
            journal=self._journal,
            ledger=terms.start,
            sell_wait_days=terms.sell_wait_days,
            sizing=terms.sizing,
            sells_delisted=True,
            label=opening.label,
            max_drawdown=terms.max_drawdown,
        )
        self.session.doubt(self._span.first_day, opening.doubts)
        self.session.begin(self._span.first_day, notes=self._span.notes, synthetic=opening.synthetic)

    def ended(self) -> Driven:
        """End it, and give what happened."""
        self.session.end(self._span.last_day)
        return Driven(events=tuple(self._journal), standing=self.session.standing)
