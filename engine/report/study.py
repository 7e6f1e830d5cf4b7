"""The study on a terminal, in 80 columns: each claim with its n before its effect, and the verdict."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.report.figures import NOT_AVAILABLE
from engine.report.synthetic import framed

STYLES: Mapping[str, str] = {
    "supported": "bold green",
    "came true": "green",
    "contradicted": "bold red",
    "did not come true": "red",
    "not supported": "",
    "too few events": "dim",
    "untestable": "dim",
    "open": "dim",
}
LARGE, TINY = 100, 0.0005
ENOUGH_DRAWS = 9_999
"""With fewer the p of a resampling cannot fall low enough to be quoted."""


def print_study(console: Console, study: Mapping[str, Any], *, only: Collection[str], folder: Path) -> None:
    """Print a study.

    Args:
        study: as `study.json` has it.
        only: the rows that are shown; none: all. The family is whole either way.
        folder: where its files are.
    """
    with framed(console, synthetic=study["synthetic"]):
        console.print(Text(f"study of the thesis, data up to {study['end']}", style="bold"))
        for sentence in study["summary"]:
            console.print(Text(sentence))
        console.print()
        console.print(_table([result for result in study["results"] if not only or result["row"] in only]))
        console.print(
            Text(
                f"family of {study['family']['size']} tests, false discoveries at most {study['alpha']:.0%} (q_by); "
                f"{study['draws']:,} draws; mde: what this sample would find four times in five",
                style="dim",
            )
        )
        if study["draws"] < ENOUGH_DRAWS:
            console.print(
                Text(f"fewer than {ENOUGH_DRAWS:,} draws support nothing: a look, no verdict to quote", style="yellow")
            )
        for name, why in study["absent"].items():
            # What else the folder holds stands in study.json.
            console.print(Text(f"not there: {name}: {why.partition(';')[0]}", style="dim"), soft_wrap=True)
        console.print(Text(f"files: {folder}"), soft_wrap=True)


def _table(results: list[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("row", no_wrap=True)
    table.add_column("claim", min_width=18)
    for title in ("n", "effect", "interval", "q_by"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("verdict", min_width=14)
    for result in results:
        table.add_row(
            result["id"],
            Text(result["title"]),
            f"{result['n']:,}",
            _figure(result["effect"]),
            _interval(result["interval"]),
            NOT_AVAILABLE if result["q_by"] is None else f"{result['q_by']:.2f}",
            Text(_words(result), style=STYLES[result["verdict"]]),
        )
    return table


def _words(result: Mapping[str, Any]) -> str:
    words = str(result["verdict"])
    if result["leaning"]:
        words += ", leaning"
    if result["hinges_on_one"]:
        words += ", hinges on one"
    if result["verdict"] == "not supported" and result["mde"] is not None:
        words += f" (mde {_figure(result['mde'])})"
    return words


def _figure(value: float | None) -> str:
    if value is None:
        return NOT_AVAILABLE
    if abs(value) >= LARGE:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}" if abs(value) >= TINY or not value else f"{value:.0e}"


def _interval(interval: list[float] | None) -> str:
    return NOT_AVAILABLE if interval is None else f"{_figure(interval[0])}..{_figure(interval[1])}"
