"""From a configuration file and what was typed to a validated configuration."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Config


def load_config(
    path: Path, assignments: Sequence[str] | None, *, from_day: str | None = None, to_day: str | None = None
) -> "Config":
    """Read, lay assignments and dates over, validate.

    Raises:
        ConfigError: one sentence about the first thing that is wrong.
    """
    from engine.config import build_config, read_values, with_assignments
    from engine.registry import params_of

    dates = [f"window.{key}={day}" for key, day in (("from", from_day), ("to", to_day)) if day is not None]
    values = with_assignments(read_values(path), [*(assignments or ()), *dates])
    return build_config(values, params_of)
