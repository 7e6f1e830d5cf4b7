"""Why a day was decided as it was, on the terminal and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from engine.core.changes import Change, SetClose
from engine.core.events import EvidenceValue
from engine.core.explained import Blocked, ExplainedDay, Flip
from engine.core.explanation import Condition
from engine.report.figures import NOT_AVAILABLE
from engine.report.synthetic import framed
from engine.report.tables import plain_table

SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
"""Of a condition, with their colours; None is not known."""


def print_day(console: Console, explained: ExplainedDay) -> None:
    """Print the rule tree of a day and what would have flipped its decision."""
    with framed(console, synthetic=explained.synthetic):
        outcome = f"{explained.day}: {explained.reason}, {explained.state} -> {explained.next_state}"
        console.print(Text(explained.name, style="bold").append(f"  {outcome}", style="none"))
        for line in explained.booked:
            console.print(Text(f"at its close: {line}", style="yellow"))
        if explained.note:
            console.print(Text(f"note: {explained.note}", style="yellow"))
        console.print()
        console.print(_tree(explained.tree))
        console.print()
        for number, flip in enumerate(explained.flips):
            title = "Smallest change that would have flipped it" if number == 0 else "Or"
            console.print(Text(f"{title} (to {flip.reason}, {explained.state} -> {flip.next_state}):", style="bold"))
            console.print(Padding(Text(_sentence(flip, explained.day)), (0, 0, 0, 2)))
        if explained.flips:
            console.print(Text("Each was tried: it flips the decision, and half of it does not.", style="dim"))
        else:
            console.print(Text("Nothing would have flipped it:", style="bold"))
            console.print(Padding(Text(explained.otherwise), (0, 0, 0, 2)))


def print_blocked(console: Console, blocked: Blocked) -> None:
    """Print which condition kept a strategy from trading, on how many days."""
    with framed(console, synthetic=blocked.synthetic):
        span = f"{blocked.first_day} to {blocked.last_day}, {_days(blocked.days, 'decision day')}"
        console.print(Text(blocked.name, style="bold").append(f"  {span}", style="none"))
        console.print(
            Text(
                f"{_days(blocked.waiting, 'day')} waited for an entry that did not come, "
                f"{blocked.entries:,} had one, "
                f"{blocked.days - blocked.waiting - blocked.entries - blocked.killed:,} waited for none"
            )
        )
        if blocked.killed:
            held = f"the kill switch held on {_days(blocked.killed, 'day')}: nothing is traded until it is re-armed"
            console.print(Text(held, style="yellow"))
        table = plain_table("missing", "it alone", "with others", right=("it alone", "with others"), margin=True)
        table.columns[0].no_wrap = False
        for name in dict.fromkeys((*blocked.alone, *blocked.among)):
            causes = blocked.alone.get(name, {})
            table.add_row(name, _count(sum(causes.values())), _count(blocked.among.get(name, 0)))
            for cause, count in causes.items():
                if cause != name:
                    table.add_row(Text(f"  for want of: {cause}", style="dim"), Text(_count(count), style="dim"), "")
        table.add_row("several at once", "", _count(blocked.several))
        console.print(table)


def day_values(explained: ExplainedDay) -> dict[str, Any]:
    """Give an explained day as plain JSON values."""
    return {
        "name": explained.name,
        "day": explained.day.isoformat(),
        "state": explained.state,
        "next_state": explained.next_state,
        "reason": explained.reason,
        "tree": condition_values(explained.tree),
        "flips": [_flip_values(flip) for flip in explained.flips],
        "otherwise": explained.otherwise,
        "note": explained.note,
        "booked": list(explained.booked),
        "synthetic": explained.synthetic,
    }


def blocked_values(blocked: Blocked) -> dict[str, Any]:
    """Give the counts of a span as plain JSON values."""
    return {
        "name": blocked.name,
        "first_day": blocked.first_day.isoformat(),
        "last_day": blocked.last_day.isoformat(),
        "days": blocked.days,
        "waiting": blocked.waiting,
        "entries": blocked.entries,
        "killed": blocked.killed,
        "alone": {name: dict(causes) for name, causes in blocked.alone.items()},
        "among": dict(blocked.among),
        "several": blocked.several,
        "synthetic": blocked.synthetic,
    }


def _tree(condition: Condition) -> Tree:
    tree = Tree(_label(condition), guide_style="dim")
    _grow(tree, condition.parts)
    return tree


def _grow(tree: Tree, parts: Sequence[Condition]) -> None:
    for part in parts:
        _grow(tree.add(_label(part)), part.parts)


def _label(condition: Condition) -> Text:
    sign, style = SIGNS[condition.holds]
    label = Text(f"{sign} ", style=style)
    sentence = _unbroken(condition.sentence)
    if condition.name in condition.sentence:
        # "no golden cross in force: the last …" says by itself what it is about.
        return label.append(sentence, style="none")
    label.append(condition.name, style="bold")
    return label.append(f": {sentence}", style="none")


def _sentence(flip: Flip, day: date) -> str:
    sentence = _unbroken(flip.change.sentence)
    if flip.since is None or flip.since == day:
        return sentence
    return f"{sentence} (and {flip.since} would have been decided otherwise already)"


def _unbroken(sentence: str) -> str:
    """Leave no space at which a line could end between a number and its percent sign."""
    return sentence.replace(" %", "%")


def condition_values(condition: Condition) -> dict[str, Any]:
    """Give a condition, with its parts, as plain JSON values."""
    return {
        "name": condition.name,
        "holds": condition.holds,
        "value": _plain(condition.value),
        "threshold": _plain(condition.threshold),
        "distance": condition.distance,
        "unit": condition.unit,
        "sentence": condition.sentence,
        "needs": condition.needs,
        "parts": [condition_values(part) for part in condition.parts],
    }


def _flip_values(flip: Flip) -> dict[str, Any]:
    return {
        "sentence": flip.change.sentence,
        "size": flip.change.size,
        "parts": _part_values(flip.change),
        "reason": flip.reason,
        "next_state": flip.next_state,
        "since": None if flip.since is None else flip.since.isoformat(),
    }


def _part_values(change: Change) -> list[Mapping[str, Any]]:
    return [
        {"symbol": part.symbol, "day": part.day.isoformat(), "close": part.after, "was": part.before}
        if isinstance(part, SetClose)
        else {"key": part.key, "value": part.after, "was": part.before}
        for part in change.parts
    ]


def _plain(value: EvidenceValue) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _days(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _count(count: int) -> str:
    return f"{count:,}" if count else NOT_AVAILABLE
