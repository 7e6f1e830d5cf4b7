"""What every report says of a market that is made up: in its first line, and in its last."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

SYNTHETIC_FIRST_LINE = "synthetic sample market: made-up prices that show how the program works"
SYNTHETIC_LAST_LINE = "synthetic sample market: these figures say nothing about real markets"
STYLE = "bold yellow"


@contextmanager
def framed(console: Console, *, synthetic: bool) -> Iterator[None]:
    """Print the two lines around what is printed inside, where its market is made up."""
    if synthetic:
        console.print(Text(SYNTHETIC_FIRST_LINE, style=STYLE))
    yield
    if synthetic:
        console.print(Text(SYNTHETIC_LAST_LINE, style=STYLE))
