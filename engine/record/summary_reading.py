"""`summary.json` read back: every key that a report shows is what it should be, or one sentence names it."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.record.cells import day_of, number_of, word_of
from engine.record.strict_json import shown, strict_object

Check = Callable[[Any], object]


def summary_content(text: str) -> dict[str, Any]:
    """Read the content of a `summary.json`, of any mode; keys that are not known are left as they are.

    Raises:
        ValueError: it is no object, or a key holds what it cannot mean.
    """
    content = strict_object(text)
    _check_keys(content, CHECKS)
    return content


def _check_keys(content: Mapping[str, Any], checks: Mapping[str, Check]) -> None:
    for key, check in checks.items():
        if key not in content or (content[key] is None and check not in NEVER_NULL):
            continue
        try:
            check(content[key])
        except ValueError as error:
            raise ValueError(f"{key!r}: {error}") from error


def _number(value: Any) -> None:
    _any_number(value)
    number_of(value)


def _any_number(value: Any) -> None:
    # A year made of a few days, as older summaries have it, can be as large as it likes.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is no number")


def _bounded(least: float | None, most: float | None = None) -> Check:
    def check(value: Any) -> None:
        _number(value)
        if least is not None and value < least:
            raise ValueError(f"{shown(value)} is below {least:g}")
        if most is not None and value > most:
            raise ValueError(f"{shown(value)} is above {most:g}")

    return check


def _count(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{shown(value)} is no count")


def _is_true_or_false(value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false")


def _list(value: Any) -> None:
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} is no list")


def _fees(value: Any) -> None:
    for fee in value.values() if isinstance(value, Mapping) else (value,):
        _number(fee)


def _each_of(check: Check) -> Check:
    def check_all(value: Any) -> None:
        if not isinstance(value, Mapping):
            raise ValueError(f"{shown(value)} holds no values by name")
        _check_keys(value, dict.fromkeys(value, check))

    return check_all


def _benchmark(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} holds no figures")
    _bounded(-1)(value.get("return"))
    _check_keys(value, {**dict.fromkeys(value, _number), **FIGURES})


def _source(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} says nothing of a source")
    _check_keys(value, SOURCE)


_sources = _each_of(_source)
_benchmarks = _each_of(_benchmark)
NEVER_NULL = (_list, _source, _sources, _benchmarks)
FIGURES: Mapping[str, Check] = {
    "total_return": _bounded(-1),
    "cagr": _any_number,
    "volatility": _bounded(0),
    "max_drawdown": _bounded(-1, 0),
    "sharpe": _number,
    "sortino": _number,
    "calmar": _any_number,
}
SOURCE: Mapping[str, Check] = {
    **dict.fromkeys(("source", "first", "last", "sha256", "fetched_at", "remark"), word_of),
    **dict.fromkeys(("bars", "missing"), _count),
}
CHECKS: Mapping[str, Check] = {
    **dict.fromkeys(("mode", "name", "strategy", "config_sha256", "version"), word_of),
    "synthetic": _is_true_or_false,
    "data_sources": _sources,
    "notes": _list,
    "first_day": day_of,
    "last_day": day_of,
    **dict.fromkeys(("days", "decision_days", "rotations", "days_rotated"), _count),
    "start_equity": _bounded(0),
    "final_equity": _bounded(0),
    **FIGURES,
    "turnover": _bounded(0),
    "fees_paid": _fees,
    "benchmarks": _benchmarks,
}
