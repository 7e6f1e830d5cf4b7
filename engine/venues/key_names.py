"""The variables of the environment that hold keys, of every exchange: `keys.py` in its folder names them."""

import importlib
from collections.abc import Sequence
from pathlib import Path


def key_names() -> Sequence[str]:
    """Give the names, found without loading anything else of an exchange."""
    folders = sorted(each.parent.name for each in Path(__file__).parent.glob("*/keys.py"))
    modules = [importlib.import_module(f"{__package__}.{name}.keys") for name in folders]
    return [name for module in modules for name in module.NAMES]
