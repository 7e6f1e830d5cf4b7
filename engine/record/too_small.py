"""Orders that were not sent because an exchange accepts none so small: how many, since when, of what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.events import DayDecided, Event, OrderFilled, OrderSkipped
from engine.core.money import ZERO
from engine.core.planner import least_of

LEAST_SHARE = Decimal("0.002")
"""Of the equity: what is smaller is a crumb, left over by steps and fees, and nobody misses it."""
MOST_NAMES = 4
SENTENCE = "too small to be sent since"


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSmall:
    """What was not sent; example: the last one in words; traded: whether anything was."""

    orders: int
    first_day: date
    last_day: date
    assets: tuple[str, ...]
    example: str
    traded: bool

    @property
    def sentence(self) -> str:
        """Say it to whoever wonders why nothing happens."""
        many = f"{self.orders:,} orders were" if self.orders > 1 else "1 order was"
        last = "" if self.last_day == self.first_day else f", the last of {self.last_day}"
        more = len(self.assets) - MOST_NAMES
        names = ", ".join(self.assets[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        nothing = "" if self.traded else "; nothing was traded at all"
        return (
            f"{many} {SENTENCE} {self.first_day}{last} ({names}; the last: {self.example}): the account "
            f"is too small for these weights{nothing}"
        )


def too_small_of(events: Iterable[Event]) -> TooSmall | None:
    """Count them; None where there was none."""
    skipped: list[OrderSkipped] = []
    traded = False
    decided: DayDecided | None = None
    for event in events:
        match event:
            case DayDecided():
                decided = event
            case OrderFilled():
                traded = True
            case OrderSkipped() if decided is not None and _matters(event, decided):
                skipped.append(event)
            case _:
                pass
    if not skipped:
        return None
    last = skipped[-1]
    return TooSmall(
        orders=len(skipped),
        first_day=skipped[0].day,
        last_day=last.day,
        assets=tuple(dict.fromkeys(event.asset for event in skipped)),
        example=f"{last.side.value} {last.asset}, {last.message}",
        traded=traded,
    )


def is_told_of(note: str) -> bool:
    """Tell whether a note is such a sentence, which is of the time when it was written."""
    return SENTENCE in note


def too_small_notes(events: Iterable[Event]) -> tuple[str, ...]:
    """Give the sentence, or none, as one of the notes of a summary."""
    found = too_small_of(events)
    return () if found is None else (found.sentence,)


def _matters(event: OrderSkipped, decided: DayDecided) -> bool:
    least, close = least_of(event.message), decided.closes.get(event.asset)
    if least is None or close is None or decided.equity <= ZERO:
        return False
    return max(event.quantity, least) * close >= LEAST_SHARE * decided.equity
