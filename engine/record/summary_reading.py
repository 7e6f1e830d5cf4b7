"""`summary.json` read back: every key that a report shows is what it should be, or one sentence names it."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from engine.record.forms import AnyNumber, Count, Day, NotNegative, Number, Return, Truth, Word, by_name, checked, keys
from engine.record.strict_json import strict_object

_FIGURES = {
    "total_return": Return | None,
    # A year made of a few days, as older summaries have it, can be as large as it likes.
    **dict.fromkeys(("cagr", "calmar"), AnyNumber | None),
    "volatility": NotNegative | None,
    "max_drawdown": Annotated[Return, Field(le=0)] | None,
    **dict.fromkeys(("sharpe", "sortino"), Number | None),
}
_SOURCE = keys(
    "Source",
    {
        **dict.fromkeys(("source", "first", "last", "sha256", "fetched_at", "remark"), Word | None),
        **dict.fromkeys(("bars", "missing"), Count | None),
    },
)
_BENCHMARK = keys("Benchmark", {"return": Return, **_FIGURES}, required=("return",))
# Of a run that paid in one asset the fees are a number.
_ONE_ASSET = BeforeValidator(lambda fees: fees if isinstance(fees, dict) else {"in one asset": fees})
_CLAIM: Any = keys("Claim", {"title": Word, "verdict": Word, "n": Count}, required=("title", "verdict", "n"))
_STUDY: Any = keys("Study", {"folder": Word, "claims": list[_CLAIM]}, required=("folder", "claims"))
_SUMMARY = keys(
    "Summary",
    {
        **dict.fromkeys(("mode", "name", "strategy", "config_sha256", "version"), Word | None),
        "synthetic": Truth | None,
        "label": Word | None,
        "settings": by_name(Any) | None,
        "study": _STUDY | None,
        "study_data": by_name(Word) | None,
        "data_sources": by_name(_SOURCE),
        "notes": list[Any],
        **dict.fromkeys(("first_day", "last_day"), Day | None),
        **dict.fromkeys(("days", "decision_days", "rotations", "days_rotated"), Count | None),
        **dict.fromkeys(("start_equity", "final_equity", "turnover"), NotNegative | None),
        **_FIGURES,
        "fees_paid": Annotated[by_name(Number), _ONE_ASSET] | None,
        "benchmarks": by_name(_BENCHMARK | None),
    },
)


def summary_content(text: str) -> dict[str, Any]:
    """Read the content of a `summary.json`, of any mode; keys that are not known are left as they are.

    Raises:
        ValueError: it is no object, or a key holds what it cannot mean.
    """
    content = strict_object(text)
    checked(_SUMMARY, content)
    return content
