"""A run as a reader sees it: figures, the latest, rotations, fills, holdings, costs, warnings, incidents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.core.calendar import decision_instant
from engine.core.events import DataDoubted
from engine.core.order import RESET_BUY_BACK
from engine.core.orders_in_flight import OrdersInFlight
from engine.core.out_of_position import OutOfPosition
from engine.core.performance import without_few_days
from engine.core.rotation_equity import ROTATED
from engine.record.account_notes import held_in_cash, kill_switch_of
from engine.record.projections import OPEN, decided_days
from engine.record.record_rows import RotationRow
from engine.record.review.costs import PricedFill, TradingCosts, costs_of, priced_fills
from engine.record.review.holdings import HeldAtEnd, Stretch, held_at_end, stretches_of
from engine.record.review.incidents import Incident, IncidentKind, incidents_of
from engine.record.review.positions import out_of_position_of
from engine.record.review.round_trips import RoundTrip, round_trips_of
from engine.record.review.selection import Selection
from engine.record.run_outline import name_of
from engine.record.run_record import RunRecord
from engine.record.study_verdicts import study_of_run
from engine.record.summary import figures_of_record
from engine.record.too_small import is_told_of, too_small_notes

LATELY_DAYS = 7
FIGURES = (
    "total_return", "cagr", "volatility", "max_drawdown", "sharpe", "sortino", "calmar", "turnover",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """The last days of a record.

    Attributes:
        since: their first day; equity_return: over them, from the close before, None where there is only one.
        quiet_days: days since the last fill, None where there was none.
    """

    since: date
    equity_return: float | None
    fills: int
    incidents: int
    entries: int
    exits: int
    quiet_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that a reader must be told; at: the instant that it speaks of, None: of the run as a whole."""

    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A run, and of its tables what was asked for.

    Attributes:
        name: the configuration's; core: the asset that rotations are compared with.
        figures: by the names of `summary.json`, over the whole run; benchmarks: their figures, None for one that was
            not tradable, empty where they are not up to date.
        rotates: whether there are rotations to speak of; round_trips: of positions, where there are not.
        pending: orders that wait, in words.
        doubts: what puts the figures in doubt.
        out_of_position: coins that could not be brought to their targets.
        killed: why nothing is traded, in a sentence; empty where the kill switch does not hold.
        study: what a study of the run's bars says of the claims behind an entry; None where there is none.
    """

    record: RunRecord
    selection: Selection
    name: str
    core: str
    quote: str
    first_day: date | None
    last_day: date | None
    synthetic: bool
    start_equity: float | None
    final_equity: float | None
    figures: Mapping[str, float | None]
    benchmarks: Mapping[str, Mapping[str, Any] | None]
    days_rotated: int
    held_at_end: HeldAtEnd | None
    lately: Lately | None
    rotates: bool
    rotations: Sequence[RotationRow]
    round_trips: Sequence[RoundTrip]
    fills: Sequence[PricedFill]
    stretches: Sequence[Stretch]
    costs: TradingCosts
    warnings: Sequence[Warned]
    incidents: Sequence[Incident]
    pending: Sequence[str]
    doubts: Sequence[str] = ()
    out_of_position: Sequence[OutOfPosition] = ()
    killed: str = ""
    study: Mapping[str, Any] | None = None


def review_of(record: RunRecord, selection: Selection, *, altered: Sequence[str] = ()) -> Review:
    """Make a review; figures and the latest are of the whole run, the rest is what is selected.

    Costs are of all selected fills, however many are to be shown.

    Args:
        altered: files that are not what the journal makes of them, in words; a reader is told first.
    """
    summary, days = record.summary, record.decisions
    fills = [priced for priced in priced_fills(record) if selection.has_fill(priced.fill)]
    incidents = tuple(incidents_of(record.events))
    return Review(
        record=record,
        selection=selection,
        name=name_of(record),
        core=record.core,
        quote=record.quote,
        first_day=days[0].day if days else None,
        last_day=days[-1].day if days else None,
        synthetic=record.synthetic,
        start_equity=days[0].equity if days else None,
        final_equity=days[-1].equity if days else None,
        figures=figures_of(record),
        benchmarks=_benchmarks(record) if is_current(record) else {},
        days_rotated=sum(decision.state == ROTATED for decision in days),
        held_at_end=held_at_end(record),
        lately=_lately(record, incidents),
        rotations=[rotation for rotation in record.rotations if selection.has_rotation(rotation)],
        rotates=rotates(record),
        round_trips=[trip for trip in trips_of(record) if selection.has_round_trip(trip)],
        fills=fills,
        stretches=[stretch for stretch in stretches_of(record) if selection.has_days(stretch.since, stretch.until)],
        costs=costs_of(fills),
        warnings=[*(Warned(at=None, text=text) for text in altered), *_warnings(record, selection)],
        incidents=[incident for incident in incidents if _is_selected(incident, selection)],
        pending=list(_pending(record)),
        doubts=doubts_of(summary),
        out_of_position=out_of_position_of(record),
        killed=held_in_cash(kill_switch_of(record.events), mode=record.mode),
        study=study_of_run(record),
    )


def doubts_of(summary: Mapping[str, Any]) -> Sequence[str]:
    """Give what puts the figures of a run in doubt; nothing where an older version wrote the summary."""
    doubts = summary.get("doubts")
    return [str(doubt) for doubt in doubts] if isinstance(doubts, list) else []


def figures_of(record: RunRecord) -> Mapping[str, float | None]:
    """Give the figures of a whole run, those of its summary where it reaches the last decision."""
    days = record.decisions
    figures: Mapping[str, Any] = {}
    if is_current(record):
        figures = record.summary
    elif days and min(decision.equity for decision in days) > 0:
        figures = figures_of_record(decided_days(record.events), record.fills, record.rotations)
    return without_few_days({name: figures.get(name) for name in FIGURES}, len(days))


def counts(incidents: Sequence[Incident]) -> Mapping[IncidentKind, int]:
    """Count incidents by kind, in the order in which kinds are listed."""
    found = [incident.kind for incident in incidents]
    return {kind: found.count(kind) for kind in IncidentKind if kind in found}


def is_current(record: RunRecord) -> bool:
    """Tell whether the summary reaches the last decision; a paper run's follows its changes of position."""
    days = record.decisions
    return bool(days) and record.summary.get("last_day") == days[-1].day.isoformat()


