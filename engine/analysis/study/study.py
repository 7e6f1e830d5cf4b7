"""The whole study: every claim tested on one record, judged as one family."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.analysis.study.claim import Claim, Kind
from engine.analysis.study.claims import CLAIMS, bills_claim
from engine.analysis.study.court import Court
from engine.analysis.study.evidence import Tried, evidence_of
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.record import Record
from engine.analysis.study.verdicts import Result, Verdict, judge, rows_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """What a study found.

    Attributes:
        end: the last day of the data; digests: of each series, by name; absent: why one could not be had, by name.
        draws: of each resampling; alpha: the rate of false discoveries that is accepted.
        rows: the verdict of each row; strategy: section 7 as plain values, empty where there is no decision day.
    """

    end: date
    digests: Mapping[str, str]
    absent: Mapping[str, str]
    draws: int
    alpha: float
    synthetic: bool
    results: tuple[Result, ...]
    rows: Mapping[str, Verdict]
    strategy: Mapping[str, Any]

    @property
    def family(self) -> tuple[str, ...]:
        """The tests that are judged together."""
        return tuple(result.claim.id for result in self.results if result.in_family)


def claims_of(record: Record) -> tuple[Claim, ...]:
    """Give the registry, by rows."""
    found = (*CLAIMS, bills_claim(has_file="WSHOBL" in record.values))
    return tuple(sorted(found, key=lambda claim: (claim.row[:3], int(claim.row[4:]), claim.id)))


def study_of(
    record: Record, *, tried: Tried | None, draws: int, alpha: float, synthetic: bool, told: Callable[[str], None]
) -> Study:
    """Test every claim.

    Args:
        tried: what the strategy is tried on; None where it has no decision day on the record.
        told: hears which claim is tested.
    """
    strategy = {} if tried is None else evidence_of(tried)
    court = Court(record=record, draws=draws, strategy=strategy)
    found = []
    for claim in claims_of(record):
        told(claim.id)
        found.append((claim, _tested(claim, court)))
    results = judge(found, alpha=alpha)
    return Study(
        end=date.fromordinal(record.end),
        digests=record.digests,
        absent=record.absent,
        draws=draws,
        alpha=alpha,
        synthetic=synthetic,
        results=results,
        rows=rows_of(results),
        strategy=strategy,
    )


def _tested(claim: Claim, court: Court) -> Outcome:
    if claim.kind is Kind.UNTESTABLE:
        return Outcome(n=0, why=claim.why)
    lacking = court.record.lacks(claim.needs)
    return Outcome(n=0, why=lacking) if lacking else claim.run(court)
