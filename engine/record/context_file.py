"""The rows of `context.csv`: the state of each system on the first day, and on each day on which it is another."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from engine.core.context_rows import SystemRead
from engine.core.events import ContextSeen, Event
from engine.core.money import plain

CONTEXT_COLUMNS = ("day", "system", "value", "state")


def context_row(day: date, read: SystemRead) -> tuple[str, ...]:
    """Write what a system said on a day."""
    value = "" if read.value is None else plain(Decimal(repr(read.value)))
    return day.isoformat(), read.name, value, read.state


def in_order(columns: Sequence[Iterable[tuple[date, SystemRead]]]) -> Iterator[tuple[str, ...]]:
    """Write the rows of several systems by day, and on a day in the order of the systems."""
    placed = [(day, place, read) for place, column in enumerate(columns) for day, read in column]
    for day, _, read in sorted(placed, key=lambda each: each[:2]):
        yield context_row(day, read)


def context_rows(events: Iterable[Event]) -> list[tuple[str, ...]]:
    """Write what a run saw; empty where it computed no system."""
    state: dict[str, str] = {}
    rows: list[tuple[str, ...]] = []
    for event in events:
        if not isinstance(event, ContextSeen):
            continue
        for read in event.reads:
            if state.get(read.name) != read.state:
                state[read.name] = read.state
                rows.append(context_row(event.day, read))
    return rows


def write_context(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write the file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CONTEXT_COLUMNS)
        writer.writerows(rows)
