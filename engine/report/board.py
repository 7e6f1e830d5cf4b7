"""The board of the thesis on a terminal, in 80 columns: a line a system, in groups."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from engine.core.context_rows import Board, SystemFacts, SystemRead
from engine.core.explanation import Condition
from engine.report.board_words import (
    board_number,
    counts_words,
    group_of,
    phase_title,
    rows_text,
    score_words,
    series_by_remark,
    verdict_words,
)
from engine.report.explanation import SIGNS

LAMPS = {"lit": ("●", "green"), "unlit": ("○", "dim"), "unknown": ("?", "yellow")}
WARNING = ("▲", "red")
"""Of a caution that is lit."""
NAME = 20
COLUMNS = (("value", 8), ("against", 7), ("distance", 8), ("since", 10))


def print_board(console: Console, board: Board, *, verdicts: Mapping[str, str], remarks: Mapping[str, str]) -> None:
    """Print where each system stands, the phase, and what has to be said of some of them.

    Args:
        verdicts: by row of the thesis; remarks: by series.
    """
    console.print(Text(_head(), style="dim"), soft_wrap=True)
    pairs = zip(board.facts, board.reads, strict=True)
    for group, members in groupby(pairs, key=lambda pair: group_of(pair[0])):
        systems = list(members)
        console.print()
        count = counts_words(read for _, read in systems)
        console.print(Text(group, style="bold").append(f"  {count}", style="dim"))
        for facts, read in systems:
            console.print(_line(facts, read), soft_wrap=True)
            for words in _beneath(facts, read, verdicts):
                console.print(Padding(Text(words, style="dim"), (0, 0, 0, 2)))
    print_phase(console, board)
    told = [f"{facts.name}: {facts.remark}" for facts in board.facts if facts.remark]
    told += [f"{', '.join(names)}: {remark}" for remark, names in series_by_remark(remarks).items()]
    if told:
        console.print()
        for words in told:
            console.print(Text(words, style="dim"))


def print_phase(console: Console, board: Board) -> None:
    """Print the phase with its scores."""
    if not board.phase_names:
        return
    console.print()
    console.print(Text(phase_title(board), style="bold"))
    if board.phase is not None:
        console.print(Text(f"  scores of the week to {board.phase.sunday}:", style="dim"))
        for words in score_words(board.phase, board.phase_names):
            console.print(f"    {words}", highlight=False)


def print_asked(console: Console, asked: Condition) -> None:
    """Print the rules that were asked, one a line; what is not met is what is waited for."""
    parts = asked.parts or (asked,)
    for part in parts:
        sign, style = SIGNS[part.holds]
        console.print(Padding(Text(f"{sign} ", style=style).append(f"{part.name}: {part.sentence}", style="none"),
                              (0, 0, 0, 2)))  # fmt: skip


def _head() -> str:
    cells = " ".join(title.ljust(width) if title == "since" else title.rjust(width) for title, width in COLUMNS)
    return f"  {'system':<{NAME}} {cells} rows"


def _line(facts: SystemFacts, read: SystemRead) -> Text:
    lamp, style = WARNING if facts.caution and read.holds else LAMPS[read.state]
    numbers = [board_number(read.value), board_number(read.threshold), board_number(read.distance)]
    widths = [width for _, width in COLUMNS]
    cells = " ".join(text.rjust(width) for text, width in zip(numbers, widths, strict=False))
    since = "" if read.since is None else read.since.isoformat()
    line = Text(f"{lamp} ", style=style)
    line.append(f"{facts.name:<{NAME}}", style="bold" if facts.used else "none")
    return line.append(f" {cells} {since:<{widths[-1]}} {rows_text(facts.rows)}".rstrip(), style="none")


def _beneath(facts: SystemFacts, read: SystemRead, verdicts: Mapping[str, str]) -> Iterator[str]:
    if facts.used:
        yield f"a condition of the configuration{f' ({facts.parameters})' if facts.parameters else ''}"
    elif facts.parameters:
        yield facts.parameters
    if read.holds is None:
        yield f"unknown: {read.reason}"
    verdict = verdict_words(facts, verdicts)
    if verdict:
        yield f"study: {verdict}"
