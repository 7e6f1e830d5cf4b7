"""Rotations, and round trips of positions, as a table on a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from engine.record.record_rows import RotationRow
from engine.record.review.round_trips import RoundTrip
from engine.report.figures import NOT_AVAILABLE, signed_percent
from engine.report.printable import printable
from engine.report.tables import plain_table


def rounds_table(
    rounds: Sequence[RotationRow | RoundTrip], core: str, *, of_coins: bool, title: str | None = None
) -> Table:
    """Make a table of a line a round.

    Args:
        of_coins: whether they are round trips of single coins.
        title: over a table with a margin; None for neither.
    """
    coin = [""] if of_coins else []
    figures = ("weeks", "return", printable(core), "excess")
    table = plain_table("#", *coin, "entry", "exit", "reason", *figures, right=figures, title=title)
    for each in rounds:
        table.add_row(
            str(each.rotation if isinstance(each, RotationRow) else each.number),
            *([Text(printable(each.asset))] if isinstance(each, RoundTrip) else []),
            str(each.entry_day),
            str(each.exit_day or NOT_AVAILABLE),
            Text(printable(each.exit_reason)),
            f"{each.weeks_held:.1f}",
            *(signed_percent(value) for value in (each.total_return, each.core_return, each.excess)),
        )
    if not rounds:
        table.add_row(NOT_AVAILABLE, *coin, "none")
    return table
