"""A paper run's folder, and the backtest of its days with today's data, compared."""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.decisions import Mind
from engine.analysis.comparison.differences import UNEXPLAINED, Attribution, Cause, Difference
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.tolerant import tolerant
from engine.core.errors import CheckError, ConfigError, DataError, EngineError
from engine.core.events import DayDecided, Event, RunStarted
from engine.core.fills import Costs
from engine.journal.chain import BrokenChainError, follow
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, stored_records
from engine.ports import ProgressBar
from engine.record.config_history import PastConfig, read_config_history
from engine.record.run_record import read_run
from engine.report.attribution import print_reconciled
from engine.report.console import print_result
from engine.settings.config import Config
from engine.settings.reading import build_config, with_assignments
from engine.settings.registry import params_of, strategy_of
from engine.wiring.backtest.backtest import BacktestRun, backtest
from engine.wiring.backtest.terms import first_ledger, sizing_of

VENUE = "venue"


@dataclass(frozen=True, kw_only=True)
class ReconciledRun:
    """A paper run, the backtest of its days, and what their comparison gave.

    Attributes:
        notes: what a reader must be told.
    """

    folder: Path
    backtest: BacktestRun
    result: Attribution
    notes: Sequence[str]

    def summary(self) -> dict[str, Any]:
        """Give all of it as plain values; costs are live minus backtest, in basis points of the backtest's equity."""
        result = self.result
        listed = {cause: result.of_cause(cause) for cause in (*Cause, None)}
        return {
            "run": self.folder.name,
            "venue": self.backtest.config.venue.name,
            "first_day": result.first_day.isoformat(),
            "last_day": result.last_day.isoformat(),
            "decision_days": result.days,
            "orders": result.orders,
            "fills": result.fills,
            "final_equity": float(result.equity),
            "live_final_equity": float(result.live_equity),
            "gap_bp": result.in_bp(result.gap),
            "causes": {
                cause or UNEXPLAINED: {"count": len(mine), "bp": result.cost_bp(cause)}
                for cause, mine in listed.items()
                if mine
            },
            "differences": [
                {
                    "day": each.day.isoformat(),
                    "kind": each.kind,
                    "cause": each.cause_name,
                    "bp": result.in_bp(each.cost),
                    "what": each.what,
                }
                for each in result.differences
            ],
            "evidence_days": result.evidence,
            "unexplained": len(result.unexplained),
            "notes": list(self.notes),
            "synthetic": self.backtest.market.synthetic,
        }


def print_reconciliation(
    console: Console,
    folder: Path,
    *,
    assignments: Sequence[str],
    as_json: bool,
    now: Callable[[], datetime],
    progress: ProgressBar,
) -> int:
    """Compare a paper run with the backtest of its days, and print what came of it.

    Args:
        assignments: `key.path=value`, laid over the configuration of the run.
        as_json: print one JSON object instead of tables.
        now: our clock, which decides which bars are final.

    Returns:
        The exit code: 0 where every difference is explained.

    Raises:
        ConfigError, DataError: the folder is no paper run, or today's data do not carry its days.
    """
    run = reconciled(folder, assignments=assignments, now=now, progress=progress)
    summary = run.summary()
    if as_json and not console.quiet:
        print_result(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False))
    elif not as_json:
        print_reconciled(console, summary)
    return CheckError.exit_code if run.result.unexplained else 0


def reconciled(
    folder: Path, *, assignments: Sequence[str], now: Callable[[], datetime], progress: ProgressBar
) -> ReconciledRun:
    """Run the backtest over a paper run's days and compare; the folder is only read, and its bot not disturbed.

    Raises:
        EngineError: as `print_reconciliation` raises.
    """
    record = read_run(folder)
    if record.is_one_shot:
        raise ConfigError(f"{folder}: is a {record.mode} run; --reconcile wants a paper run")
    if record.config is None:
        raise DataError(f"{folder}: has no config.json; without it nobody knows what to run the backtest with")
    started, days = _span(folder, record.events)
    values = dict(record.config)
    config = _config(folder, values, assignments, started, days)
    notes: list[str] = []
    if values.get("data", {}).get("crypto") == VENUE:
        notes.append(
            f"coins: the run read its venue's own candles; today's are those of data.crypto {config.data.crypto}"
        )
    progress("running the backtest over the days of the run")
    run = backtest(config, now=now, progress=progress)
    if run.market.synthetic and not record.synthetic:
        raise DataError("data: the sample market is no data to reconcile a run with; set data.crypto and data.index")
    if record.synthetic and not run.market.synthetic:
        raise DataError(
            f"{folder}: was on made-up (synthetic) prices, and real ones are no data to reconcile it with; "
            "set data.crypto=sample and data.index=sample"
        )
    if run.span.first_day != started.first_day:
        raise DataError(
            f"{folder}: began on {started.first_day}, and today's data allow to decide from {run.span.first_day} on; "
            "bring longer series (--set data.…)"
        )
    last_day = _last_common_day(folder, days, run.days)
    if last_day < days[-1]:
        notes.append(f"compared up to {last_day}: today's data do not reach {days[-1]}")
    notes.extend(run.span.notes)
    # First: they put everything below in doubt.
    notes[:0] = run.doubts
    past = read_config_history(folder)
    return ReconciledRun(folder=folder, backtest=run, result=_compare(folder, run, past, last_day), notes=notes)


