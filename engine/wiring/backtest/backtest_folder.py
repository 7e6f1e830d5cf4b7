"""A finished backtest -> the files of its run folder, its journal last."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, write_journal
from engine.logs import write_run_log
from engine.record.context_file import context_rows
from engine.record.run_files import LOG_FILE
from engine.record.run_folder import write_config, write_run_files
from engine.record.run_log import log_lines
from engine.record.sealing import file_contents, seal_of
from engine.wiring.backtest.backtest import BacktestRun


def write_backtest(folder: Path, run: BacktestRun, *, aligned: Mapping[str, Any] | None = None) -> None:
    """Write all but the report.

    Args:
        folder: there, empty, and nobody's until it is whole.
        aligned: its rotations side by side, where a report is to show them.

    Raises:
        OSError, DataError: it cannot be written.
    """
    write_run_files(
        folder,
        summary=run.summary,
        days=run.days,
        fills=run.fills,
        rotations=run.rotations,
        benchmarks=run.benchmarks,
        context=context_rows(run.events),
    )
    if aligned is not None:
        from engine.record.aligned import write_aligned  # noqa: PLC0415 - wanted beside a report only

        write_aligned(folder, aligned)
    write_config(folder, run.config.effective())
    write_run_log(folder / LOG_FILE, log_lines(run.events))
    codec = EventCodec(type(run.strategy.start()))
    write_journal(folder / JOURNAL_FILE, run.events, codec, seal_of(file_contents(folder), run.config.sha256()))
