"""From what the tests found to verdicts: one family, one rate of false discoveries, and n before everything.

Source: Benjamini & Yekutieli 2001, valid under any dependence; the sign read off a rejected two-sided test controls the
directional rate (Benjamini & Yekutieli 2005).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.analysis.study.claim import Claim, Kind
from engine.analysis.study.distributions import discovery_rates
from engine.analysis.study.outcome import Outcome


class Verdict(StrEnum):
    """What can be said of a claim."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    CONTRADICTED = "contradicted"
    TOO_FEW = "too few events"
    UNTESTABLE = "untestable"
    OPEN = "open"
    CAME_TRUE = "came true"
    DID_NOT = "did not come true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A claim, what its test found, and what follows.

    Attributes:
        q, q_by: of Benjamini and Hochberg, and of Benjamini and Yekutieli; None outside the family.
        leaning: not supported, though the sign agrees and q is small.
        hinges_on_one: it would be supported but for one event.
    """

    claim: Claim
    outcome: Outcome
    verdict: Verdict
    q: float | None = None
    q_by: float | None = None
    leaning: bool = False
    hinges_on_one: bool = False

    @property
    def in_family(self) -> bool:
        """Whether it is one of those that are judged together."""
        return self.q_by is not None


def judge(found: Sequence[tuple[Claim, Outcome]], *, alpha: float) -> tuple[Result, ...]:
    """Give the verdicts on all tests together."""
    members = [(claim, outcome) for claim, outcome in found if _is_member(claim, outcome)]
    q, q_by = discovery_rates([outcome.judged.p for _, outcome in members if outcome.judged is not None])
    rates = {claim.id: pair for (claim, _), pair in zip(members, zip(q, q_by, strict=True), strict=True)}
    return tuple(_result(claim, outcome, rates.get(claim.id), alpha) for claim, outcome in found)


def rows_of(results: Sequence[Result]) -> Mapping[str, Verdict]:
    """Give the verdict of each row, which is that of its primary test."""
    return {result.claim.row: result.verdict for result in results if result.claim.primary}


def _is_member(claim: Claim, outcome: Outcome) -> bool:
    is_decided = claim.kind is Kind.UNIVERSAL and outcome.counterexample
    return not outcome.why and outcome.judged is not None and outcome.n >= claim.least and not is_decided


def _result(claim: Claim, outcome: Outcome, rates: tuple[float, float] | None, alpha: float) -> Result:
    if claim.kind is Kind.UNTESTABLE or outcome.why:
        return Result(claim=claim, outcome=outcome, verdict=Verdict.UNTESTABLE)
    if claim.kind in (Kind.FACT, Kind.FORECAST):
        return Result(claim=claim, outcome=outcome, verdict=_of_statement(claim.kind, holds=outcome.holds))
    if claim.kind is Kind.UNIVERSAL and outcome.counterexample:
        return Result(claim=claim, outcome=outcome, verdict=Verdict.CONTRADICTED)
    if rates is None or outcome.judged is None:
        return Result(claim=claim, outcome=outcome, verdict=Verdict.TOO_FEW)
    q, q_by = rates
    sign = 1 if outcome.judged.p_up <= outcome.judged.p_lo else -1
    agrees = sign == claim.sign
    holds_without = outcome.without_best is None or outcome.without_best * claim.sign > 0
    verdict, hinges, leaning = Verdict.NOT_SUPPORTED, False, False
    if q_by <= alpha and not agrees:
        verdict = Verdict.CONTRADICTED
    elif q_by <= alpha and holds_without:
        verdict = Verdict.SUPPORTED
    elif q_by <= alpha:
        hinges = True
    else:
        leaning = q <= alpha and agrees and holds_without
    return Result(claim=claim, outcome=outcome, verdict=verdict, q=q, q_by=q_by, leaning=leaning, hinges_on_one=hinges)


def _of_statement(kind: Kind, *, holds: bool | None) -> Verdict:
    if holds is None:
        return Verdict.OPEN
    if kind is Kind.FACT:
        return Verdict.SUPPORTED if holds else Verdict.CONTRADICTED
    return Verdict.CAME_TRUE if holds else Verdict.DID_NOT
