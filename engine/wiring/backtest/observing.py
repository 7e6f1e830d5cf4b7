"""A strategy on the history of a market -> what it observes, its decision days, and what puts their bars in doubt."""

from engine.core.market import History
from engine.core.strategy import AnyStrategy
from engine.data.jumps import jump_words
from engine.settings.config import Window
from engine.trading.observed import Observed, observe
from engine.wiring.data.market import index_sessions
from engine.wiring.data.price_jumps import jumps_in, refuse_jumps


def observe_history(strategy: AnyStrategy, history: History, *, window: Window, max_stale_sessions: int) -> Observed:
    """Have a strategy observe a history, over the window that is wanted.

    Raises:
        DataError: the history is too short for the strategy, no decision day is left, or an index has a hole.
    """
    return observe(
        strategy,
        history,
        sessions=index_sessions(history, strategy.universe),
        window_from=window.from_,
        window_to=window.to,
        max_stale_sessions=max_stale_sessions,
    )


def doubts_of(observed: Observed, *, jumps: str) -> tuple[str, ...]:
    """Say where prices jump up to the last decision day.

    Args:
        jumps: `data.jumps`.

    Raises:
        DataError: one does, and that is to be an error.
    """
    found = jumps_in(observed.history, observed.strategy.universe, until=observed.span.last_day)
    refuse_jumps(jumps, found)
    return tuple(jump_words(found))
