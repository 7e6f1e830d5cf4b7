"""Round trips of positions, for strategies that have no rotations: bought, held, sold.

Folded from decisions and fills, whether they come from events or from files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from engine.core.events import DayDecided
from engine.core.order import Fill, Side
from engine.record.projections import DAYS_A_WEEK, OPEN
from engine.record.record_rows import DecisionRow

Decided: TypeAlias = DayDecided | DecisionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """A position from the decision that opened it to the one that closed it.

    Attributes:
        exit_day: None while it has not ended; until: the day up to which the returns are counted.
        exit_reason: `open` while it has not ended.
        total_return: what sells brought, and what is left is worth at the close, over what buys cost, fees taken; - 1.
        core_return: ratio of the core's closes - 1 over the same days; None where they are not on record.
    """

    number: int
    asset: str
    entry_day: date
    exit_day: date | None
    until: date
    exit_reason: str
    total_return: float
    core_return: float | None

    @property
    def weeks_held(self) -> float:
        """Length in weeks."""
        return (self.until - self.entry_day).days / DAYS_A_WEEK

    @property
    def excess(self) -> float | None:
        """Return over the core's."""
        return None if self.core_return is None else self.total_return - self.core_return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    asset: str
    entry: Decided
    until: Decided
    exit_reason: str


def round_trips_of(days: Sequence[Decided], fills: Iterable[Fill], *, core: str) -> list[RoundTrip]:
    """Give the round trips, in order of their entries; a position of which nothing was bought yet is none.

    Args:
        fills: without those that only put back what a reset of an exchange wiped.
    """
    executed = list(fills)
    trips: list[RoundTrip] = []
    for span in _spans(days):
        total_return = _return(span, executed)
        if total_return is not None:
            trips.append(_trip(len(trips) + 1, span, total_return, core))
    return trips


def _spans(days: Sequence[Decided]) -> list[_Span]:
    """Find when assets are wanted: what is left of one in crumbs, or waits to be sold, is not."""
    entries: dict[str, Decided] = {}
    spans: list[_Span] = []
    for day in days:
        left = [asset for asset in entries if not day.targets.get(asset)]
        spans += [_Span(asset=asset, entry=entries.pop(asset), until=day, exit_reason=day.reason) for asset in left]
        for asset, weight in day.targets.items():
            if weight:
                entries.setdefault(asset, day)
    spans += [_Span(asset=asset, entry=entry, until=days[-1], exit_reason=OPEN) for asset, entry in entries.items()]
    return sorted(spans, key=lambda span: span.entry.day)


def _return(span: _Span, fills: Sequence[Fill]) -> float | None:
    spent = brought = held = Decimal(0)
    for fill in fills:
        quote = fill.symbol.rpartition("/")[2]
        if fill.asset != span.asset or not span.entry.day <= fill.decision_day <= span.until.day:
            continue
        fee = fill.fee if fill.fee_asset == quote else Decimal(0)
        if fill.side is Side.BUY:
            spent, held = spent + fill.notional + fee, held + fill.quantity
        else:
            brought, held = brought + fill.notional - fee, held - fill.quantity
        held -= fill.fee if fill.fee_asset == span.asset else 0
    left = float(held) * float(span.until.closes.get(span.asset, 0))
    return (float(brought) + left) / float(spent) - 1 if spent else None


def _trip(number: int, span: _Span, total_return: float, core: str) -> RoundTrip:
    first, last = span.entry.closes.get(core), span.until.closes.get(core)
    return RoundTrip(
        number=number,
        asset=span.asset,
        entry_day=span.entry.day,
        exit_day=None if span.exit_reason == OPEN else span.until.day,
        until=span.until.day,
        exit_reason=span.exit_reason,
        total_return=total_return,
        core_return=float(last) / float(first) - 1 if first and last else None,
    )
