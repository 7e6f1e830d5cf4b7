"""A reconciliation on the terminal, in 80 columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.report.synthetic import SYNTHETIC_FIRST_LINE, SYNTHETIC_LAST_LINE

MOST_LINES = 20
NOTHING = "–"
SHOWN_BP = 0.005
"""Less is shown as nothing."""
SHORT: Mapping[str, str] = {"fill price model": "price", "fees in base coin": "fees", "filter rounding": "filters"}
SMALL_CHANGE = ("filter rounding", "fill price model", "fees in base coin", "timing", "basis")
"""Causes of which every order has a trace."""
MEANINGS: Mapping[str, str] = {
    "filter rounding": "lot steps and least notionals",
    "fill price model": "spread, slippage, cash kept back",
    "fees in base coin": "in coins, or at another rate",
    "data revision": "today's data say otherwise",
    "timing": "another instant, or decided late",
    "state": "followed from what was held",
    "basis": "the venue's price, not the market's",
    "late data": "data were not up to date then",
    "configuration": "another one was in force",
    "incident": "rejected, waited, retried, reset",
    "unexplained": "no record accounts for it",
}


def print_reconciled(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the gap, its parts by cause, and the differences, newest first.

    Args:
        summary: as a `Reconciliation` gives it.
    """
    if summary["synthetic"]:
        console.print(Text(SYNTHETIC_FIRST_LINE, style="bold yellow"))
    console.print(Text(f"{summary['run']}  {summary['first_day']} to {summary['last_day']}: live against backtest"))
    for note in summary["notes"]:
        console.print(Text(note, style="yellow"))
    counts = f"{summary['decision_days']:,} decisions, {summary['orders']:,} orders, {summary['fills']:,} fills"
    console.print(Text(f"compared: {counts}"))
    words = _direction(summary["gap_bp"])
    console.print(
        Text(
            f"final equity: live {summary['live_final_equity']:,.2f}, backtest {summary['final_equity']:,.2f}: {words}",
            style="bold",
        )
    )
    if summary["causes"]:
        console.print(_causes(summary))
    _print_differences(console, summary["differences"])
    if summary["evidence_days"]:
        days = summary["evidence_days"]
        console.print(Text(f"same decision on other evidence: {days:,} day{'s' * (days != 1)}", style="dim"))
    count = summary["unexplained"]
    style, words = ("bold red", f"{count:,} unexplained") if count else ("bold green", "none unexplained")
    console.print(Text(f"differences: {words}", style=style))
    if summary["synthetic"]:
        console.print(Text(SYNTHETIC_LAST_LINE, style="bold yellow"))


def _direction(gap_bp: float) -> str:
    if abs(gap_bp) < SHOWN_BP:
        return "the same"
    return f"live {'ahead' if gap_bp > 0 else 'behind'} by {abs(gap_bp):,.2f} bp"


def _causes(summary: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_footer=True)
    total = sum(row["bp"] for row in summary["causes"].values())
    table.add_column("cause", "together", no_wrap=True)
    table.add_column("count", "", justify="right", no_wrap=True)
    table.add_column("bp", _bp(total), justify="right", no_wrap=True)
    table.add_column("meaning", "", style="dim")
    for cause, row in summary["causes"].items():
        style = "bold red" if cause == "unexplained" else ""
        table.add_row(
            SHORT.get(cause, cause), f"{row['count']:,}", _bp(row["bp"]), MEANINGS.get(cause, ""), style=style
        )
    return table


def _print_differences(console: Console, differences: Sequence[Mapping[str, Any]]) -> None:
    if not differences:
        return
    # What nothing explains comes first, whatever its day; what is only rounding is counted.
    worth = [each for each in differences if abs(each["bp"]) >= SHOWN_BP or each["cause"] not in SMALL_CHANGE]
    ranked = sorted(worth, key=lambda each: each["cause"] != "unexplained")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("day", no_wrap=True)
    table.add_column("cause", no_wrap=True)
    table.add_column("bp", justify="right", no_wrap=True)
    table.add_column("difference", overflow="fold")
    for each in ranked[:MOST_LINES]:
        style = "bold red" if each["cause"] == "unexplained" else ""
        table.add_row(
            each["day"], SHORT.get(each["cause"], each["cause"]), _bp(each["bp"]), Text(each["what"]), style=style
        )
    console.print(table)
    more = len(differences) - min(len(ranked), MOST_LINES)
    if more:
        console.print(Text(f"and {more:,} more; --json shows all", style="dim"))


def _bp(value: float) -> str:
    return f"{value:+,.2f}" if abs(value) >= SHOWN_BP else NOTHING
