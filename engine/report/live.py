"""A live run on a terminal: a panel that fits whatever room there is; plain lines elsewhere; a paragraph at the end.

The panel has the terminal's other screen for itself and redraws it some times a second, in a thread of its own: what
was on the terminal before is there again afterwards, a change of size leaves no traces, and the run waits for nobody.
"""

import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from engine.core.events import EvidenceValue
from engine.core.orders_in_flight import OrderInFlight
from engine.core.rule import reading_words
from engine.core.valuation import ValuedPosition
from engine.report.evidence import value_words
from engine.report.live_status import LiveStatus, Past, order_words
from engine.report.printable import printable
from engine.report.synthetic import SYNTHETIC_FIRST_LINE

DRAWS_PER_SECOND = 4
TITLE_COLUMNS = 11
LEAST_COLUMNS_OF_TEXT = 20
HOLDING_COLUMNS = 34
THOUSAND = 1000
MOST_WORDS = 12
MINUTE, HOUR, DAY = 60, 3600, 86400
SIGNS = {True: "✓", False: "✗", None: "?"}
"""Of what a rule says; None is not known."""


class LiveConsole(Protocol):
    """Where a live run shows what it is at."""

    def notice(self, words: str) -> None:
        """Say what a person should know."""
        ...

    def follow(self, status: Callable[[], LiveStatus]) -> None:
        """Show from now on what `status` gives, where there is a terminal to show it on."""
        ...


@contextmanager
def live_console(*, quiet: bool) -> Iterator[LiveConsole]:
    """Show a live run on stderr: a panel on a terminal, plain lines elsewhere, each said once; nothing if `quiet`."""
    # A bot outlives the terminal it was started on: what stands behind stderr then takes all words (machine/output.py).
    console = Console(file=sys.stderr, quiet=quiet, highlight=False)
    if quiet or not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(console)
        return
    from rich.live import Live  # noqa: PLC0415 - terminals only

    panel = _Panel()
    with Live(console=console, screen=True, get_renderable=lambda: panel, refresh_per_second=DRAWS_PER_SECOND):
        yield panel


def live_lines(status: LiveStatus, *, width: int, height: int) -> list[Text]:
    """Lay out a status as lines of at most `width` columns, at most `height` of them; what matters least goes first."""
    sections = [_wrapped(section, width) for section in _sections(status) if section.lines]
    shown = []
    for section in _fitted(sections, height):
        for number, line in enumerate(section.lines):
            title = section.title if number == 0 else ""
            row = Text(f"{title:<{TITLE_COLUMNS}}" if section.title else "", style="dim")
            row.append(line, style=f"not dim {section.style}")
            row.truncate(width, overflow="ellipsis")
            shown.append(row)
    return shown


def closing_words(done: Past, status: LiveStatus) -> str:
    """Say in a paragraph what a run did since it was started, and how it leaves things.

    Args:
        done: the events since the start.
    """
    days = "no day" if not done.days else "1 day" if done.days == 1 else f"{done.days:,} days"
    span = ""
    if done.decision is not None:
        last = done.decision.day
        span = f" ({last})" if done.days == 1 else f" ({done.first_day} to {last})"
    orders = len(done.filled)
    filled = "no order" if not orders else "1 order" if orders == 1 else f"{orders:,} orders"
    place = f"{status.venue}, on made-up (synthetic) prices" if status.synthetic else status.venue
    skipped = f", {done.skipped:,} not sent (`review` says why)" if done.skipped else ""
    sentences = [f"{place}: {days} decided{span}, {filled} filled{skipped}."]
    if status.decision is not None:
        sentences.append(
            f"{status.decision.next_state} since {status.state_since} (last decision {status.decision.reason}), "
            f"equity {_equity(status)} {status.marks}."
        )
    if status.killed:
        sentences.append(f"{status.killed[0].upper()}{status.killed[1:]}.")
    waiting = ", ".join(f"{order_words(order.order)} {order.state}" for order in status.orders)
    sentences.append(f"Not settled: {waiting}." if waiting else "No order is open.")
    if status.out_of_position:
        sentences.append(f"Out of position: {'; '.join(each.words for each in status.out_of_position)}.")
    if status.claims:
        sentences.append(status.claims)
    if status.next_day is not None and status.due is not None:
        sentences.append(f"{status.next_day} is decided from {_instant(status.due)} on.")
    return printable(" ".join(sentences))


