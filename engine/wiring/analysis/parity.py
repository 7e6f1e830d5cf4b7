"""The backtest, and the same days through the live path, compared."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.decisions import Mind
from engine.analysis.comparison.differences import (
    BASIS_POINTS,
    LABORATORY_CAUSES,
    LABORATORY_KINDS,
    UNEXPLAINED,
    Attribution,
    Cause,
    Difference,
)
from engine.analysis.comparison.exchange_model import ExchangeModel
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.strict import revisions, strict
from engine.core.fills import Costs
from engine.ports import ProgressBar
from engine.record.run_files import SUMMARY_FILE
from engine.settings.config import Config
from engine.venues.exchange_venue import BUY_MARGIN
from engine.wiring.analysis.export import csv_text
from engine.wiring.analysis.replay import Replay, replay
from engine.wiring.backtest.backtest import BacktestRun, backtest
from engine.wiring.backtest.backtest_folder import write_backtest
from engine.wiring.backtest.terms import first_ledger, sizing_of

DIFFERENCE_COLUMNS = ("day", "kind", "cause", "size_bp", "what")


@dataclass(frozen=True, kw_only=True)
class ParityRun:
    """Both runs and what their comparison gave.

    Attributes:
        live: the days of the backtest through the live path.
    """

    backtest: BacktestRun
    live: Replay
    comparison: Attribution

    def summary(self) -> dict[str, object]:
        """Give the content of `summary.json`; sizes in basis points of the backtest's value."""
        result, facts = self.comparison, self.backtest.summary
        equity, live_equity = float(result.equity), float(result.live_equity)
        return {
            "mode": "parity",
            "name": self.backtest.config.name,
            "config_sha256": facts["config_sha256"],
            "synthetic": facts["synthetic"],
            "data_sources": facts["data_sources"],
            "doubts": list(self.backtest.doubts),
            "first_day": self.backtest.span.first_day.isoformat(),
            "last_day": self.backtest.span.last_day.isoformat(),
            "decision_days": result.days,
            "orders": result.orders,
            "fills": result.fills,
            "start_equity": facts["start_equity"],
            "final_equity": equity,
            "live_final_equity": live_equity,
            "live_excess_bp": BASIS_POINTS * (live_equity / equity - 1),
            "days_per_second": result.days / self.live.seconds,
            "requests_per_day": self.live.requests / result.days,
            "causes": {cause or UNEXPLAINED: self._row(cause) for cause in (*LABORATORY_CAUSES, None)},
            "unexplained": len(result.unexplained),
        }

    def _row(self, cause: Cause | None) -> dict[str, object]:
        mine = self.comparison.of_cause(cause)
        return {
            **{kind: sum(difference.kind == kind for difference in mine) for kind in LABORATORY_KINDS},
            "largest_bp": max((difference.size for difference in mine), default=0.0),
            "equity_bp": self.comparison.cost_bp(cause),
        }


def parity(config: Config, *, folder: Path, now: Callable[[], datetime], progress: ProgressBar) -> ParityRun:
    """Run the backtest, play its days through the live path, and compare.

    Args:
        folder: where the live run keeps its journal and files, in `live`.
        now: our clock; it signs requests and measures the speed.

    Raises:
        EngineError: configuration or data, or the live run could not go on.
    """
    run = backtest(config, now=now, progress=progress)
    history, last_day = run.market.history, run.span.last_day
    kept = folder / "live"
    kept.mkdir()
    live = replay(
        config,
        history,
        run.strategy.universe,
        run.span,
        folder=kept,
        now=now,
        progress=progress,
        synthetic=run.market.synthetic,
    )
    model = ExchangeModel(
        history=history,
        filters=live.filters,
        costs=Costs(commission=config.costs.commission, slippage=config.costs.slippage),
        quote=config.account.quote,
        buy_margin=BUY_MARGIN,
    )
    ours, theirs = (steps_of(each, first_ledger(config.account), last_plan=True) for each in (run.events, live.events))
    mind = Mind(
        strategy=run.strategy,
        observations=run.strategy.observe(history),
        sizing=sizing_of(config.risk),
        history=history,
        wait_days=config.account.sell_wait_days,
        max_drawdown=config.risk.max_drawdown,
    )
    policy = strict(ours, theirs, live_planner=live.planner, model=model, mind=mind)
    result = compare(ours, theirs, history=history, planner=run.planner, policy=policy)
    bars = revisions(history, live.history, last_day=last_day)
    balances = [Difference(day=last_day, kind="equity", what=words, cause=None) for words in live.imbalances]
    return ParityRun(
        backtest=run, live=live, comparison=replace(result, differences=(*bars, *result.differences, *balances))
    )


def write_parity(folder: Path, run: ParityRun) -> None:
    """Write what was found: `summary.json`, each difference as a row, and the files of both runs."""
    text = json.dumps(run.summary(), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
    found = run.comparison.differences
    rows = [(each.day, each.kind, each.cause_name, f"{each.size:.6f}", each.what) for each in found]
    (folder / "differences.csv").write_text(csv_text(DIFFERENCE_COLUMNS, rows), encoding="utf-8", newline="")
    history = folder / "backtest"
    history.mkdir()
    from engine.wiring.backtest.aligned import aligned_of  # noqa: PLC0415 - wanted at the end only

    write_backtest(history, run.backtest, aligned=aligned_of(run.backtest))
    from engine.report.html.page import write_report  # noqa: PLC0415 - wanted at the end only

    write_report(history)
