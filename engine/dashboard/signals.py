"""What a decision rested on, in words: where each signal stands, and how far it is from where it would change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.report.evidence import distance_words, gap_words, number_in, value_words

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One line of the signals.

    Attributes:
        name: of what; value: where it stands; distance: how far it is from its trigger, or what it needs.
        is_on: whether it counts for an entry now; None where it is neither.
    """

    name: str
    value: str
    distance: str = ""
    is_on: bool | None = None


def signals_of(evidence: Mapping[str, Values | None], config: Mapping[str, Any] | None = None) -> tuple[Signal, ...]:
    """Put the evidence of a decision into words.

    Args:
        evidence: by section, as events or `decisions.jsonl` hold it.
        config: the effective configuration, where it is known: it says how long a cross counts.
    """
    strategy = _section(config or {}, "strategy")
    told: list[Signal] = []
    for name, values in evidence.items():
        if not values:
            continue
        if name == "index":
            told += _index(values, strategy)
        elif name == "macd":
            told += _macd(values, strategy)
        else:
            told += [
                Signal(name=f"{name}: {key.replace('_', ' ')}", value=value_words(value))
                for key, value in values.items()
            ]
    return tuple(told)


def latest_exit(memory: object, config: Mapping[str, Any] | None) -> date | None:
    """Give the day on which a rotation in being ends at the latest; None outside one, or where it cannot be told.

    Args:
        memory: the strategy's own, as plain values.
    """
    entry = _day(memory.get("entry_day")) if isinstance(memory, Mapping) else None
    weeks = _section(config or {}, "strategy").get("hold_weeks")
    return entry + timedelta(weeks=weeks) if entry is not None and isinstance(weeks, int) else None


def _index(values: Values, strategy: Values) -> list[Signal]:
    name = str(strategy.get("index") or "index")
    close, ceiling, support = (values.get(key) for key in ("close", "ceiling", "support"))
    told = [
        Signal(
            name=f"{name} close", value=value_words(close), distance=f"session of {value_words(values.get('session'))}"
        )
    ]
    if values.get("in_breakout"):
        since = f"in breakout since {value_words(values.get('breakout_session'))}"
        told.append(Signal(name=f"{name} breakout", value=since, is_on=True))
        told.append(Signal(name=f"{name} support", value=value_words(support), distance=_apart(close, support)))
    else:
        lost = values.get("loss_session")
        note = f"support was lost on {value_words(lost)}" if lost else ""
        told.append(Signal(name=f"{name} breakout", value="none", distance=note, is_on=False))
    told.append(Signal(name=f"{name} ceiling", value=value_words(ceiling), distance=_apart(close, ceiling)))
    length = values.get("run_length")
    if isinstance(length, int) and length:
        wanted = _section(strategy, "breakout").get("confirm_sessions")
        level = f"closes above {value_words(values.get('run_level'))}" if values.get("run_level") else "closes above it"
        told.append(Signal(name="confirmation", value=f"session {length} of {wanted or '?'}", distance=level))
    return told


def _macd(values: Values, strategy: Values) -> list[Signal]:
    core = str(strategy.get("core") or "core")
    macd, line, week = number_in(values.get("macd")), number_in(values.get("signal")), value_words(values.get("week"))
    words = gap_words(macd, line)
    gap = f"{words} {value_words(line)}" if words else ""
    told = [Signal(name=f"{core} weekly MACD", value=value_words(macd), distance=f"{gap}; week to {week}".lstrip("; "))]
    if "cross_week" not in values:
        return told
    cross = _day(values.get("cross_week"))
    if cross is None:
        return [*told, Signal(name="golden cross", value="none yet", is_on=False)]
    weeks = _section(strategy, "macd").get("valid_weeks")
    until = f"{cross + timedelta(weeks=weeks)}" if isinstance(weeks, int) else ""
    if values.get("in_force"):
        note = f"counts until {until}, while the MACD stays above" if until else ""
        return [*told, Signal(name="golden cross", value=f"in force, of {cross}", distance=note, is_on=True)]
    note = f"it counted until {until} at the latest" if until else ""
    return [*told, Signal(name="golden cross", value=f"not in force, the last of {cross}", distance=note, is_on=False)]


def _apart(close: object, level: object) -> str:
    words = distance_words(close, level)
    return f"the close is {words}" if words else ""


def _section(values: Values, name: str) -> Values:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
