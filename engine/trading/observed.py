"""What a strategy observes of a history, and which days are decided of it: made once, for whoever drives them."""

from dataclasses import dataclass, replace
from datetime import date

from engine.core.calendar import Days
from engine.core.market import History
from engine.core.strategy import AnyStrategy, Observations
from engine.trading.span import Span, decision_span


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A strategy on a history.

    Attributes:
        observations: facts by day, made of the whole history, revealed day by day.
        span: the decision days.
    """

    strategy: AnyStrategy
    history: History
    observations: Observations[object]
    span: Span

    @property
    def core(self) -> str:
        """The asset whose bars are the decision days."""
        return self.strategy.universe.core

    def until(self, day: date) -> "Observed":
        """Give the same with no decision day after `day`."""
        return replace(self, span=replace(self.span, last_day=min(day, self.span.last_day)))


def observe(
    strategy: AnyStrategy,
    history: History,
    *,
    sessions: Days,
    window_from: date,
    window_to: date | None,
    max_stale_sessions: int,
) -> Observed:
    """Have a strategy observe a history, and find its decision days.

    Args:
        sessions, window_from, window_to, max_stale_sessions: as of `decision_span`.

    Raises:
        DataError: the history is too short for the strategy, or no decision day is left of it.
    """
    universe, observations = strategy.universe, strategy.observe(history)
    span = decision_span(
        core=history[universe.core],
        indices={symbol: history[symbol] for symbol in universe.indices},
        sessions=sessions,
        ready_day=observations.first_day,
        window_from=window_from,
        window_to=window_to,
        max_stale_sessions=max_stale_sessions,
    )
    return Observed(strategy=strategy, history=history, observations=observations, span=span)
