"""Orders that were not sent because an exchange accepts none so small: how many, since when, of what."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.core.events import DayDecided, Event, OrderFilled, OrderSkipped
from engine.core.money import ZERO
from engine.core.planner import least_of

LEAST_SHARE = Decimal("0.002")
"""Of the equity: what is smaller is a crumb, left over by steps and fees, and nobody misses it."""
MOST_NAMES = 4
SENTENCE = "too small to be sent since"


def too_small_notes(events: Iterable[Event]) -> tuple[str, ...]:
    """Say how many there were, as a note of a summary, to whoever wonders why nothing happens."""
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
    return (_sentence(skipped, traded=traded),) if skipped else ()


def is_told_of(note: str) -> bool:
    """Tell whether a note is such a sentence, which is of the time when it was written."""
    return SENTENCE in note


def _sentence(skipped: Sequence[OrderSkipped], *, traded: bool) -> str:
    last = skipped[-1]
    assets = list(dict.fromkeys(event.asset for event in skipped))
    many = f"{len(skipped):,} orders were" if len(skipped) > 1 else "1 order was"
    until = "" if last.day == skipped[0].day else f", the last of {last.day}"
    more = len(assets) - MOST_NAMES
    names = ", ".join(assets[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    nothing = "" if traded else "; nothing was traded at all"
    return (
        f"{many} {SENTENCE} {skipped[0].day}{until} ({names}; the last: {last.side.value} {last.asset}, "
        f"{last.message}): the account is too small for these weights{nothing}"
    )


def _matters(event: OrderSkipped, decided: DayDecided) -> bool:
    least, close = least_of(event.message), decided.closes.get(event.asset)
    if least is None or close is None or decided.equity <= ZERO:
        return False
    return max(event.quantity, least) * close >= LEAST_SHARE * decided.equity
