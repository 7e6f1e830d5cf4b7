"""What a live run prints of itself on stdout when it has ended."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from engine.core.events import Event, OrderFilled

ONE_DAY = timedelta(days=1)


def print_closing(console: Console, words: str, *, folder: Path, report: Path | None) -> None:
    """Print what stands last.

    Args:
        words: a paragraph on what was done.
        report: the page of the run; None where there is none.
    """
    console.print(words, markup=False)
    if folder.exists():
        console.print(f"files: {folder}", markup=False, soft_wrap=True)
    if report is not None:
        console.print(f"report: {report}", markup=False, soft_wrap=True)


def fills_words(events: Sequence[Event]) -> str:
    """Say whether the fills were in time, as a sentence that follows others; empty without a fill."""
    fills = [event.fill for event in events if isinstance(event, OrderFilled)]
    late = sum(fill.at.date() > fill.decision_day + ONE_DAY for fill in fills)
    if not fills:
        return ""
    if late:
        return f" {late} of {len(fills)} fills came later than on the day after their decision."
    return " Every fill was on the day after its decision."
