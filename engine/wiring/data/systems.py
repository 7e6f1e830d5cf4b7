"""Which systems of the thesis a command looks at."""

from engine.core.context import OffersSystems, systems_of
from engine.core.errors import ConfigError
from engine.core.rule import Named
from engine.core.strategy import AnyStrategy
from engine.settings.config import Config


def systems_to_see(config: Config, strategy: AnyStrategy, *, every: bool) -> tuple[Named, ...]:
    """Give the systems that a strategy decides by, with `every` those of its thesis too.

    Raises:
        ConfigError: the thesis is wanted of a strategy that has none.
    """
    if isinstance(strategy, OffersSystems):
        return systems_of(strategy, every=every)
    if not every:
        return ()
    raise ConfigError(
        f"strategy.name: {config.strategy.name} has no system of the thesis; one that has is wanted, like rotation"
    )
