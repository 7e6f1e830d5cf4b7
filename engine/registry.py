"""Finds a strategy by the name of its file in `strategies/`."""

import difflib
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from typing import Any, cast

import strategies
from engine.config import Config
from engine.core.errors import ConfigError
from engine.core.explanation import ExplainerFactory
from engine.core.strategy import AnyStrategy, StrategyFactory, StrategyParams

LONGEST_SHOWN = 60


def strategy_names() -> list[str]:
    """List the strategies found."""
    return _module_names(strategies)


def strategy_factory(name: str) -> StrategyFactory:
    """Find a strategy: the class `MacdTiming` in `strategies/macd_timing.py` for the name `macd_timing`.

    Raises:
        ConfigError: no such file, or no such class in it; the sentence lists the right names.
    """
    known = strategy_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ConfigError(
            f"strategy.name: {name[:LONGEST_SHOWN]!r} is not allowed; {hint}found in strategies/: {', '.join(known)}"
        )
    module = importlib.import_module(f"strategies.{name}")
    class_name = "".join(word.capitalize() for word in name.split("_"))
    factory: Any = getattr(module, class_name, None)
    params = getattr(factory, "Params", None)
    if not (isinstance(params, type) and issubclass(params, StrategyParams)):
        raise ConfigError(
            f"strategy.name: {name}: strategies/{name}.py has no class {class_name} "
            "with a `Params` that extends StrategyParams"
        )
    return cast("StrategyFactory", factory)


def built_strategy(config: Config) -> AnyStrategy:
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


def params_of(name: str) -> type[StrategyParams]:
    """Give the parameter type of a strategy."""
    return strategy_factory(name).Params


def explainer_factory(name: str) -> ExplainerFactory | None:
    """Find what explains a strategy: the class `Explainer` in `strategies/explanations/<name>.py`.

    Returns:
        None where there is no such file.

    Raises:
        ConfigError: the file has no such class.
    """
    place = f"strategies.explanations.{name}"
    if name not in strategy_names() or importlib.util.find_spec(place) is None:
        return None
    factory: Any = getattr(importlib.import_module(place), "Explainer", None)
    if factory is None:
        raise ConfigError(f"strategy.name: {name}: strategies/explanations/{name}.py has no class Explainer")
    return cast("ExplainerFactory", factory)


def _module_names(package: Any) -> list[str]:
    folders = [str(Path(folder)) for folder in package.__path__]
    return sorted(m.name for m in pkgutil.iter_modules(folders) if not m.ispkg and not m.name.startswith("_"))