def _compare(folder: Path, run: BacktestRun, past: Sequence[PastConfig], last_day: date) -> Attribution:
    config = run.config
    # With the cash that the run began with.
    start = first_ledger(config.account)
    path = folder / JOURNAL_FILE
    # Whole and unchecked: a chain that is broken is a difference, and no obstacle to the others.
    records = list(stored_records(path))
    # Another strategy's memory is plain: the configuration was another then.
    codec = EventCodec(type(run.strategy.start()), or_plain=True)
    ours, theirs = (steps_of(each, start, until=last_day) for each in (run.events, [*codec.events(records, path)]))
    earlier = _earlier_configs(past)
    minds = [
        Mind(
            strategy=run.strategy,
            observations=run.strategy.observe(run.market.history),
            sizing=sizing_of(config.risk),
            history=run.market.history,
            wait_days=config.account.sell_wait_days,
        )
    ]
    minds.extend(mind for until, each in earlier if (mind := _mind(run, each, until)) is not None)
    policy = tolerant(
        ours,
        theirs,
        minds=minds,
        planner=run.planner,
        costs_at=lambda place: _costs(next((each for until, each in earlier if place < until), config)),
    )
    result = compare(ours, theirs, history=run.market.history, planner=run.planner, policy=policy)
    try:
        deque(follow(records), maxlen=0)
    except BrokenChainError as broken:
        words = f"the journal's hash chain: {broken}"
        altered = Difference(day=last_day, kind="account", cause=None, what=words)
        return replace(result, differences=(altered, *result.differences))
    return result


def _span(folder: Path, events: Sequence[Event]) -> tuple[RunStarted, Sequence[date]]:
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    days = [event.day for event in events if isinstance(event, DayDecided)]
    if started is None or not days:
        raise DataError(f"{folder}: has decided no day yet; there is nothing to reconcile")
    return started, days


def _config(
    folder: Path, values: Mapping[str, Any], assignments: Sequence[str], started: RunStarted, days: Sequence[date]
) -> Config:
    """Give the configuration of the backtest: that of the run, over its days, with the cash that it began with.

    Raises:
        ConfigError: it reads a venue's candles, which there is no exchange to ask for.
    """
    config = build_config(with_assignments(dict(values), assignments), params_of)
    if config.data.crypto == VENUE:
        raise ConfigError(
            f"{folder}: decided on its venue's own candles (data.crypto: venue), which only `paper` reads; say which "
            "bars to compare it with: --set data.crypto=binance, or --set data.crypto=csv --set data.csv_dir=DIR"
        )
    window = config.window.model_copy(update={"from_": started.first_day, "to": days[-1]})
    account = config.account.model_copy(update={"cash": started.cash, "quote": started.quote})
    return config.model_copy(update={"window": window, "account": account})


def _last_common_day(folder: Path, days: Sequence[date], decided: Sequence[DayDecided]) -> date:
    common = {*days} & {each.day for each in decided}
    if not common:
        raise DataError(f"{folder}: today's data have a bar of none of its {len(days)} days")
    return max(common)


def _earlier_configs(past: Sequence[PastConfig]) -> list[tuple[int, Config]]:
    """Give the configurations before the present one, oldest first, with the place up to which each was in force."""
    earlier = []
    for each in past:
        try:
            earlier.append((each.records, build_config(each.config, params_of)))
        except EngineError:
            # A configuration of another version, or of a strategy that is gone, explains nothing.
            continue
    return earlier


def _mind(run: BacktestRun, config: Config, until: int) -> Mind | None:
    try:
        strategy = strategy_of(config)
        history = run.market.history
        return Mind(
            strategy=strategy,
            observations=strategy.observe(history),
            until=until,
            sizing=sizing_of(config.risk),
            history=history,
            wait_days=config.account.sell_wait_days,
        )
    except EngineError:
        # It needs series that the present strategy does not load.
        return None


def _costs(config: Config) -> Costs:
    return Costs(commission=config.costs.commission, slippage=config.costs.slippage)
