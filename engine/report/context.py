"""What `context` prints: the board of a day and where the strategy itself stands, on the terminal and as JSON."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from engine.core.context_rows import NO_PHASE, Board
from engine.core.stand import OwnState, Stand
from engine.report.board import print_asked, print_board
from engine.report.board_words import group_of
from engine.report.explanation import condition_values
from engine.report.synthetic import framed


def print_stand(console: Console, stand: Stand) -> None:
    """Print where the thesis and the strategy stand on a day."""
    with framed(console, synthetic=stand.synthetic):
        console.print(Text(stand.name, style="bold").append(f"  the thesis on {stand.board.day}", style="none"))
        console.print()
        _print_own(console, stand.own)
        console.print()
        print_board(console, stand.board, verdicts=stand.verdicts, remarks=stand.remarks)


def stand_values(stand: Stand) -> dict[str, Any]:
    """Give it as plain JSON values."""
    board = stand.board
    return {
        "name": stand.name,
        "day": board.day.isoformat(),
        "phase": _phase_number(board),
        "phases": _phase_values(board),
        "strategy": _own_values(stand.own),
        "systems": [
            {
                "name": facts.name,
                "rows": list(facts.rows),
                "group": group_of(facts),
                "state": read.state,
                "value": read.value,
                "threshold": read.threshold,
                "since": None if read.since is None else read.since.isoformat(),
                "distance": read.distance,
                "sentence": read.sentence,
                "reason": read.reason if read.holds is None else None,
                "caution": facts.caution,
                "used": facts.used,
                "parameters": facts.parameters,
                "remark": facts.remark,
                "verdicts": {row: stand.verdicts[row] for row in facts.rows if row in stand.verdicts},
            }
            for facts, read in zip(board.facts, board.reads, strict=True)
        ],
        "remarks": dict(stand.remarks),
        "synthetic": stand.synthetic,
    }


def _print_own(console: Console, own: OwnState) -> None:
    if own.problem:
        console.print(Padding(Text(f"the strategy itself: not known: {own.problem}"), (0, 0, 0, 0)))
        return
    title = Text(own.state, style="bold").append(f" since {own.since}", style="none")
    decided = "decided" if own.reason != "hold" else "asked"
    words = f"; {own.reason}, {own.before} -> {own.state}" if own.reason != "hold" else ""
    asked = own.asked
    if asked is not None:
        wanted = {"all": "all of these", "any": "any of these", "none": "none of these"}[asked.needs]
        words += f"; {decided}: {asked.name}, by {wanted}:" if asked.parts else f"; {decided}:"
    console.print(title.append(words))
    if asked is not None:
        print_asked(console, asked)


def _phase_number(board: Board) -> int | None:
    phase = board.phase
    return None if phase is None or phase.leader == NO_PHASE else phase.phase


def _phase_values(board: Board) -> dict[str, Any] | None:
    phase = board.phase
    if phase is None:
        return None
    return {
        "week": phase.sunday.isoformat(),
        "leader": phase.leader or None,
        "scores": {str(number): score for number, score in enumerate(phase.scores, start=1)},
        "names": {str(number): name for number, name in enumerate(board.phase_names, start=1)},
    }


def _own_values(own: OwnState) -> dict[str, Any]:
    return {
        "state": own.state or None,
        "since": None if own.since is None else own.since.isoformat(),
        "reason": own.reason or None,
        "asked": None if own.asked is None else condition_values(own.asked),
        "problem": own.problem or None,
    }
