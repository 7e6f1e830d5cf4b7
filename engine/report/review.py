"""A run's review on the terminal, in 80 columns: the headline, then the tables."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.record.review.costs import PricedFill, TradingCosts
from engine.record.review.facts import Review, counts
from engine.record.review.holdings import Stretch
from engine.record.review.incidents import Incident
from engine.report.amounts import THOUSAND, counted, exact, money, significant
from engine.report.figures import NOT_AVAILABLE, signed_percent
from engine.report.printable import printable
from engine.report.review_headline import LEAST_SHARE, print_headline
from engine.report.rounds import rounds_table
from engine.report.synthetic import framed
from engine.report.tables import plain_table
from engine.report.terminal import print_doubts

DEFAULT_ROWS = 12
MOST_ASSETS = 3
BASIS_POINTS = 10_000
WIDTH = 80
FILL_COLUMNS = (11, 9, 9, 9, 10, 12, 6, 6)
FILL_TEXTS = 2
"""The time and what was done stand on the left, the numbers on the right."""

T = TypeVar("T")


def print_review(console: Console, review: Review, *, writer: int | None) -> None:
    """Print a review.

    Args:
        writer: the process of the bot that runs in the folder now, None if none does.
    """
    with framed(console, synthetic=review.synthetic):
        print_headline(console, review, writer)
        print_doubts(console, review.doubts)
        rows = DEFAULT_ROWS if review.selection.most is None else review.selection.most
        rounds = review.rotations if review.rotates else review.round_trips
        title = "Rotations" if review.rotates else "Round trips"
        table_of = partial(rounds_table, core=review.core, of_coins=not review.rotates)
        _print_table(console, title, rounds, rows, table_of)
        _print_table(console, "Held", review.stretches, rows, _stretches)
        _print_fills(console, review.fills, rows, review.quote)
        _print_costs(console, review.costs, review.quote)
        _print_incidents(console, review, rows)
        _print_warnings(console, review, rows)
        console.print(Text(f"\nfiles: {printable(str(review.record.folder))}"), soft_wrap=True)


def _print_title(console: Console, title: str, *, shown: int, of: int) -> None:
    left = f", the last {shown} of {of:,} (--last N shows more or fewer)" if shown < of else ""
    console.print(Text(f"\n{title}{left}" if of else f"\n{title}: none", style="bold"))


def _print_table(
    console: Console, title: str, rows: Sequence[T], most: int, table_of: Callable[[Sequence[T]], Table]
) -> None:
    shown = rows[max(0, len(rows) - most) :]
    _print_title(console, title, shown=len(shown), of=len(rows))
    if shown:
        console.print(table_of(shown))


def _stretches(rows: Sequence[Stretch]) -> Table:
    table = plain_table("since", "until", "days", "return", "reason", right=("days", "return"))
    table.add_column("weights")
    for stretch in rows:
        table.add_row(
            str(stretch.since),
            str(stretch.until or NOT_AVAILABLE),
            f"{(stretch.last_day - stretch.since).days:,}",
            signed_percent(stretch.total_return),
            Text(printable(stretch.reason)),
            Text(_weights(stretch)),
        )
    return table


def _weights(stretch: Stretch) -> str:
    held = [(asset, weight) for asset, weight in stretch.weights.items() if weight >= LEAST_SHARE]
    weights = sorted(held, key=lambda pair: -pair[1])
    listed = weights if len(weights) <= MOST_ASSETS else weights[:1]
    shown = [f"{printable(asset)} {weight:.0%}" for asset, weight in listed]
    if len(listed) < len(weights):
        shown.append(f"{len(weights) - 1} more {sum(weight for _, weight in weights[1:]):.0%}")
    return ", ".join(shown) or "cash"


def _print_fills(console: Console, fills: Sequence[PricedFill], most: int, quote: str) -> None:
    shown = fills[max(0, len(fills) - most) :]
    _print_title(console, "Fills", shown=len(shown), of=len(fills))
    if not shown:
        return
    has_basis = any(priced.basis is not None for priced in shown)
    heads = ("UTC", "", "quantity", "price", printable(quote), "fee", "slip", "basis" if has_basis else "")
    cells = [_fill_cells(priced, quote, has_basis=has_basis) for priced in shown]
    widest = [max(len(row[column]) for row in (heads, *cells)) for column in range(len(heads))]
    roomy = [max(least, width) for least, width in zip(FILL_COLUMNS, widest, strict=True)]
    # Where there is no room to spare in 80 columns, what is short makes way for what is long.
    widths = roomy if not has_basis and sum(roomy[:-1]) + len(roomy) - 2 <= WIDTH else widest
    console.print(Text(_fill_line(heads, widths), style="bold"), soft_wrap=True)
    rows = zip(shown, cells, strict=True)
    for (day, reason), group in groupby(rows, key=lambda row: (row[0].fill.decision_day, row[0].fill.reason)):
        console.print(Text(f"{day} {printable(reason)}", style="cyan"))
        for _, row in group:
            console.print(Text(_fill_line(row, widths)), soft_wrap=True)
    console.print(Text("slip: basis points against the decision day's close, plus is worse for us", style="dim"))
    if has_basis:
        console.print(Text("basis: basis points of the price against the real market's at that moment", style="dim"))


def _fill_cells(priced: PricedFill, quote: str, *, has_basis: bool) -> tuple[str, ...]:
    fill = priced.fill
    in_quote = fill.fee_asset == quote
    return (
        f"{fill.at:%m-%d %H:%M}",
        f"{fill.side.value:<4} {printable(fill.asset)}",
        exact(fill.quantity),
        significant(fill.price),
        f"{fill.notional:,.0f}" if fill.notional >= THOUSAND else money(fill.notional),
        money(fill.fee) if in_quote else f"{significant(fill.fee, digits=4)} {printable(fill.fee_asset)}",
        _points(priced.slippage),
        _points(priced.basis) if has_basis else "",
    )


def _fill_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.ljust(width) if column < FILL_TEXTS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return " ".join(padded).rstrip()


def _print_costs(console: Console, costs: TradingCosts, quote: str) -> None:
    _print_title(console, "Costs", shown=costs.fills, of=costs.fills)
    if costs.fills:
        console.print(_costs(costs, quote))


def _costs(costs: TradingCosts, quote: str) -> Table:
    table = plain_table("", printable(quote), "bp of traded", right=(printable(quote), "bp of traded"))
    made = f"traded in {counted(costs.fills, 'fill')} ({counted(costs.buys, 'buy')}, {counted(costs.sells, 'sell')})"
    table.add_row(made, money(costs.traded), "")
    for asset, fee in costs.fees.items():
        if list(costs.fees) != [quote]:
            table.add_row(Text(f"  fees taken in {printable(asset)}: {significant(fee)}"), "", "")
    total = NOT_AVAILABLE if costs.fees_quote is None else money(costs.fees_quote)
    priced = "fees" if list(costs.fees) == [quote] else "fees, coins at the fills' prices"
    table.add_row(priced, total, _points(costs.fee_share))
    if costs.slippage_quote is not None:
        against = "slippage against the decision's close"
        table.add_row(against, money(costs.slippage_quote), _points(costs.slippage_share))
    if costs.unpriced:
        table.add_row(f"{counted(costs.unpriced, 'fill')} without a close on record", "", "")
    return table


def _print_incidents(console: Console, review: Review, rows: int) -> None:
    _print_table(console, "Incidents", review.incidents, rows, _incidents)
    if review.incidents:
        kinds = ", ".join(f"{kind.value} {number}" for kind, number in counts(review.incidents).items())
        console.print(Text(f"in all: {kinds}", style="dim"))


def _incidents(rows: Sequence[Incident]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for incident in rows:
        words = Text(incident.kind.value, style="yellow")
        order = f": {printable(incident.order)}" if incident.order else ""
        reason = f", {printable(incident.reason)} of {incident.decision_day}" if incident.reason else ""
        words.append(f"{order}{reason}", style="none")
        for part in (incident.message, incident.outcome):
            if part:
                words.append(f"\n{printable(part)}", style="none")
        table.add_row(f"{incident.at:%Y-%m-%d %H:%M:%S}", words)
    return table


def _print_warnings(console: Console, review: Review, most: int) -> None:
    shown = review.warnings[max(0, len(review.warnings) - most) :]
    _print_title(console, "Warnings", shown=len(shown), of=len(review.warnings))
    for warned in shown:
        at = f"{warned.at:%Y-%m-%d %H:%M}  " if warned.at else ""
        console.print(Text(f"{at}{printable(warned.text)}"))


def _points(fraction: float | None) -> str:
    # Adding zero takes the sign from a zero.
    return NOT_AVAILABLE if fraction is None else f"{round(fraction * BASIS_POINTS, 1) + 0:+,.1f}"
