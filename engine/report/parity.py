"""A comparison of the live path with the backtest on the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.report.synthetic import SYNTHETIC_FIRST_LINE, SYNTHETIC_LAST_LINE
from engine.report.terminal import print_doubts

NOTHING = "–"


def print_parity(console: Console, *, summary: Mapping[str, Any], folder: Path) -> None:
    """Print what was compared, where the differences come from, and what they come to.

    Args:
        summary: the content of `summary.json`.
        folder: where the files are.
    """
    if summary["synthetic"]:
        console.print(Text(SYNTHETIC_FIRST_LINE, style="bold yellow"))
    console.print(
        Text(f"{summary['name']}  {summary['first_day']} to {summary['last_day']}: the live path and the backtest")
    )
    console.print(
        Text(
            f"compared: {summary['decision_days']:,} decisions, {summary['orders']:,} orders, "
            f"{summary['fills']:,} fills; {summary['days_per_second']:.0f} days per second"
        )
    )
    print_doubts(console, summary.get("doubts", ()))
    console.print(_table(summary["causes"]))
    console.print(
        Text(
            f"final equity: backtest {summary['final_equity']:,.2f}, live {summary['live_final_equity']:,.2f} "
            f"({summary['live_excess_bp']:+,.2f} bp)"
        )
    )
    unexplained = summary["unexplained"]
    style, words = ("bold red", f"{unexplained:,} unexplained") if unexplained else ("bold green", "none unexplained")
    console.print(Text(f"differences: {words}", style=style))
    console.print(Text(f"files: {folder}"), soft_wrap=True)
    if summary["synthetic"]:
        console.print(Text(SYNTHETIC_LAST_LINE, style="bold yellow"))


def _table(causes: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("main cause", no_wrap=True)
    for title in ("bars", "decisions", "equity", "orders", "fills", "max. bp", "equity bp"):
        table.add_column(title, justify="right", no_wrap=True)
    for cause, row in causes.items():
        counts = [row[kind] for kind in ("bar", "decision", "equity", "order", "fill")]
        largest = f"{row['largest_bp']:,.2f}" if any(counts) else NOTHING
        share = f"{row['equity_bp']:+,.2f}" if row["equity_bp"] else NOTHING
        table.add_row(cause, *(f"{count:,}" if count else NOTHING for count in counts), largest, share)
    return table
