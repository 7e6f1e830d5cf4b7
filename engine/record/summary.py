"""`summary.json`: the figures of a run, from one place for terminal, file and report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import fsum

import numpy as np

from engine.core.events import DayDecided
from engine.core.market import Floats
from engine.core.order import Fill
from engine.core.out_of_position import OutOfPosition
from engine.core.performance import performance_of, turnover_of
from engine.core.rotation_equity import ROTATED
from engine.record.projections import money, own_fills
from engine.record.record_rows import RotationRow

RECORD_SCHEMA = 1
"""Version of a run folder's files; raised when an older program could misread newer ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a summary needs beside the events.

    Attributes:
        data_sources: by series: source, digest, first and last day, missing bars, fetch time.
        notes: what a reader must be told.
        doubts: what puts the figures in doubt; told before all notes.
        rotates: whether the strategy has a basket to rotate into.
        label: what a person called the run by; empty: nothing.
        settings: the keys of the configuration that differ from the default, with their values.
        study: what a study of the same bars says of the claims behind an entry; None where there is none.
        study_data: of a run that may go on, the digests by which a later one is known to be of its bars.
        benchmark_equity: by benchmark; None where it was not tradable on the first day.
    """

    mode: str
    name: str
    strategy: str
    config_sha256: str
    version: str
    synthetic: bool
    data_sources: Mapping[str, Mapping[str, object]]
    notes: Sequence[str]
    benchmark_equity: Mapping[str, Floats | None]
    doubts: Sequence[str] = ()
    rotates: bool = True
    label: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    study: Mapping[str, object] | None = None
    study_data: Mapping[str, str] | None = None


def summary_of(
    facts: RunFacts,
    *,
    days: Sequence[DayDecided],
    fills: Sequence[Fill],
    rotations: Sequence[RotationRow],
    out_of_position: Sequence[OutOfPosition] = (),
) -> dict[str, object]:
    """Give the content of `summary.json`, keys in the order in which a person reads them.

    Args:
        out_of_position: coins that could not be brought to their targets.
    """
    return {
        "schema": RECORD_SCHEMA,
        "mode": facts.mode,
        "name": facts.name,
        "strategy": facts.strategy,
        "label": facts.label or None,
        "settings": dict(facts.settings),
        "config_sha256": facts.config_sha256,
        "version": facts.version,
        "synthetic": facts.synthetic,
        "data_sources": facts.data_sources,
        "doubts": list(facts.doubts),
        "notes": [*facts.doubts, *facts.notes, *_old_marks(days[-1])],
        "rotates": facts.rotates,
        **({} if facts.study is None else {"study": facts.study}),
        **({} if facts.study_data is None else {"study_data": facts.study_data}),
        **figures_of_record(days, fills, rotations),
        "out_of_position": [
            {"asset": each.asset, "since": each.since.isoformat(), "weight": each.weight, "reason": each.reason}
            for each in out_of_position
        ],
        "benchmarks": {
            name: None if curve is None else benchmark_figures(curve, days=(days[-1].day - days[0].day).days)
            for name, curve in facts.benchmark_equity.items()
        },
    }


def figures_of_record(
    days: Sequence[DayDecided], fills: Sequence[Fill], rotations: Sequence[RotationRow]
) -> dict[str, object]:
    """Give the part of a summary that the events alone determine."""
    equity = np.array([float(day.equity) for day in days])
    elapsed = (days[-1].day - days[0].day).days
    # What restores after a reset is paid by the account's fresh allowance, and no decision of the strategy's.
    fills = own_fills(fills)
    traded = fsum(float(fill.notional) for fill in fills)
    fees: dict[str, float] = {}
    for fill in fills:
        fees[fill.fee_asset] = fees.get(fill.fee_asset, 0.0) + float(fill.fee)
    return {
        "first_day": days[0].day.isoformat(),
        "last_day": days[-1].day.isoformat(),
        "days": len(days),
        "decision_days": len(days),
        "start_equity": money(days[0].equity),
        "final_equity": money(days[-1].equity),
        **asdict(performance_of(equity, days=elapsed)),
        "turnover": turnover_of(traded_notional=traded, equity=equity, days=elapsed),
        "fees_paid": fsum(fees.values()) if len(fees) < 2 else fees,  # noqa: PLR2004 - one fee asset is a number
        "rotations": len(rotations),
        "days_rotated": sum(day.state == ROTATED for day in days),
    }


def benchmark_figures(equity: Floats, *, days: int) -> dict[str, float | None]:
    """Give the figures that a benchmark is compared by."""
    performance = performance_of(equity, days=days)
    return {
        "return": performance.total_return,
        "cagr": performance.cagr,
        "volatility": performance.volatility,
        "max_drawdown": performance.max_drawdown,
        "sharpe": performance.sharpe,
        "sortino": performance.sortino,
        "calmar": performance.calmar,
    }


def _old_marks(last: DayDecided) -> Sequence[str]:
    """Say what is valued at a price older than the last day; nothing where each is of it."""
    words = ", ".join(f"{asset} at its close of {on}" for asset, on in last.marked_on.items())
    return (f"on {last.day} there is no price of that day for what is held: {words}",) if words else ()
