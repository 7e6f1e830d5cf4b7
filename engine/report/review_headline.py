"""The head of a run's review: the run as a whole, where it stands, and what happened lately."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.record.record_rows import RotationRow
from engine.record.review.facts import Lately, Review, is_open
from engine.record.review.holdings import HeldAtEnd
from engine.report.amounts import counted
from engine.report.caveats import claims_behind
from engine.report.figures import NOT_AVAILABLE, few_days_words, figure_words, signed_percent
from engine.report.printable import printable

TITLE_COLUMNS = 10
LEAST_SHARE = 0.0005
"""Of equity; a smaller weight is not shown."""


def print_headline(console: Console, review: Review, writer: int | None) -> None:
    """Print what a reader wants first.

    Args:
        writer: the process of the bot that runs in the folder now, None if none does.
    """
    kind = "paper run" if review.record.mode == "paper" else printable(review.record.mode)
    head = Text(printable(review.record.name), style="bold")
    console.print(head.append(f"  {kind} of {printable(review.name)}", style="not bold"))
    if writer is not None:
        console.print(Text(f"a bot is at work in it (process {writer})", style="green"))
    if review.held_at_end is None:
        console.print(Text("no day is decided yet"))
        return
    console.print(_span(review))
    for title, words in _headlines(review, review.held_at_end):
        line = Table.grid(padding=(0, 0))
        line.add_column(width=TITLE_COLUMNS)
        line.add_column()
        line.add_row(Text(title, style="dim"), words)
        console.print(line)
    if not review.selection.is_everything:
        console.print(Text(f"below: only what is asked for ({_selected(review)})", style="yellow"))


def _span(review: Review) -> Text:
    days = len(review.record.decisions)
    text = Text(f"{review.first_day} to {review.last_day}, {counted(days, 'decision day')}, ")
    text.append(f"{review.start_equity:,.0f} -> {review.final_equity:,.0f} {printable(review.quote)}", style="bold")
    return text


def _headlines(review: Review, held: HeldAtEnd) -> Iterable[tuple[str, Text]]:
    lately, figures = review.lately, review.figures
    core = review.benchmarks.get("BTC")
    beside = f", hold BTC {signed_percent(core['return'])}" if core else ""
    fall = f", deepest fall {signed_percent(figures['max_drawdown'])}" if figures["max_drawdown"] else ""
    yield "in all", Text(f"{signed_percent(figures['total_return'])}{beside}{fall}")
    yield "figures", Text(_figures(review))
    yield (
        "now",
        Text(f"{printable(held.state)} since {held.since} ({printable(held.reason)}): {_positions(held)}"),
    )
    if lately is not None:
        yield "lately", Text(_lately(review, lately))
    if review.rotations and review.selection.is_everything:
        yield "rotation", Text(_last_rotation(review.rotations[-1], review.core))
    if review.study is not None:
        yield "claims", Text(printable(claims_behind(review.study)))
    if review.killed:
        yield "WARNING", Text(printable(review.killed), style="yellow")
    for order in review.pending:
        yield "waiting", Text(printable(order), style="yellow")
    for each in review.out_of_position:
        yield "WARNING", Text(f"out of position: {printable(each.words)}", style="yellow")


def _figures(review: Review) -> str:
    shown = (("CAGR", "cagr"), ("volatility", "volatility"), ("Sharpe", "sharpe"), ("Calmar", "calmar"))
    figures = ", ".join(f"{title} {figure_words(key, review.figures[key])}" for title, key in shown)
    few_days = few_days_words(len(review.record.decisions))
    return f"{figures}; {few_days}" if few_days else figures


def _positions(held: HeldAtEnd) -> str:
    parts = [
        f"{printable(position.asset)} {NOT_AVAILABLE if position.weight is None else f'{position.weight:.1%}'}"
        f"{_marked(held, position.asset)}"
        for position in held.positions
        if position.weight is None or position.weight >= LEAST_SHARE
    ]
    if held.equity:
        parts.append(f"cash {float(held.cash / held.equity):.1%}")
    return ", ".join(parts)


def _marked(held: HeldAtEnd, asset: str) -> str:
    on = held.marked_on.get(asset)
    return f" (at its price of {on})" if on is not None else ""


def _lately(review: Review, lately: Lately) -> str:
    change = "" if lately.equity_return is None else f"equity {signed_percent(lately.equity_return)}, "
    moves = [*["into the basket"] * bool(lately.entries), *["out of the basket"] * bool(lately.exits)]
    turned = f"{' and '.join(moves)}, " if moves else ""
    quiet = f" (the last {counted(lately.quiet_days, 'day')} ago)" if lately.quiet_days and not lately.fills else ""
    return (
        f"{lately.since} to {review.last_day}: {change}{turned}{counted(lately.fills, 'fill')}{quiet}, "
        f"{counted(lately.incidents, 'incident')}"
    )


def _last_rotation(rotation: RotationRow, core: str) -> str:
    span = f"since {rotation.entry_day}" if is_open(rotation) else f"{rotation.entry_day} to {rotation.exit_day}"
    ended = "it goes on" if is_open(rotation) else printable(rotation.exit_reason)
    return (
        f"#{rotation.rotation}, {span} ({ended}): {signed_percent(rotation.total_return)}, {printable(core)} "
        f"{signed_percent(rotation.core_return)}, excess {signed_percent(rotation.excess)}"
    )


def _selected(review: Review) -> str:
    selection = review.selection
    parts = [
        f"from {selection.first_day}" if selection.first_day else "",
        f"to {selection.last_day}" if selection.last_day else "",
        printable(selection.asset or ""),
        printable(selection.reason or ""),
    ]
    return ", ".join(part for part in parts if part)
