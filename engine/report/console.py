"""The console: 80 columns where the output is no terminal, no colour where none is wanted, progress on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from engine.machine.output import Trimmed
from engine.ports import ProgressBar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

PLAIN_WIDTH = 80


def make_console(*, quiet: bool) -> "Console":
    """Make the console for results; rich itself honours NO_COLOR."""
    from rich.console import Console  # noqa: PLC0415 - wanted only where something is printed

    if sys.stdout.isatty():
        return Console(quiet=quiet, highlight=False, soft_wrap=False)
    lines = cast("TextIO", Trimmed(sys.stdout))  # typeshed's TextIOBase is no TextIO
    return Console(file=lines, quiet=quiet, width=PLAIN_WIDTH, highlight=False, soft_wrap=False)


def print_result(text: str) -> None:
    """Write a result to stdout as it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Show the steps of long work: a bar on a terminal, plain lines elsewhere.

    Both go to stderr: stdout is the result.
    """
    if quiet:
        yield _Silence()
        return
    from rich.console import Console  # noqa: PLC0415 - wanted only where something is printed

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _PlainLines(console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - terminals only

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, progress.add_task("", total=None))


class _Silence:
    def __call__(self, line: str) -> None:
        """Say nothing, here and below."""

    def expect(self, total: int) -> None: ...

    def advance(self) -> None: ...


class _PlainLines:
    def __init__(self, console: "Console") -> None:
        self._console = console

    def __call__(self, line: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - as above

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
