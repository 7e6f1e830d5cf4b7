"""Several runs side by side on the terminal, in 80 columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.record.review.side_by_side import ComparedRun, doubts_of, other_bars
from engine.report.figures import NOT_AVAILABLE, signed_percent
from engine.report.printable import printable
from engine.report.synthetic import framed
from engine.report.tables import plain_table
from engine.report.terminal import print_doubts

FIGURES = ("entered", "left", "return", "max. dd", "excess", "exposure")
WORDS = "max. dd: deepest drawdown; excess: over holding BTC; exposure: 1 - cash / equity"
LEAST_LABEL = 12


def print_runs(console: Console, runs: Sequence[ComparedRun], *, page: Path | None = None) -> None:
    """Print runs, a row each.

    Args:
        page: where the page of them is; None: there is none.
    """
    with framed(console, synthetic=any(run.summary.get("synthetic") for run in runs)):
        console.print(Text(f"{len(runs)} run{'s' if len(runs) != 1 else ''} side by side", style="bold"))
        for line in span_lines(runs):
            console.print(Text(line))
        print_doubts(console, doubts_of(runs))
        for line in other_bars(runs):
            console.print(Text(f"note: {printable(line)}", style="yellow"))
        console.print()
        console.print(_table(runs))
        console.print(
            Text(
                WORDS,
                style="dim",
            )
        )
        if page is not None:
            console.print(Text(f"page: {page}"), soft_wrap=True)


def span_lines(runs: Sequence[ComparedRun]) -> Iterator[str]:
    """Say which days were decided: once where they are the same, else for each run."""
    spans = [f"{run.days[0]} to {run.days[-1]}, {len(run.days):,} decision days" for run in runs]
    if len(set(spans)) == 1:
        yield spans[0]
        return
    yield "the runs decide different days: their figures are of different spans"
    for run, span in zip(runs, spans, strict=True):
        yield f"  {printable(run.label)}: {span}"


def cells(run: ComparedRun) -> tuple[str, ...]:
    """Write the figures of a run, in the order of `FIGURES`."""
    drawdown, exposure = run.summary.get("max_drawdown"), run.exposure
    return (
        f"{run.entered:,}" if run.rotates else NOT_AVAILABLE,
        f"{run.left:,}" if run.rotates else NOT_AVAILABLE,
        signed_percent(run.summary.get("total_return")),
        NOT_AVAILABLE if drawdown is None else f"{drawdown:.1%}",
        signed_percent(run.excess),
        NOT_AVAILABLE if exposure is None else f"{exposure:.1%}",
    )


def _table(runs: Sequence[ComparedRun]) -> Table:
    table = plain_table(right=())
    table.add_column("run", overflow="fold", min_width=LEAST_LABEL)
    for title in FIGURES:
        table.add_column(title, justify="right", no_wrap=True)
    for run in runs:
        table.add_row(Text(printable(run.label)), *cells(run))
    return table
