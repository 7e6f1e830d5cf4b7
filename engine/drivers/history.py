"""What all who drive history share: the session that they drive, and what is left of it at the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.core.events import Event
from engine.journal.memory import MemoryJournal
from engine.observed import Observed
from engine.ports import Venue
from engine.session import Session
from engine.standing import Standing
from engine.terms import Terms

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
