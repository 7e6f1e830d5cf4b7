"""The section `risk` of the configuration -> what scales the targets of a run."""

from engine.config import Config
from engine.core.sizing import Sizing


def sizing_of(config: Config) -> Sizing | None:
    """Give what scales targets; None where nothing does."""
    if config.risk.volatility_target is None:
        return None
    from engine.core.volatility_target import VolatilityTarget  # noqa: PLC0415 - off by default

    return VolatilityTarget(config.risk.volatility_target)