def _benchmarks(record: RunRecord) -> Mapping[str, Mapping[str, Any] | None]:
    figures = record.summary.get("benchmarks", {})
    days = len(record.decisions)
    return {name: None if each is None else without_few_days(each, days) for name, each in figures.items()}


def rotates(record: RunRecord) -> bool:
    """Tell whether a run's strategy has rotations to speak of; records of old do not say, and are taken to."""
    return bool(record.rotations) or bool(record.summary.get("rotates", True))


def trips_of(record: RunRecord) -> Sequence[RoundTrip]:
    """Give the round trips of a run without rotations; none of one that has them."""
    return () if rotates(record) else round_trips_of(record.decisions, record.own_fills, core=record.core)


def _lately(record: RunRecord, incidents: Sequence[Incident]) -> Lately | None:
    if not record.decisions:
        return None
    last = record.decisions[-1]
    since = max(last.day - timedelta(days=LATELY_DAYS - 1), record.decisions[0].day)
    first = next((row for row in reversed(record.decisions) if row.day < since), record.decisions[0])
    begins = decision_instant(since - timedelta(days=1))
    traded = [fill.decision_day for fill in record.own_fills]
    return Lately(
        since=since,
        equity_return=last.equity / first.equity - 1 if first is not last and first.equity else None,
        fills=sum(day >= since for day in traded),
        incidents=sum(incident.at > begins for incident in incidents),
        entries=sum(rotation.entry_day >= since for rotation in record.rotations),
        exits=sum(rotation.exit_day is not None and rotation.exit_day >= since for rotation in record.rotations),
        quiet_days=(last.day - traded[-1]).days if traded else None,
    )


def _warnings(record: RunRecord, selection: Selection) -> Iterator[Warned]:
    said = set()
    notes = record.summary.get("notes")
    # Of a paper run the summary follows changes of position, and there is none where every order is too small.
    written = [str(note) for note in notes if not is_told_of(str(note))] if isinstance(notes, list) else []
    began_with = record.started.notes if record.started is not None else ()
    for note in (*written, *too_small_notes(record.events), *began_with):
        if note not in said:
            said.add(note)
            yield Warned(at=None, text=note)
    for event in record.events:
        if isinstance(event, DataDoubted) and event.message not in said:
            said.add(event.message)
            if selection.has_days(event.at.date(), event.at.date()):
                yield Warned(at=event.at, text=event.message)


def _is_selected(incident: Incident, selection: Selection) -> bool:
    day = incident.decision_day or incident.at.date()
    if incident.kind is IncidentKind.RESET and selection.reason == RESET_BUY_BACK:
        return selection.asset is None and selection.has_days(day, day)
    return selection.has_order(day=day, asset=incident.asset, reason=incident.reason)


def _pending(record: RunRecord) -> Iterator[str]:
    """Say which orders wait, as the record leaves them."""
    for order in OrdersInFlight().after_all(record.events).waiting:
        yield f"{order.side.value} {order.quantity:f} {order.symbol} ({order.reason} of {order.decision_day})"


def is_open(rotation: RotationRow) -> bool:
    """Tell whether a rotation goes on."""
    return rotation.exit_reason == OPEN
