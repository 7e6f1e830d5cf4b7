"""The plain table of the reports on a terminal: heads over a rule, no frame."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text


def plain_table(*titles: str, right: Sequence[str] = (), title: str | None = None, margin: bool = False) -> Table:
    """Make an empty table of columns that are not wrapped.

    Args:
        right: the titles of those that hold numbers.
        title: over the table, which has a margin then; margin: a line left free above and below.
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=margin or title is not None,
        padding=(0, 1, 0, 0),
        title=title,
        title_justify="left",
        title_style="bold",
    )
    for name in titles:
        table.add_column(Text(name), justify="right" if name in right else "left", no_wrap=True)
    return table
