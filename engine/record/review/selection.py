"""Which part of a run a reader asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from engine.core.errors import ConfigError
from engine.core.order import Fill
from engine.record.projections import OPEN
from engine.record.record_rows import RotationRow
from engine.record.review.round_trips import RoundTrip
from engine.record.run_record import RunRecord

ENTRY = "entry"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Days, a symbol, a reason; None leaves nothing out.

    Attributes:
        first_day, last_day: decision days; what lies partly inside is inside.
        asset: the base asset.
        reason: of an order; of rotations `entry` means all, another word how they ended.
        most: how many rows of a table, the last ones.
    """

    first_day: date | None = None
    last_day: date | None = None
    asset: str | None = None
    reason: str | None = None
    most: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no row is left out for its content."""
        return (self.first_day, self.last_day, self.asset, self.reason) == (None, None, None, None)

    def has_days(self, first: date, last: date | None) -> bool:
        """Tell whether a span overlaps the wanted days; its last day None: it goes on."""
        begins = self.last_day is None or first <= self.last_day
        return begins and (self.first_day is None or last is None or last >= self.first_day)

    def has_order(self, *, day: date, asset: str, reason: str) -> bool:
        """Tell whether something that happened to an order is wanted."""
        return self.has_days(day, day) and self.asset in (None, asset) and self.reason in (None, reason)

    def has_fill(self, fill: Fill) -> bool:
        """Tell whether a fill is wanted."""
        return self.has_order(day=fill.decision_day, asset=fill.asset, reason=fill.reason)

    def has_rotation(self, rotation: RotationRow) -> bool:
        """Tell whether a rotation is wanted; a symbol says nothing of it."""
        return self.reason in (None, ENTRY, rotation.exit_reason) and self.has_days(
            rotation.entry_day, rotation.exit_day
        )

    def has_round_trip(self, trip: RoundTrip) -> bool:
        """Tell whether a round trip of a position is wanted."""
        is_wanted = self.asset in (None, trip.asset) and self.reason in (None, trip.exit_reason)
        return is_wanted and self.has_days(trip.entry_day, trip.exit_day)

    def last_of(self, rows: Sequence[T]) -> Sequence[T]:
        """Give the last rows, as many as are wanted."""
        return rows if self.most is None else rows[max(0, len(rows) - self.most) :]


def checked_selection(selection: Selection, record: RunRecord) -> Selection:
    """Hold a selection to what a run knows: a word that is not its own is a slip of the finger.

    Raises:
        ConfigError: the symbol was neither held, wanted nor traded, or no decision had the reason.
    """
    assets = {fill.asset for fill in record.fills}
    reasons = {fill.reason for fill in record.fills} | {rotation.exit_reason for rotation in record.rotations}
    for decision in record.decisions:
        assets.update(decision.targets)
        reasons.add(decision.reason)
    _check("--symbol", selection.asset, assets)
    _check("--reason", selection.reason, {*reasons, ENTRY} - {OPEN, ""} | ({OPEN} & reasons))
    return selection


def _check(option: str, wanted: str | None, known: set[str]) -> None:
    if wanted is not None and wanted not in known:
        names = ", ".join(repr(name)[1:-1] for name in sorted(known)) or "none"
        raise ConfigError(f"{option} {wanted!r}: is not in this run; there are {names}")
