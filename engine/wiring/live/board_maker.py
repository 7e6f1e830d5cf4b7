"""What makes the boards of a live run, loaded only where something is looked at."""

from typing import TYPE_CHECKING

from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.wiring.live.surroundings import Surroundings

if TYPE_CHECKING:
    from engine.wiring.live.live_context import LiveContext


def board_maker(config: Config, around: Surroundings, *, every: bool) -> "LiveContext | None":
    """Make what makes the board of each day; None where the strategy decides by no system, and no board is wanted.

    Args:
        every: whether the whole board is wanted.

    Raises:
        ConfigError: it is, and the strategy has no thesis.
    """
    used = getattr(strategy_of(config), "used_systems", tuple)
    if not (every or used()):
        return None
    from engine.wiring.live.live_context import live_context  # noqa: PLC0415

    return live_context(config, around, every=every)
