"""The configuration of a command that was given none: the file beside this program where there is one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Config

FILE = Path(__file__).resolve().parents[2] / "config" / "rotation.yaml"


def default_file() -> Path | None:
    """Give the configuration file beside this program; None in an installation without one."""
    return FILE if FILE.is_file() else None


def load_config_or_default(path: Path | None, assignments: Sequence[str] | None) -> "Config":
    """Load the named file, else the default one, else the defaults of every key.

    Raises:
        ConfigError: one sentence about the first thing that is wrong.
    """
    from engine.commands.loading import load_config
    from engine.config_reading import build_config, with_assignments
    from engine.registry import params_of

    chosen = path or default_file()
    if chosen is not None:
        return load_config(chosen, assignments)
    return build_config(with_assignments({}, assignments or ()), params_of)
