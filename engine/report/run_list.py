"""The list of runs on the terminal: a line a run, and under it what a reader must know of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from engine.record.run_outline import REVIEWABLE, RunOutline
from engine.report.figures import LARGE, NOT_AVAILABLE, huge_percent, signed_percent
from engine.report.printable import printable
from engine.report.run_words import run_words

NAME_COLUMNS = 35
INDENT = 3
MANIFOLD = 10
"""A return from which on tenths of a percent are left out."""


def print_list(console: Console, entries: Sequence[RunOutline], out: Path) -> None:
    """Print the runs, newest first."""
    runs = sum(entry.is_run for entry in entries)
    others = len(entries) - runs
    also = f", {others} other folder{'s' if others != 1 else ''}" if others else ""
    console.print(
        Text(f"{runs} run{'s' if runs != 1 else ''}{also} in {printable(str(out))}, newest first", style="bold")
    )
    console.print(Text(_row("run", ("first day", "last day", "return", "excess", "rot.")), style="dim"))
    for entry in entries:
        console.print(_line(entry))
        for words, style in _remarks(entry, max(20, console.width - INDENT)):
            line = Text(words, style=style)
            for part in line.wrap(console, max(20, console.width - INDENT)):
                console.print(Text(" " * INDENT).append_text(part))
    if any(entry.excess is not None for entry in entries):
        console.print(Text("excess: over holding Bitcoin; rot.: rotations", style="dim"))


def _line(entry: RunOutline) -> Text:
    name = printable(entry.folder.name)
    if not entry.is_run:
        return Text(name, style="dim" if not entry.problem else "")
    cells = (
        str(entry.first_day or NOT_AVAILABLE),
        str(entry.last_day or NOT_AVAILABLE),
        _signed(entry.total_return),
        _signed(entry.excess),
        str(entry.rotations),
    )
    return Text(_row(name, cells), style="bold" if entry.writer is not None else "")


def _row(name: str, cells: tuple[str, str, str, str, str]) -> str:
    first, last, gain, excess, rotations = cells
    # A longer name takes a line of its own.
    head = f"{name:<{NAME_COLUMNS}}" if len(name) <= NAME_COLUMNS else f"{name}\n{'':<{NAME_COLUMNS}}"
    return f"{head} {first:<10} {last:<10} {gain:>7} {excess:>7} {rotations:>4}"


def _remarks(entry: RunOutline, width: int) -> Iterator[tuple[str, str]]:
    if entry.problem:
        yield printable(entry.problem), "red"
    elif entry.mode not in REVIEWABLE:
        holds = "two runs, backtest/ and live/" if entry.mode == "parity" else "no run of its own"
        yield f"{printable(entry.mode)}: holds {holds}", "dim"
    if entry.is_run and (words := run_words(entry, width=width)):
        yield words, "dim"
    if entry.synthetic:
        yield "synthetic sample market", "yellow"
    if entry.writer is not None:
        yield f"a bot is at work in it (process {entry.writer})", "green"


def _signed(value: float | None) -> str:
    # The column is seven signs wide.
    if value is None or abs(value) < MANIFOLD:
        return signed_percent(value)
    return f"{value:+,.0%}" if abs(value) < LARGE else huge_percent(value, decimals=1)
