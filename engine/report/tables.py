"""The plain table of the reports on a terminal: heads over a rule, no frame."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text


def plain_table(*titles: str, right: Sequence[str] = ()) -> Table:
    """Make an empty table of columns that are not wrapped; `right` names those of numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for title in titles:
        table.add_column(Text(title), justify="right" if title in right else "left", no_wrap=True)
    return table
