"""A live run against the backtest of its days on the terminal, in 80 columns: for `parity` and `--reconcile`."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.report.figures import NOT_AVAILABLE
from engine.report.synthetic import framed
from engine.report.tables import plain_table
from engine.report.terminal import print_doubts

MOST_LINES = 20
SHOWN_BP = 0.005
"""Less is shown as nothing."""
FORMS_OF_BP = ((1e3, ",.2f"), (1e6, ",.0f"), (math.inf, ".1e"))
"""How so many are written, where eight columns share a line."""
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
    "delisting": "sold in the backtest's books only",
    "basis": "the venue's price, not the market's",
    "late data": "data were not up to date then",
    "configuration": "another one was in force",
    "incident": "rejected, waited, retried, reset",
    "unexplained": "no record accounts for it",
}


def print_parity(console: Console, *, summary: Mapping[str, Any], folder: Path) -> None:
    """Print what was compared, where the differences come from, and what they come to.

    Args:
        summary: the content of `summary.json`.
        folder: where the files are.
    """
    with framed(console, synthetic=summary["synthetic"]):
        _print_title(console, summary, summary["name"], "the live path and the backtest")
        console.print(Text(f"{_compared(summary)}; {summary['days_per_second']:.0f} days per second"))
        console.print(Text(f"requests of the live path: {summary['requests_per_day']:.1f} a day"))
        print_doubts(console, summary.get("doubts", ()))
        figures = ("bars", "decisions", "equity", "orders", "fills", "max. bp", "equity bp")
        table = plain_table("main cause", *figures, right=figures, margin=True)
        for cause, row in summary["causes"].items():
            counts = [row[kind] for kind in ("bar", "decision", "equity", "order", "fill")]
            largest = _within_80(row["largest_bp"], "") if any(counts) else NOT_AVAILABLE
            share = _within_80(row["equity_bp"], "+") if row["equity_bp"] else NOT_AVAILABLE
            table.add_row(cause, *(f"{count:,}" if count else NOT_AVAILABLE for count in counts), largest, share)
        console.print(table)
        console.print(
            Text(
                f"final equity: backtest {summary['final_equity']:,.2f}, live {summary['live_final_equity']:,.2f} "
                f"({summary['live_excess_bp']:+,.2f} bp)"
            )
        )
        _print_unexplained(console, summary["unexplained"])
        console.print(Text(f"files: {folder}"), soft_wrap=True)


def _within_80(bp: float, sign: str) -> str:
    """Write basis points so that every column has room: of many, hundredths say nothing."""
    form = next(form for most, form in FORMS_OF_BP if abs(bp) < most)
    return f"{bp:{sign}{form}}"


def print_reconciled(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the gap, its parts by cause, and the differences, newest first.

    Args:
        summary: what `review --reconcile --json` prints.
    """
    with framed(console, synthetic=summary["synthetic"]):
        _print_title(console, summary, summary["run"], "live against backtest")
        for note in summary["notes"]:
            console.print(Text(note, style="yellow"))
        console.print(Text(_compared(summary)))
        equities = f"live {summary['live_final_equity']:,.2f}, backtest {summary['final_equity']:,.2f}"
        console.print(Text(f"final equity: {equities}: {_direction(summary['gap_bp'])}", style="bold"))
        if summary["causes"]:
            console.print(_causes(summary["causes"]))
        _print_differences(console, summary["differences"])
        if summary["evidence_days"]:
            days = summary["evidence_days"]
            console.print(Text(f"same decision on other evidence: {days:,} day{'s' * (days != 1)}", style="dim"))
        _print_unexplained(console, summary["unexplained"])


def _print_title(console: Console, summary: Mapping[str, Any], run: str, what: str) -> None:
    console.print(Text(f"{run}  {summary['first_day']} to {summary['last_day']}: {what}"))


def _compared(summary: Mapping[str, Any]) -> str:
    counts = f"{summary['decision_days']:,} decisions, {summary['orders']:,} orders, {summary['fills']:,} fills"
    return f"compared: {counts}"


def _print_unexplained(console: Console, count: int) -> None:
    style, words = ("bold red", f"{count:,} unexplained") if count else ("bold green", "none unexplained")
    console.print(Text(f"differences: {words}", style=style))


def _direction(gap_bp: float) -> str:
    if abs(gap_bp) < SHOWN_BP:
        return "the same"
    return f"live {'ahead' if gap_bp > 0 else 'behind'} by {abs(gap_bp):,.2f} bp"


def _causes(causes: Mapping[str, Mapping[str, Any]]) -> Table:
    table = plain_table("cause", "count", "bp", right=("count", "bp"), margin=True)
    table.show_footer = True
    table.columns[0].footer, table.columns[2].footer = "together", _bp(sum(row["bp"] for row in causes.values()))
    table.add_column("meaning", style="dim")
    for cause, row in causes.items():
        cells = SHORT.get(cause, cause), f"{row['count']:,}", _bp(row["bp"]), MEANINGS.get(cause, "")
        table.add_row(*cells, style=_style(cause))
    return table


def _print_differences(console: Console, differences: Sequence[Mapping[str, Any]]) -> None:
    if not differences:
        return
    # What nothing explains comes first, whatever its day; what is only rounding is counted.
    worth = [each for each in differences if abs(each["bp"]) >= SHOWN_BP or each["cause"] not in SMALL_CHANGE]
    ranked = sorted(worth, key=lambda each: each["cause"] != "unexplained")
    table = plain_table("day", "cause", "bp", right=("bp",), margin=True)
    table.add_column("difference", overflow="fold")
    for each in ranked[:MOST_LINES]:
        cells = each["day"], SHORT.get(each["cause"], each["cause"]), _bp(each["bp"]), Text(each["what"])
        table.add_row(*cells, style=_style(each["cause"]))
    console.print(table)
    more = len(differences) - min(len(ranked), MOST_LINES)
    if more:
        console.print(Text(f"and {more:,} more; --json shows all", style="dim"))


def _style(cause: str) -> str:
    return "bold red" if cause == "unexplained" else ""


def _bp(value: float) -> str:
    return f"{value:+,.2f}" if abs(value) >= SHOWN_BP else NOT_AVAILABLE
