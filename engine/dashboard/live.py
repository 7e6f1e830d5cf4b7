"""What a run is at, as a value: folded out of its events, or out of a record read back. Nothing is
read here but the study whose verdicts stand in a board of the thesis.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.events import DayDecided, Event, OrderFilled
from engine.core.ledger import Ledger
from engine.core.order import Fill
from engine.core.performance import Performance, performance_of
from engine.dashboard.signals import Signal, signals_of
from engine.dashboard.sparkline import Sparkline, sparkline
from engine.dashboard.thesis import board_of
from engine.record.configured import configured_sell_wait_days
from engine.record.context_record import ContextFold
from engine.record.review.incidents import Incident, incidents_of
from engine.record.run_record import REHEARSAL, mode_of
from engine.report.live_status import MOST_INCIDENTS, PRACTICE, LiveStatus, Past, live_status
from engine.trading.standing import Standing

MOST_FILLS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The equity of the decision days: first and last day, the small picture, and figures (None below two days)."""

    first_day: date
    last_day: date
    start: float
    end: float
    picture: Sparkline | None
    performance: Performance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """All that the page of a paper run shows of its journal.

    Attributes:
        status: position, orders, incidents, next decision, as the panel on the terminal shows them.
        targets: the weights that stand.
        signals: of the last decision; session, week: the last that it knew, None where it looks at neither.
        fills: the strategy's last ones, the newest first; fill_count: how many there were.
        incidents: the last ones, the newest first, as a review tells them.
        curve: None before the first decision.
        records: how many the journal holds.
        board: what the run saw of the thesis, as a part of a page; empty where it computed nothing of it.
    """

    status: LiveStatus
    targets: Mapping[str, float]
    signals: tuple[Signal, ...]
    session: str | None
    week: str | None
    fills: tuple[Fill, ...]
    fill_count: int
    incidents: tuple[Incident, ...]
    curve: Curve | None
    records: int
    board: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Untold:
    """What a strategy remembers before its first decision: not asked for here."""

    name: str = ""


class LiveRun:
    """A paper run as far as its journal was read; events are only ever added.

    Args:
        folder: names the run; config: as the folder keeps it, None where it does not.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any] | None) -> None:
        self._folder = folder
        self._config = config
        self._events: list[Event] = []
        self._past = Past()
        self._fills: list[Fill] = []
        self._equity: list[tuple[date, float]] = []
        self._context = ContextFold()
        self._standing = Standing(ledger=Ledger(quote="", cash=Decimal(0)), state=_Untold())

    def take(self, events: Iterable[Event]) -> None:
        """Add what was written since."""
        for event in events:
            self._events.append(event)
            self._past = self._past.after(event)
            self._context.take(event)
            self._standing = self._standing.after(event)
            if isinstance(event, OrderFilled):
                if not event.fill.restores:
                    self._fills.append(event.fill)
            elif isinstance(event, DayDecided):
                self._equity.append((event.day, float(event.equity)))

    def state(self, study: Mapping[str, Any] | None = None) -> LiveState:
        """Give what the run is at.

        Args:
            study: the one that the run quotes; None: none.
        """
        standing = self._standing
        decision, mode = self._past.decision, mode_of(self._folder, {})
        status = live_status(
            self._past,
            venue=PRACTICE if mode == REHEARSAL else self._venue(),
            folder=self._folder,
            ledger=standing.ledger,
            orders=standing.orders,
            missed=standing.missed,
            sell_wait_days=configured_sell_wait_days(self._config),
            last_day=standing.last_day,
            mode=mode,
            # How long the bot waits after a day's end is its own; the folder does not keep it.
            grace=timedelta(0),
            exchange_time=None,
            heard_seconds=0.0,
            bars=None,
            notices=(),
        )
        evidence = {} if decision is None else decision.evidence
        return LiveState(
            status=status,
            targets={} if decision is None else decision.targets,
            signals=() if decision is None else signals_of(decision.rules, evidence),
            session=_known(evidence, "index", "session"),
            week=_known(evidence, "macd", "week"),
            fills=tuple(self._fills[: -MOST_FILLS - 1 : -1]),
            fill_count=len(self._fills),
            incidents=tuple(islice(reversed(tuple(incidents_of(self._events))), MOST_INCIDENTS)),
            curve=curve_of(self._equity),
            records=len(self._events),
            board=board_of(self._context.context(), self._folder.parent, study=study),
        )

    def _venue(self) -> str:
        venue = (self._config or {}).get("venue")
        return str(venue.get("name", "")) if isinstance(venue, Mapping) else ""


def curve_of(equity: Sequence[tuple[date, float]]) -> Curve | None:
    """Make a picture and figures of equity by day; None without a day."""
    if not equity:
        return None
    (first, start), (last, end) = equity[0], equity[-1]
    values = [value for _, value in equity]
    days = (last - first).days
    return Curve(
        first_day=first,
        last_day=last,
        start=start,
        end=end,
        picture=sparkline(values),
        performance=performance_of(np.array(values), days=days) if days > 0 and min(values) > 0 else None,
    )


def _known(evidence: Mapping[str, Mapping[str, Any] | None], section: str, name: str) -> str | None:
    value = (evidence.get(section) or {}).get(name)
    return None if value is None else str(value)
