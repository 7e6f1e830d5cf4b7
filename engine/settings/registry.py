"""Finds a strategy by the name of its file: in `strategies/` beside the engine, or in a folder of the user's own."""

import difflib
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from engine.core.errors import ConfigError
from engine.core.strategy import OWN_PACKAGE, AnyStrategy, StrategyFactory, StrategyParams
from engine.settings.config import Config
from engine.settings.strategy_files import BUILT_IN, built_in, file_of, is_open, names_in, open_own

LONGEST_SHOWN = 60
OWN_FOLDER = Path("strategies")
"""Of the working folder; what it holds that is not built in are the user's own strategies."""


def strategy_names() -> list[str]:
    """List the built-in strategies."""
    return names_in(built_in().__name__)


def strategy_factory(name: str) -> StrategyFactory:
    """Find a strategy: the class `MacdTiming` in `macd_timing.py` for the name `macd_timing`.

    It is looked for among the built-in ones, and in the folder that `params_of` was given last.

    Raises:
        ConfigError: no such file, or no such class in it; the sentence lists the right names.
    """
    module = _loaded(_package_of(name), name)
    class_name = "".join(word.capitalize() for word in name.split("_"))
    factory: Any = getattr(module, class_name, None)
    params = getattr(factory, "Params", None)
    if not (isinstance(params, type) and issubclass(params, StrategyParams)):
        raise ConfigError(
            f"strategy.name: {name}: {_shown(module)} has no class {class_name} "
            "with a `Params` that extends StrategyParams"
        )
    return cast("StrategyFactory", factory)


def strategy_of(config: Config) -> AnyStrategy:
    """Build the configured strategy.

    Raises:
        ConfigError: it would trade the currency that the account is kept in.
    """
    strategy = strategy_factory(config.strategy.name)(config.strategy)
    quote = config.account.quote
    if quote in strategy.universe.assets:
        raise ConfigError(
            f"account.quote: {quote} is not allowed: the strategy trades {quote} itself; a currency like USDT is wanted"
        )
    return strategy


def params_of(name: str, folder: Path | None = None) -> type[StrategyParams]:
    """Give the parameter type of a strategy.

    Args:
        folder: of the user's own strategies, and their rules (`rules/`); it
            need not be there. None: the one that was given last, or that of the working folder.

    Raises:
        ConfigError: as `strategy_factory`.
    """
    built_in()
    if folder is not None or not is_open():
        open_own(folder or OWN_FOLDER)
    return strategy_factory(name).Params


def _package_of(name: str) -> str:
    known, own = strategy_names(), names_in(OWN_PACKAGE)
    if name in known and name in own:
        raise ConfigError(
            f"strategy.name: {name} is built in ({file_of(BUILT_IN, name)}), and {file_of(OWN_PACKAGE, name)} is "
            "another file of that name; rename that one"
        )
    if name not in (*known, *own):
        near = difflib.get_close_matches(name, (*known, *own), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        found = f"found in strategies/: {', '.join([*known, *own])}"
        raise ConfigError(f"strategy.name: {name[:LONGEST_SHOWN]!r} is not allowed; {hint}{found}")
    return BUILT_IN if name in known else OWN_PACKAGE


def _loaded(package: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(f"{package}.{name}")
    except (Exception, SystemExit) as error:  # a user's file may raise whatever it likes
        raise ConfigError(
            f"strategy.name: {name}: {file_of(package, name)} cannot be loaded: {type(error).__name__}: {error}"
        ) from error


def _shown(module: ModuleType) -> str:
    parts = module.__name__.split(".")
    return str(module.__file__) if parts[0] == OWN_PACKAGE else "/".join(parts) + ".py"