class _Lines:
    """Plain lines, for files, pipes and service logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = ""

    def notice(self, words: str) -> None:
        if words != self._said:
            self._said = words
            self._console.print(Text(words, style="dim"), soft_wrap=True)

    def follow(self, status: Callable[[], LiveStatus]) -> None:
        """Show nothing: a file of lines has no use for a panel."""


class _Panel:
    """What is drawn again and again; before there is a status, the last notices."""

    def __init__(self) -> None:
        self._words: tuple[str, ...] = ("starting",)
        self._status: Callable[[], LiveStatus] | None = None

    def notice(self, words: str) -> None:
        self._words = (*self._words, words)[-MOST_WORDS:]

    def follow(self, status: Callable[[], LiveStatus]) -> None:
        self._status = status

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height
        if self._status is None:
            yield Text("\n".join(map(printable, self._words)))
            return
        yield Text("\n", no_wrap=True).join(live_lines(self._status(), width=width, height=height))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """Lines under one title; the larger `rank`, the sooner they make room."""

    title: str
    lines: Sequence[str]
    rank: int
    style: str = "none"


def _sections(status: LiveStatus) -> list[_Section]:
    return [
        _Section(title="", lines=[SYNTHETIC_FIRST_LINE] if status.synthetic else [], rank=-1, style="bold yellow"),
        _Section(title="", lines=[f"{status.mode} on {status.venue}, {status.folder}"], rank=3, style="bold"),
        _Section(title="page", lines=[status.page] if status.page else [], rank=4),
        _Section(title="exchange", lines=[_heard(status)], rank=4),
        _Section(title="next", lines=[_next(status)], rank=2),
        _Section(title="state", lines=[_state(status)], rank=0, style="bold"),
        _Section(title="killed", lines=[status.killed] if status.killed else [], rank=0, style="bold yellow"),
        _Section(title="equity", lines=[f"{_equity(status)}, cash {status.cash:,.2f}", status.marks], rank=1),
        _Section(title="holdings", lines=[_holding(holding) for holding in status.holdings], rank=6),
        _Section(
            title="orders",
            lines=[_order(order) for order in status.orders] or ["none is open"],
            rank=1 if status.orders else 7,
            style="yellow" if status.orders else "none",
        ),
        _Section(
            title="out of",
            lines=[f"position: {each.words}" for each in status.out_of_position],
            rank=1,
            style="bold yellow",
        ),
        *_signal_sections(status),
        _Section(title="claims", lines=[status.claims] if status.claims else [], rank=8),
        _Section(title="bars", lines=[_bars(status)], rank=9),
        _Section(
            title="incidents",
            lines=[f"{each.at:%Y-%m-%d %H:%M:%S} {each.text}" for each in reversed(status.incidents)] or ["none"],
            rank=5 if status.incidents else 10,
            style="yellow" if status.incidents else "none",
        ),
    ]


def _wrapped(section: _Section, width: int) -> _Section:
    room = max(width - (TITLE_COLUMNS if section.title else 0), LEAST_COLUMNS_OF_TEXT)
    lines = [printable(line) for line in section.lines]
    if section.title == "holdings":
        columns = max(1, room // HOLDING_COLUMNS)
        rows = [lines[first : first + columns] for first in range(0, len(lines), columns)]
        return replace(section, lines=["".join(f"{cell:<{HOLDING_COLUMNS}}" for cell in row).rstrip() for row in rows])
    if not section.title:
        return replace(section, lines=lines)
    console = Console(width=room, file=io.StringIO())
    return replace(section, lines=[part.plain.rstrip() for line in lines for part in Text(line).wrap(console, room)])


def _fitted(sections: Sequence[_Section], height: int) -> list[_Section]:
    """Take lines away, the least important section first, down to one line each; then whole sections."""
    kept = list(sections)
    for least in (1, 0):
        for place in sorted(range(len(kept)), key=lambda place: -kept[place].rank):
            excess = sum(len(section.lines) for section in kept) - max(height, 1)
            lines = kept[place].lines
            left = max(len(lines) - max(excess, 0), least)
            if left < len(lines):
                shorter = [*lines[: left - 1], f"{lines[left - 1]} …"] if left else []
                kept[place] = replace(kept[place], lines=shorter)
    return kept


def _heard(status: LiveStatus) -> str:
    if status.exchange_time is None:
        return "has not told its time yet"
    return f"{_instant(status.exchange_time)}, heard {status.heard_seconds:.0f} s ago"


def _next(status: LiveStatus) -> str:
    if status.next_day is None or status.due is None:
        return "not known yet"
    if status.exchange_time is None:
        return f"{status.next_day} is decided at {_instant(status.due)}"
    left = status.due - status.exchange_time
    when = f"in {_duration(left)}" if left > timedelta(0) else "due now"
    return f"{status.next_day} is decided at {_instant(status.due)}, {when}"


def _state(status: LiveStatus) -> str:
    decision = status.decision
    if decision is None:
        return "nothing decided yet"
    changed = f"{decision.state} -> " if decision.state != decision.next_state else ""
    return f"{changed}{decision.next_state} since {status.state_since}; on {decision.day}: {decision.reason}"


def _equity(status: LiveStatus) -> str:
    return "not known" if status.equity is None else f"{status.equity:,.2f} {status.quote}"


def _holding(holding: ValuedPosition) -> str:
    weight = "  ?  " if holding.weight is None else f"{holding.weight:6.1%}"
    value = "no price" if holding.value is None else f"{holding.value:,.2f}"
    return f"{holding.asset:<5}{weight} {value:>12} {_short(holding.quantity)}"


def _short(quantity: Decimal) -> str:
    if quantity < 1:
        return f"{float(quantity):.3g}"
    return f"{quantity:,.0f}" if quantity >= THOUSAND else f"{quantity:.6g}"


def _order(order: OrderInFlight) -> str:
    message = f": {order.message}" if order.message else ""
    return f"{order_words(order.order)} {order.state} since {_instant(order.since)}{message}"


def _bars(status: LiveStatus) -> str:
    if status.bars_day is None or status.bars_at is None:
        return "none came since the start"
    return f"up to {status.bars_day}, came {_instant(status.bars_at)}"


def _signal_sections(status: LiveStatus) -> list[_Section]:
    decision = status.decision
    if decision is None:
        return []
    if decision.rules:
        lines = [f"{SIGNS[each.holds]} {name}: {reading_words(each)}" for name, each in decision.rules.items()]
        return [_Section(title="rules", lines=lines, rank=8)]
    # Records of older programs have no readings.
    return [
        _Section(title=name[: TITLE_COLUMNS - 1], lines=[_words(values)], rank=8)
        for name, values in decision.evidence.items()
        if values
    ]


def _words(values: Mapping[str, EvidenceValue]) -> str:
    return ", ".join(f"{name} {value_words(value)}" for name, value in values.items() if value is not None)


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds >= DAY:
        return f"{seconds // DAY} d {seconds % DAY // HOUR} h"
    if seconds >= HOUR:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE:02} min"
    return f"{seconds // MINUTE} min {seconds % MINUTE:02} s" if seconds >= MINUTE else f"{seconds} s"
