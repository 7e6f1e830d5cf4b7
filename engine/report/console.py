"""The console: 80 columns where the output is no terminal, no colour where none is wanted, progress on stderr."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.text import Text

from engine.ports import ProgressBar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_WIDTH = 80


class _ResultConsole(Console):
    """A console whose reader may go away (`| head`): the run is whole, and what is left of its text is let go."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        _end_unread()


def make_console(*, quiet: bool) -> Console:
    """Make the console for results; rich itself honours NO_COLOR."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return _ResultConsole(quiet=quiet, width=width, highlight=False, soft_wrap=False)


def print_result(text: str) -> None:
    """Write a result to stdout as it is, line by line; a reader that goes away has read enough."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _end_unread()


def _end_unread() -> NoReturn:
    # What is still buffered has to go somewhere when the process ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Show the steps of long work: a bar on a terminal, plain lines elsewhere.

    Both go to stderr: stdout is the result.
    """
    console = Console(stderr=True, quiet=quiet, highlight=False)
    if not console.is_terminal:
        yield _PlainLines(console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - terminals only

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, progress.add_task("", total=None))


class _PlainLines:
    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, line: str) -> None:
        self._console.print(Text(line, style="dim"), soft_wrap=True)

    def expect(self, total: int) -> None:
        """Say nothing: a file of lines has no use for a count."""

    def advance(self) -> None:
        """Say nothing."""


class _Bar:
    def __init__(self, progress: "Progress", task: "TaskID") -> None:
        self._progress = progress
        self._task = task

    def __call__(self, line: str) -> None:
        self._progress.update(self._task, description=line)

    def expect(self, total: int) -> None:
        self._progress.update(self._task, total=total)

    def advance(self) -> None:
        self._progress.advance(self._task)
