"""Further entry conditions, one a file, chosen by `strategy.confirmations`.

A confirmation is a module with one function, `observe(history, *, core, index) -> Condition`: a condition for every
decision day, made of what was known on it.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from datetime import date
from typing import Protocol, TypeAlias, cast

from engine.core.market import History

Condition: TypeAlias = Callable[[date], bool]
"""Tells whether the condition holds at the end of a day."""


class Confirmation(Protocol):
    """What a module in this folder offers under the name `observe`."""

    def __call__(self, history: History, *, core: str, index: str) -> Condition:
        """Make the condition from a history; day D of it uses what was known at D's end only."""
        ...


def confirmation_names() -> list[str]:
    """List the confirmations found."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def confirmation(name: str) -> Confirmation:
    """Find a confirmation by its file name.

    Raises:
        ValueError: there is none of that name; the sentence lists the right ones.
    """
    known = confirmation_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"strategy.confirmations {name!r} is not allowed; {hint}found: {', '.join(known)}")
    return cast("Confirmation", importlib.import_module(f"{__name__}.{name}").observe)
