"""Two runs side by side: figures, spans, configurations, rotations by entry day, days in another state."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.core.rotation_equity import ROTATED
from engine.record.paper_folder import FREE_INNER_KEYS, FREE_KEYS
from engine.record.record_rows import RotationRow
from engine.record.review.facts import FIGURES, figures_of, rotates
from engine.record.run_record import RunRecord

ABSENT = "(absent)"
FREE = {*FREE_KEYS, *(f"{section}.{key}" for section, keys in FREE_INNER_KEYS.items() for key in keys)}
COUNTS = ("decision_days", "rotations", "days_rotated", "fills")
AMOUNTS = ("start_equity", "final_equity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A figure of both runs; None where a run has none."""

    name: str
    first: float | None
    second: float | None

    @property
    def difference(self) -> float | None:
        """The second less the first, where that is a number."""
        if self.first is None or self.second is None:
            return None
        difference = self.second - self.first
        return difference if math.isfinite(difference) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDifference:
    """A key of the configuration with both values."""

    key: str
    first: object
    second: object


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationPair:
    """Rotations that begin on the same day; None where only the other run has one."""

    entry_day: date
    first: RotationRow | None
    second: RotationRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateStretch:
    """Days, one after another, after whose decisions the runs are in different states."""

    since: date
    until: date
    days: int
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs.

    Attributes:
        configuration: keys that differ; None where a folder does not hold its configuration.
        same_configuration: by their digests; None where a run has none yet.
        rotates: whether one of them has rotations to speak of.
        common_days: decided by both; only_first, only_second: by one of them.
    """

    first: RunRecord
    second: RunRecord
    figures: Sequence[Pair]
    configuration: Sequence[KeyDifference] | None
    same_configuration: bool | None
    rotates: bool
    common_days: int
    only_first: int
    only_second: int
    rotations: Sequence[RotationPair]
    states: Sequence[StateStretch]


def compare_runs(first: RunRecord, second: RunRecord) -> Comparison:
    """Compare two runs, of whatever modes."""
    days = {decision.day for decision in first.decisions}, {decision.day for decision in second.decisions}
    hashes = [record.summary.get("config_sha256") for record in (first, second)]
    mine, other = first.config, second.config
    return Comparison(
        first=first,
        second=second,
        figures=_figures(first, second),
        configuration=None if mine is None or other is None else list(_differences(mine, other, "")),
        same_configuration=None if None in hashes else hashes[0] == hashes[1],
        rotates=rotates(first) or rotates(second),
        common_days=len(days[0] & days[1]),
        only_first=len(days[0] - days[1]),
        only_second=len(days[1] - days[0]),
        rotations=_rotations(first.rotations, second.rotations),
        states=_states(first, second),
    )


def _figures(first: RunRecord, second: RunRecord) -> list[Pair]:
    values = [_values(first), _values(second)]
    return [Pair(name=name, first=values[0][name], second=values[1][name]) for name in values[0]]


def _values(record: RunRecord) -> Mapping[str, float | None]:
    days = record.decisions
    return {
        "start_equity": days[0].equity if days else None,
        "final_equity": days[-1].equity if days else None,
        **{name: value for name, value in figures_of(record).items() if name in FIGURES},
        "decision_days": len(days),
        "rotations": len(record.rotations),
        "days_rotated": sum(decision.state == ROTATED for decision in days),
        "fills": len(record.own_fills),
    }


def _differences(first: Any, second: Any, path: str) -> Iterator[KeyDifference]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in dict.fromkeys((*first, *second)):
            inner = f"{path}.{key}" if path else str(key)
            if inner in FREE and not (key in first and key in second):
                # The folder of a paper run leaves it out: it may change while the run goes on.
                continue
            yield from _differences(first.get(key, ABSENT), second.get(key, ABSENT), inner)
    elif first != second:
        yield KeyDifference(key=path, first=first, second=second)


def _rotations(first: Sequence[RotationRow], second: Sequence[RotationRow]) -> list[RotationPair]:
    mine = {rotation.entry_day: rotation for rotation in first}
    other = {rotation.entry_day: rotation for rotation in second}
    return [RotationPair(entry_day=day, first=mine.get(day), second=other.get(day)) for day in sorted({*mine, *other})]


def _states(first: RunRecord, second: RunRecord) -> list[StateStretch]:
    other = {decision.day: decision.next_state for decision in second.decisions}
    stretches: list[StateStretch] = []
    is_going_on = False
    for decision in first.decisions:
        if decision.day not in other:
            continue
        pair = decision.next_state, other[decision.day]
        if pair[0] == pair[1]:
            is_going_on = False
            continue
        last = stretches[-1] if is_going_on else None
        if last is not None and (last.first, last.second) == pair:
            stretches[-1] = StateStretch(
                since=last.since, until=decision.day, days=last.days + 1, first=pair[0], second=pair[1]
            )
        else:
            stretches.append(
                StateStretch(since=decision.day, until=decision.day, days=1, first=pair[0], second=pair[1])
            )
        is_going_on = True
    return stretches
