"""Several runs side by side: what each was, what became of it, and its equity relative to holding Bitcoin."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, count
from math import fsum
from typing import Any

from engine.core.errors import DataError
from engine.record.record_rows import RotationRow
from engine.record.run_log import label_of
from engine.record.run_outline import excess_of
from engine.record.run_record import RunRecord
from engine.settings.config import Data

BENCHMARK = "BTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """A run as a row of a comparison.

    Attributes:
        settings: the keys that differ from the default of its strategy, with their values; None: not on record.
        summary: the content of `summary.json`.
        days: decided, in order; equity and cash at their closes. Folders of old hold no cash.
        held: the equity of holding Bitcoin on these days; None where that is not known.
        asked: the section `data` of its configuration; None: not on record.
    """

    label: str
    settings: Mapping[str, Any] | None
    summary: Mapping[str, Any]
    rotations: Sequence[RotationRow]
    days: Sequence[date]
    equity: Sequence[float]
    cash: Sequence[float | None]
    held: Sequence[float | None]
    asked: Mapping[str, Any] | None

    @property
    def rotates(self) -> bool:
        """Whether it has rotations to speak of."""
        return bool(self.rotations) or bool(self.summary.get("rotates", True))

    @property
    def entered(self) -> int:
        """How many rotations it went into."""
        return len(self.rotations)

    @property
    def left(self) -> int:
        """How many of them have ended."""
        return sum(rotation.exit_day is not None for rotation in self.rotations)

    @property
    def excess(self) -> float | None:
        """The return over that of holding Bitcoin for the same days."""
        return excess_of(self.summary.get("total_return"), self.summary)

    @property
    def exposure(self) -> float | None:
        """The mean over decision days of what is not cash, as a fraction of equity; None where cash is not known."""
        pairs = zip(self.cash, self.equity, strict=True)
        shares = [1 - cash / equity for cash, equity in pairs if cash is not None and equity > 0]
        return fsum(shares) / len(shares) if shares else None

    @property
    def relative(self) -> Sequence[tuple[date, float]]:
        """Equity over that of holding Bitcoin, both as multiples of the first day at which both are known."""
        rows = [
            (day, equity / held)
            for day, equity, held in zip(self.days, self.equity, self.held, strict=True)
            if held and equity / held > 0
        ]
        return [(day, ratio / rows[0][1]) for day, ratio in rows]


def compared_records(records: Sequence[RunRecord]) -> list[ComparedRun]:
    """Give finished runs, read back, as rows whose labels are told apart.

    Raises:
        DataError: one is not finished.
    """
    rows = [_compared_record(record) for record in records]
    return [replace(row, label=label) for row, label in zip(rows, numbered([row.label for row in rows]), strict=True)]


def _compared_record(record: RunRecord) -> ComparedRun:
    days = record.decisions
    if not days or record.summary.get("last_day") != days[-1].day.isoformat():
        raise DataError(
            f"{record.folder}: is not finished: summary.json is not of its last decision day; runs that go on are "
            "reviewed alone or by twos"
        )
    held = record.benchmarks.get(BENCHMARK) or {}
    data = (record.config or {}).get("data")
    return ComparedRun(
        label=label_of(record.events) or record.name,
        settings=record.summary.get("settings"),
        summary=record.summary,
        rotations=record.rotations,
        days=[day.day for day in days],
        equity=[day.equity for day in days],
        cash=[day.cash for day in days],
        held=[held.get(day.day) for day in days],
        asked=data if isinstance(data, Mapping) else None,
    )


def numbered(labels: Sequence[str]) -> list[str]:
    """Give labels that are told apart: a second one of a name is `name#2`."""
    told: list[str] = []
    for label in labels:
        names = chain((label,), (f"{label}#{number}" for number in count(2)))
        told.append(next(name for name in names if name not in told))
    return told


def doubts_of(runs: Sequence[ComparedRun]) -> list[str]:
    """Give what puts the figures of any run in doubt, each once."""
    return list(dict.fromkeys(str(doubt) for run in runs for doubt in run.summary.get("doubts") or ()))


def other_bars(runs: Sequence[ComparedRun]) -> list[str]:
    """Say which symbols' bars runs with the same section `data` did not see alike, a line for each way they part."""
    symbols_by_split: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    usual = Data().model_dump(mode="json")
    of_section: dict[str, list[ComparedRun]] = {}
    for run in runs:
        if run.asked is not None:
            # A key that an older configuration lacks has its default.
            section = json.dumps({**usual, **run.asked}, sort_keys=True, default=str)
            of_section.setdefault(section, []).append(run)
    for alike in of_section.values():
        sources = [(run.label, run.summary.get("data_sources") or {}) for run in alike]
        for symbol in dict.fromkeys(symbol for _, source in sources for symbol in source):
            labels: dict[str, list[str]] = {}
            for label, source in sources:
                if digest := (source.get(symbol) or {}).get("sha256"):
                    labels.setdefault(digest, []).append(label)
            if len(labels) > 1:
                symbols_by_split.setdefault(tuple(map(tuple, labels.values())), []).append(symbol)
    return [
        f"not the same bars of {', '.join(symbols)}, though `data` is the same: "
        + " / ".join(", ".join(labels) for labels in split)
        for split, symbols in symbols_by_split.items()
    ]
