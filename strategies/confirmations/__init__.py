"""Further entry conditions, one a file, chosen by `strategy.confirmations`, built in or a user's own.

A confirmation is a module with one function, `observe(history, *, core, index) -> Condition`: a condition for every
decision day, made of what was known on it.
"""

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from datetime import date
from typing import Protocol, TypeAlias, cast

from engine.core.market import History
from engine.core.strategy import OWN_PACKAGE

OWN = f"{OWN_PACKAGE}.confirmations"
Condition: TypeAlias = Callable[[date], bool]
"""Tells whether the condition holds at the end of a day."""


class Confirmation(Protocol):
    """What a module in this folder offers under the name `observe`."""

    def __call__(self, history: History, *, core: str, index: str) -> Condition:
        """Make the condition from a history; day D of it uses what was known at D's end only."""
        ...


def confirmation_names() -> list[str]:
    """List the built-in confirmations."""
    return _names(__path__)


def confirmation(name: str) -> Confirmation:
    """Find a confirmation by its file name: among the built-in ones, or in the folder of the user's own.

    Raises:
        ValueError: there is none of that name; the sentence lists the right ones. It is in both places, or cannot be
            loaded.
    """
    known, own = confirmation_names(), _own_names()
    if name in known and name in own:
        raise ValueError(
            f"strategy.confirmations: {name} is built in ({_file(__name__, name)}), and {_file(OWN, name)} is another "
            "file of that name; rename that one"
        )
    if name not in (*known, *own):
        near = difflib.get_close_matches(name, (*known, *own), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"strategy.confirmations {name!r} is not allowed; {hint}found: {', '.join([*known, *own])}")
    place = __name__ if name in known else OWN
    try:
        return cast("Confirmation", importlib.import_module(f"{place}.{name}").observe)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"strategy.confirmations: {name}: {_file(place, name)} cannot be loaded: {type(error).__name__}: {error}"
        ) from error


def _own_names() -> list[str]:
    # The engine opens this package on the folder of the user's own files, and closes it to copies of ours.
    if importlib.util.find_spec(OWN_PACKAGE) is None:
        return []
    found = _names(importlib.import_module(OWN).__path__)
    return [name for name in found if importlib.util.find_spec(f"{OWN}.{name}") is not None]


def _names(path: Iterable[str]) -> list[str]:
    found = (module.name for module in pkgutil.iter_modules(path) if not module.ispkg)
    return sorted(name for name in found if not name.startswith("_"))


def _file(package: str, name: str) -> str:
    spec = importlib.util.find_spec(f"{package}.{name}")
    return str(spec.origin if spec is not None else name)
