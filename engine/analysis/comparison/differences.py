"""What a comparison of two runs finds: single differences with their causes, and what each of them cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

LABORATORY_KINDS = ("bar", "decision", "equity", "order", "fill")
BASIS_POINTS = 10_000
UNEXPLAINED = "unexplained"
"""Where a cause is named and there is none."""


class Cause(StrEnum):
    """Where a difference comes from."""

    FILTERS = "filter rounding"
    PRICE = "fill price model"
    FEES = "fees in base coin"
    REVISION = "data revision"
    TIMING = "timing"
    STATE = "state"
    DELISTING = "delisting"
    BASIS = "basis"
    LATE_DATA = "late data"
    CONFIGURATION = "configuration"
    INCIDENT = "incident"


LABORATORY_CAUSES = (
    Cause.FILTERS,
    Cause.PRICE,
    Cause.FEES,
    Cause.REVISION,
    Cause.TIMING,
    Cause.STATE,
    Cause.DELISTING,
)
"""Those that a replay on the practice exchange can meet; the others befall real runs only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between a live run and the backtest of its days.

    Attributes:
        day: the decision day for decisions and orders, the UTC day for fills.
        kind: one of `LABORATORY_KINDS`, or, of a real run, "account".
        what: in words, with both values where they are not plain from the cause.
        cause: where it comes from; None where nothing proves one.
        size: in basis points of the backtest's value, where it is a figure.
        cost: live minus backtest, in quote currency at the last close.
    """

    day: date
    kind: str
    what: str
    cause: Cause | None
    size: float = 0.0
    cost: float = 0.0

    @property
    def cause_name(self) -> str:
        """The cause in words, where there is none too."""
        return self.cause or UNEXPLAINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What came of a comparison.

    Attributes:
        days: decision days of the backtest; last_day: the last of them, at whose close everything is valued.
        orders, fills: how many were compared.
        equity, live_equity: at the close of the last day; the live one as it is on record.
        differences: what the policy lists, in its order.
        costs: of all differences by cause, listed or not: live minus backtest, in quote currency at the last close.
        evidence: days whose evidence differs though the decision is the same.
    """

    first_day: date
    last_day: date
    days: int
    orders: int
    fills: int
    equity: Decimal
    live_equity: Decimal
    differences: Sequence[Difference]
    costs: Mapping[Cause | None, float]
    evidence: int = 0

    @property
    def unexplained(self) -> Sequence[Difference]:
        """The differences that nothing explains."""
        return [each for each in self.differences if each.cause is None]

    @property
    def gap(self) -> float:
        """Live equity minus the backtest's."""
        return float(self.live_equity - self.equity)

    def in_bp(self, amount: float) -> float:
        """Give an amount in basis points of the backtest's equity."""
        return BASIS_POINTS * amount / float(self.equity) if self.equity else 0.0

    def of_cause(self, cause: Cause | None) -> Sequence[Difference]:
        """Give the differences of one cause, or of none."""
        return [each for each in self.differences if each.cause is cause]

    def cost_bp(self, cause: Cause | None) -> float:
        """Give what a cause cost, in basis points of the backtest's equity; all of them add up to the gap."""
        return self.in_bp(self.costs.get(cause, 0.0))
