"""From a configuration file and what was typed to a validated configuration."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.errors import ConfigError

if TYPE_CHECKING:
    from engine.config import Config


def load_config(
    path: Path, assignments: Sequence[str] | None, *, from_day: str | None = None, to_day: str | None = None
) -> "Config":
    """Read, lay assignments and dates over, validate.

    Raises:
        ConfigError: one sentence about the first thing that is wrong.
    """
    from engine.config_reading import build_config, read_values, with_assignments
    from engine.registry import built_strategy, params_of

    typed = {"from": from_day, "to": to_day}
    dates = [f"window.{key}={read_day(f'--{key}', text)}" for key, text in typed.items() if text is not None]
    values = with_assignments(read_values(path), [*(assignments or ()), *dates])
    config = build_config(values, params_of)
    built_strategy(config)
    return config


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
