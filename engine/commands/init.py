"""`init`: the commented default configuration, to be changed."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import DEFAULT_OUT, Assignments, OutFolder, Quiet
from engine.commands.program import program_name
from engine.core.errors import ConfigError

DEFAULT_FILE = Path("rotation.yaml")
STDOUT = Path("-")
PACKAGE = Path(__file__).resolve().parents[1]
PLACES = (PACKAGE / "rotation.yaml", PACKAGE.parent / "config" / "rotation.yaml")
"""Where the file is: the first in what is installed, the second, of which that is made, in the source."""


def init(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A new file; - prints it."),
    ] = DEFAULT_FILE,
    assignments: Assignments = None,
    out: OutFolder = DEFAULT_OUT,  # noqa: ARG001 - every command takes --out; this one makes no run folder
    quiet: Quiet = False,
) -> None:
    """Write the default configuration, every key with a comment, into a new file."""
    if assignments:
        raise ConfigError(f"--set {assignments[0]!r}: init writes the defaults as they are; change the file it writes")
    text = default_text()
    if file == STDOUT:
        from engine.report.console import print_result

        print_result(text.rstrip("\n"))
        return
    _write_new(file, text)
    if not quiet:
        typer.echo(f"{file}: every key with its default; change it, then: {program_name()} backtest {file}")


def default_text() -> str:
    """Give the commented default configuration."""
    return next(path for path in PLACES if path.is_file()).read_text(encoding="utf-8")


def _write_new(path: Path, text: str) -> None:
    temporary = path.parent / f".{path.name}-{os.getpid()}"
    try:
        if path.is_dir():
            raise ConfigError(f"FILE {path}: is a folder; name a file in it")
        with temporary.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        _take_name(temporary, path)
    except FileExistsError as error:
        raise ConfigError(f"FILE {path}: is there already, and stays as it is; name another file") from error
    except OSError as error:
        raise ConfigError(f"FILE {path}: cannot be written: {error.strerror}; name another file") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _take_name(temporary: Path, path: Path) -> None:
    # Renaming would replace a file of that name; a second link to the whole file does not.
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links.
        if path.exists() or path.is_symlink():
            raise FileExistsError(path) from None
        temporary.rename(path)
