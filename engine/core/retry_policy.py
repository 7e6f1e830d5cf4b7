"""How often an order is tried again, and why it is left: every way in which an attempt can end is counted.

No answer, whatever it is, makes an order repeat without end: each kind of end has a most, and all of them together
bound the attempts. What is left undone is written down; it is for a later decision to bring the coin to its target.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

LEAST_PROGRESS = Decimal("0.05")
"""Share of what an attempt handed over that counts as progress: a thin book is emptied, and fills up again."""


class AttemptEnd(StrEnum):
    """How an attempt at an order ended."""

    FINAL = "final"
    """Nothing of it is to be tried again: it was executed, refused for good, or what is left is dust."""
    EXPIRED = "expired"
    """The venue took it, and executed less than `LEAST_PROGRESS` of it."""
    PROGRESSED = "progressed"
    """The venue took it, and executed at least that much of it."""
    CUT = "cut"
    """The market takes no more at once than was handed over, and executed all of that."""
    REFUSED = "refused"
    """Refused for now: market closed, too many requests, a clock that is off, a balance that lags."""
    UNPLACED = "unplaced"
    """Its answer was lost, and it is proven that the venue never had it."""


MOST: Mapping[AttemptEnd, int] = {
    AttemptEnd.FINAL: 1,
    # A book that gives nothing five times in a row is no market for this order today.
    AttemptEnd.EXPIRED: 5,
    # Each leaves at most 95 %: after 200 less than 0.004 % is left, which of most orders is dust.
    AttemptEnd.PROGRESSED: 200,
    # As many pieces as one decision may send for one coin.
    AttemptEnd.CUT: 1000,
    # Half an hour of them at the usual pause between two cycles.
    AttemptEnd.REFUSED: 100,
    # Each took the venue's whole patience to be proven: the way to it is broken for an hour or more.
    AttemptEnd.UNPLACED: 100,
}
"""After so many attempts that ended in one way the order is left."""

_WORDS: Mapping[AttemptEnd, str] = {
    AttemptEnd.FINAL: "attempts",
    AttemptEnd.EXPIRED: "attempts",
    AttemptEnd.PROGRESSED: "attempts that brought a part each",
    AttemptEnd.CUT: "pieces of the most that the market takes",
    AttemptEnd.REFUSED: "refusals",
    AttemptEnd.UNPLACED: "attempts that were never placed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an order is tried again; the reason why it is left, empty where it is not."""

    tries_again: bool
    reason: str = ""


def verdict_on(ended: AttemptEnd, *, earlier: Mapping[AttemptEnd, int]) -> Verdict:
    """Say whether an order is tried again after an attempt that ended so.

    Args:
        earlier: how many attempts at it ended before this one, by how they ended; none of a kind that is missing.
    """
    count = earlier.get(ended, 0) + 1
    if count < MOST[ended]:
        return Verdict(tries_again=True)
    return Verdict(tries_again=False, reason=f"left after {count} {_WORDS[ended]}")
