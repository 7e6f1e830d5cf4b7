"""Several configurations -> their backtests on the same bars, each as a row of a comparison."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.core.errors import EngineError
from engine.ports import ProgressBar
from engine.record.projections import money
from engine.record.review.side_by_side import BENCHMARK, ComparedRun
from engine.settings.changed import changed_settings
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.trading.drivers.plain import drive
from engine.wiring.backtest.backtest import BacktestRun, backtest
from engine.wiring.data.market import Market, load_market


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A configuration to compare, and what its row is called."""

    label: str
    config: Config


def compare(
    asked: Sequence[Asked], *, now: Callable[[], datetime], progress: ProgressBar, studies: Path | None = None
) -> list[ComparedRun]:
    """Run each configuration; bars that several ask for are loaded once.

    Args:
        studies: where studies lie, as of a backtest.

    Raises:
        EngineError: as a backtest; the sentence begins with the label of the run.
    """
    # One instant for all: the last final bar is the same.
    at = now()
    markets: dict[str, Market] = {}
    runs: list[ComparedRun] = []
    progress.expect(len(asked))
    for each in asked:
        try:
            market = _market(each.config, markets, now=lambda: at, progress=progress)
            run = backtest(each.config, now=lambda: at, progress=progress, market=market, studies=studies, drive=drive)
        except EngineError as error:
            raise type(error)(f"{each.label}: {error}") from error
        runs.append(_row(each.label, run))
        progress.advance()
    return runs


def _market(
    config: Config, markets: dict[str, Market], *, now: Callable[[], datetime], progress: ProgressBar
) -> Market:
    universe, effective = strategy_of(config).universe, config.effective()
    wanted = (universe.assets, universe.indices, universe.series, universe.further_series)
    key = json.dumps([effective["data"], effective["venue"], wanted])
    if key not in markets:
        markets[key] = load_market(config, universe, now=now, progress=progress)
    return markets[key]


def _row(label: str, run: BacktestRun) -> ComparedRun:
    held = run.benchmarks.get(BENCHMARK)
    return ComparedRun(
        label=label,
        settings=changed_settings(run.config),
        summary=run.summary,
        rotations=run.rotations,
        days=[day.day for day in run.days],
        equity=[money(day.equity) for day in run.days],
        cash=[money(day.cash) for day in run.days],
        held=[None] * len(run.days) if held is None else [float(value) for value in held],
        asked=run.config.effective()["data"],
    )
