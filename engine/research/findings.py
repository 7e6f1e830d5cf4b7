"""What a reconciliation finds: single differences with their causes, and what each of them cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.research.attribution import Cause

KINDS = ("decision", "bar", "order", "fill", "account")
BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference between a paper run and the backtest of its days.

    Attributes:
        day: the decision day for decisions and orders, the UTC day for fills.
        kind: one of `KINDS`.
        what: in words, with both values.
    """

    day: date
    kind: str
    cause: Cause
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What came of it.

    Attributes:
        days: decision days that both runs have; last_day: the last of them, at whose close everything is valued.
        orders, fills: how many were compared.
        equity, live_equity: at the close of the last day; the live one as it is on record.
        findings: newest first, each with what it cost: live minus backtest, in quote currency at the last close.
        evidence: days whose evidence differs though the decision is the same.
    """

    first_day: date
    last_day: date
    days: int
    orders: int
    fills: int
    equity: Decimal
    live_equity: Decimal
    findings: Sequence[tuple[Finding, float]]
    evidence: int = 0

    @property
    def gap(self) -> float:
        """Live equity minus the backtest's."""
        return float(self.live_equity - self.equity)

    @property
    def gap_bp(self) -> float:
        """The gap in basis points of the backtest's equity."""
        return self.in_bp(self.gap)

    @property
    def unexplained(self) -> Sequence[tuple[Finding, float]]:
        """The findings that nothing explains."""
        return [each for each in self.findings if each[0].cause is Cause.UNEXPLAINED]

    def in_bp(self, amount: float) -> float:
        """Give an amount in basis points of the backtest's equity."""
        return BASIS_POINTS * amount / float(self.equity) if self.equity else 0.0

    def by_cause(self) -> Mapping[Cause, tuple[int, float]]:
        """Give count and cost in basis points of each cause; the costs add up to `gap_bp`."""
        totals: dict[Cause, tuple[int, float]] = {}
        for finding, cost in self.findings:
            count, total = totals.get(finding.cause, (0, 0.0))
            totals[finding.cause] = (count + 1, total + self.in_bp(cost))
        return {cause: totals[cause] for cause in Cause if cause in totals}

    def summary(self, *, run: str, venue: str, notes: Sequence[str]) -> dict[str, Any]:
        """Give everything as plain values; costs are live minus backtest, in basis points of the backtest's equity.

        Args:
            run, venue: names.
            notes: what a reader must be told.
        """
        return {
            "run": run,
            "venue": venue,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "decision_days": self.days,
            "orders": self.orders,
            "fills": self.fills,
            "final_equity": float(self.equity),
            "live_final_equity": float(self.live_equity),
            "gap_bp": self.gap_bp,
            "causes": {str(cause): {"count": count, "bp": cost} for cause, (count, cost) in self.by_cause().items()},
            "differences": [
                {
                    "day": finding.day.isoformat(),
                    "kind": finding.kind,
                    "cause": str(finding.cause),
                    "bp": self.in_bp(cost),
                    "what": finding.what,
                }
                for finding, cost in self.findings
            ],
            "evidence_days": self.evidence,
            "unexplained": len(self.unexplained),
            "notes": list(notes),
        }
