"""The console: 80 columns where the output is no terminal, no colour where none is wanted, progress on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from engine.ports import Progress

PLAIN_WIDTH = 80


def make_console(*, quiet: bool) -> Console:
    """Make the console for results; rich itself honours NO_COLOR."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(quiet=quiet, width=width, highlight=False, soft_wrap=False)


@contextmanager
def progress_lines(*, quiet: bool) -> Iterator[Progress]:
    """Show the steps of long work: a spinner with the current step on a terminal, plain lines elsewhere.

    Both go to stderr: stdout is the result.
    """
    console = Console(stderr=True, quiet=quiet, highlight=False)
    if not console.is_terminal:
        yield lambda line: console.print(line, style="dim", soft_wrap=True)
        return
    with console.status("working") as status:
        yield status.update
