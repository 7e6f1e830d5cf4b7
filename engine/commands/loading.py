"""From a configuration file and what was typed to a validated configuration."""

import re
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engine.commands.options import own_folder
from engine.commands.program import program_name
from engine.core.errors import ConfigError

if TYPE_CHECKING:
    from engine.settings.config import Config

LONGEST_LABEL = 64


def load_config(
    path: Path | None,
    assignments: Sequence[str] | None,
    *,
    from_day: str | None = None,
    to_day: str | None = None,
    quiet: bool = False,
) -> "Config":
    """Read, lay assignments and dates over, validate.

    Args:
        path: None for the built-in default configuration.
        quiet: do not say what the command line does not: the built-in default, a strategy of the user's own.

    Raises:
        ConfigError: one sentence about the first thing that is wrong.
    """
    from engine.settings.reading import build_config, read_values, with_assignments
    from engine.settings.registry import OWN_FOLDER, params_of, strategy_of

    typed = {"from": from_day, "to": to_day}
    dates = [f"window.{key}={read_day(f'--{key}', text)}" for key, text in typed.items() if text is not None]
    values = with_assignments({} if path is None else read_values(path), [*(assignments or ()), *dates])
    config = build_config(values, partial(params_of, folder=own_folder.get() or OWN_FOLDER))
    if path is None and not quiet:
        typer.echo(f"configuration: the built-in default ({program_name()} init writes it to a file)", err=True)
    say_own_files(quiet=quiet)
    strategy_of(config)
    return config


def say_own_files(*, quiet: bool) -> None:
    """Say which strategies are not the program's but the user's: their code runs."""
    from engine.settings.strategy_files import own_files

    for path in () if quiet else own_files():
        typer.echo(f"strategies: {path.stem} is your own, from {path}", err=True)


def given_day(option: str, text: str | None) -> date | None:
    """Read the date given to an option, if there is one.

    Raises:
        ConfigError: it is none.
    """
    return None if text is None else read_day(option, text)


def read_day(option: str, text: str) -> date:
    """Read the date given to an option.

    Raises:
        ConfigError: it is none.
    """
    # The standard library also takes 20180131 and 2018-W05-3, which the file does not.
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is not in the calendar; a date like 2018-01-31 is wanted") from error
    raise ConfigError(f"{option} {text!r} is not allowed; a date like 2018-01-31 is wanted")


def given_label(text: str | None) -> str:
    """Check the text given to `--label`; none is an empty one.

    Raises:
        ConfigError: it is blank, too long, or holds what no line shows.
    """
    if text is None:
        return ""
    label = text.strip()
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        wanted = f"one line of 1 to {LONGEST_LABEL} characters that can be shown is wanted"
        shown = text if len(text) <= LONGEST_LABEL else f"{text[:LONGEST_LABEL]}..."
        raise ConfigError(f"--label {shown!r} is not allowed; {wanted}")
    return label
