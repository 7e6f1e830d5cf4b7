"""A backtest on the terminal: fits 80 columns, says what the figures rest on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.core.order import Order
from engine.journal.projections import Rotation
from engine.report.caveats import NOT_ADVICE, hindsight, rests_on
from engine.report.figures import FIGURES, NOT_AVAILABLE, benchmark_key, benchmark_title, signed_percent
from engine.report.synthetic import SYNTHETIC_FIRST_LINE, SYNTHETIC_LAST_LINE

WIDTH = 80


def print_backtest(
    console: Console,
    *,
    summary: Mapping[str, Any],
    rotations: Sequence[Rotation],
    waiting: Sequence[Order],
    core: str,
    gaps: Sequence[str],
    folder: Path,
    has_report: bool,
) -> None:
    """Print a backtest's summary.

    Args:
        summary: the content of `summary.json`.
        waiting: orders that were decided on the last day.
        gaps: missing bars in words.
        folder: where the files are; has_report: whether `report.html` is among them.
    """
    if summary["synthetic"]:
        console.print(Text(SYNTHETIC_FIRST_LINE, style="bold yellow"))
    console.print(_header(summary))
    for line in _source_lines(summary["data_sources"]):
        console.print(Text(line, style="dim"))
    for line in (*summary["notes"], *_gap_lines(gaps)):
        console.print(Text(f"note: {line}", style="yellow"))
    console.print()
    console.print(_rotations_table(rotations, core))
    console.print(_metrics_table(summary))
    console.print(_activity(summary))
    for order in waiting:
        console.print(Text(f"pending: {order.side.value} {order.quantity:f} {order.symbol} ({order.reason})"))
    console.print(Padding(Text(_caveat(summary, rotations), style="italic"), (1, 0, 0, 0)))
    # A path is what people copy: it is never broken over two lines.
    console.print(Text(f"files: {folder}"), soft_wrap=True)
    if has_report:
        console.print(Text(f"report: {folder / 'report.html'}"), soft_wrap=True)
    if summary["synthetic"]:
        console.print(Text(SYNTHETIC_LAST_LINE, style="bold yellow"))


def _header(summary: Mapping[str, Any]) -> Text:
    days = f"{summary['decision_days']:,} decision day{'s' if summary['decision_days'] != 1 else ''}"
    head = Text(f"{summary['name']}", style="bold")
    head.append(f"  {summary['first_day']} to {summary['last_day']}, {days}, ", style="none")
    head.append(f"{summary['start_equity']:,.0f} -> {summary['final_equity']:,.0f}", style="bold")
    return head


def _source_lines(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    by_place: dict[str, list[str]] = {}
    for symbol, facts in sources.items():
        by_place.setdefault(str(facts["source"]).replace(symbol, "*"), []).append(symbol)
    return [f"data: {_few(symbols)} from {place}" for place, symbols in by_place.items()]


def _few(symbols: Sequence[str], most: int = 12) -> str:
    return " ".join(symbols) if len(symbols) <= most else f"{' '.join(symbols[:most])} and {len(symbols) - most} more"


def _gap_lines(gaps: Sequence[str], most: int = 4) -> list[str]:
    hidden = len(gaps) - most
    return [*gaps[:most], *([f"{hidden} more gaps, all in run.log"] if hidden > 0 else [])]


def _rotations_table(rotations: Sequence[Rotation], core: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title="Rotations", title_justify="left", title_style="bold"
    )
    for title in ("#", "entry", "exit", "reason"):
        table.add_column(title, no_wrap=True)
    for title in ("weeks", "return", core, "excess"):
        table.add_column(title, justify="right", no_wrap=True)
    for rotation in rotations:
        table.add_row(
            str(rotation.number),
            rotation.entry_day.isoformat(),
            rotation.exit_day.isoformat() if rotation.exit_day else NOT_AVAILABLE,
            rotation.exit_reason,
            f"{rotation.weeks_held:.1f}",
            signed_percent(rotation.total_return),
            signed_percent(rotation.core_return),
            signed_percent(rotation.excess),
        )
    if not rotations:
        table.add_row(NOT_AVAILABLE, "none", *[""] * 6)
    return table


def _metrics_table(summary: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("")
    table.add_column(str(summary["name"])[:24], justify="right", style="bold")
    benchmarks: Mapping[str, Mapping[str, Any] | None] = summary["benchmarks"]
    for name in benchmarks:
        table.add_column(benchmark_title(name), justify="right")
    for title, key, kind in FIGURES:
        cells = [None if figures is None else figures[benchmark_key(key)] for figures in benchmarks.values()]
        table.add_row(title, *(_figure(value, kind) for value in (summary[key], *cells)))
    return table


def _activity(summary: Mapping[str, Any]) -> Text:
    fees = summary["fees_paid"]
    paid = f"{fees:,.2f}" if isinstance(fees, int | float) else ", ".join(f"{v:,.8g} {a}" for a, v in fees.items())
    turnover = NOT_AVAILABLE if summary["turnover"] is None else f"{summary['turnover']:.2f} a year"
    return Text(f"turnover {turnover}, fees {paid}, {summary['days_rotated']:,} days rotated")


def _caveat(summary: Mapping[str, Any], rotations: Sequence[Rotation]) -> str:
    ended = sum(rotation.exit_day is not None for rotation in rotations)
    return " ".join(filter(None, (rests_on(ended), hindsight(synthetic=summary["synthetic"]), NOT_ADVICE)))


def _figure(value: float | None, kind: str) -> str:
    if value is None:
        return NOT_AVAILABLE
    return f"{value:,.1%}" if kind == "percent" else f"{value:.2f}"
