"""A study as plain values, as `study.json` holds them; reports and later runs read these and nothing else."""

import math
from collections.abc import Mapping
from typing import Any

from engine.analysis.study.events import iso
from engine.analysis.study.study import Study
from engine.analysis.study.summary import sentences
from engine.analysis.study.verdicts import Result

DIRECTIONS: Mapping[int, str] = {1: "greater", -1: "less", 0: "none"}


def plain_study(study: Study) -> dict[str, Any]:
    """Give a study; no number in it is other than finite."""
    content = {
        "end": study.end.isoformat(),
        "synthetic": study.synthetic,
        "draws": study.draws,
        "alpha": study.alpha,
        "data": dict(study.digests),
        "absent": dict(study.absent),
        "family": {"size": len(study.family), "members": list(study.family)},
        "rows": {row: verdict.value for row, verdict in study.rows.items()},
        "results": [_result(result) for result in study.results],
        "strategy": dict(study.strategy),
    }
    plain: dict[str, Any] = _finite({**content, "summary": list(sentences(content))})
    return plain


def _result(result: Result) -> dict[str, Any]:
    claim, outcome, judged = result.claim, result.outcome, result.outcome.judged
    return {
        "id": claim.id,
        "row": claim.row,
        "primary": claim.primary,
        "title": claim.says,
        "exactly": claim.exactly,
        "claim": DIRECTIONS[claim.sign],
        "kind": claim.kind.value,
        "n": outcome.n,
        "min_n": claim.least,
        "effect": outcome.effect,
        "interval": None if outcome.interval is None else list(outcome.interval),
        "p": judged and judged.p,
        "p_up": judged and judged.p_up,
        "p_lo": judged and judged.p_lo,
        "p_rank": judged and judged.p_rank,
        "nu": judged and judged.freedom,
        "mde": judged and judged.mde,
        "q": result.q,
        "q_by": result.q_by,
        "verdict": result.verdict.value,
        "leaning": result.leaning,
        "hinges_on_one": result.hinges_on_one,
        "without_best": outcome.without_best,
        "events": iso(outcome.events),
        "points": list(outcome.points),
        "why": outcome.why or None,
        "caution": claim.caution or None,
        "detail": dict(outcome.detail),
    }


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
