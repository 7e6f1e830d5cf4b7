"""The console: 80 columns where the output is no terminal, no colour where none is wanted, progress on stderr."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from engine.ports import ProgressBar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_WIDTH = 80


class _ResultConsole(Console):
    """A console whose reader may go away (`| head`): the run is whole, and what is left of its text is let go."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


def make_console(*, quiet: bool) -> Console:
    """Make the console for results; rich itself honours NO_COLOR."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return _ResultConsole(quiet=quiet, width=width, highlight=False, soft_wrap=False)


@contextmanager
def live_console(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show what a live run is at: a line that changes on a terminal, plain lines elsewhere, each said once."""
    console = Console(stderr=True, quiet=quiet, highlight=False)
    if console.is_terminal:
        with console.status("starting") as status:
            yield status.update
        return
    said: list[str] = []

    def say(line: str) -> None:
        if said != [line]:
            said[:] = [line]
            console.print(line, style="dim", soft_wrap=True)

    yield say


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

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, progress.add_task("", total=None))


class _PlainLines:
    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, line: str) -> None:
        self._console.print(line, style="dim", soft_wrap=True)

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
