"""The board of a paper run: made after a day's decision and its orders, and never in their way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from engine.core.context import context_of, needs_of, used_rules
from engine.core.errors import DataError, VenueError
from engine.core.events import ContextSeen, DayDecided, Event
from engine.core.market import BarSeries
from engine.core.rule import Named
from engine.core.series import ValueSeries
from engine.core.strategy import AnyStrategy
from engine.ports import LoadedSeries, LoadedValues
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.wiring.data.live_market import FurtherUpTo, SeriesUpTo, Snapshots
from engine.wiring.data.systems import systems_to_see
from engine.wiring.live.surroundings import Surroundings

PATIENCE = timedelta(minutes=2)
"""How long all series of a day's board may take together; the others are left out of it."""


def live_context(config: Config, around: Surroundings, *, every: bool) -> "LiveContext | None":
    """Make what makes the boards of a run; None where there is no system to look at.

    Raises:
        ConfigError: the thesis is wanted of a strategy that has none.
    """
    strategy = strategy_of(config)
    systems = systems_to_see(config, strategy, every=every)
    if not systems:
        return None
    return LiveContext(strategy, systems, now=around.now, ending=around.ending, notice=around.notice)


class LiveContext:
    """Makes the board of each decided day once.

    Args:
        systems: those that are looked at.
        now: our clock; it only ends what takes too long. ending: whether the run is to end.
        notice: told where a board cannot be made.

    Attributes:
        universe: the strategy's, with all series that the systems look at.
    """

    def __init__(
        self,
        strategy: AnyStrategy,
        systems: Sequence[Named],
        *,
        now: Callable[[], datetime],
        ending: Callable[[], bool],
        notice: Callable[[str], None],
    ) -> None:
        universe = strategy.universe
        shown = (*universe.shown_series, *universe.series, *needs_of(systems))
        self.universe = replace(universe, series=(), shown_series=shown)
        self._strategy = strategy
        self._systems = systems
        self._now = now
        self._ending = ending
        self._notice = notice
        self._tried: date | None = None
        self._has_facts = False
        self._until = now()
        self._snapshots: Snapshots | None = None

    def look_at(self, coins: SeriesUpTo, index: SeriesUpTo, further: FurtherUpTo | None) -> None:
        """Take the sources of the decisions: what was loaded for one is not asked for again."""
        patient = None if further is None else _Patient(further, self._is_over)
        self._snapshots = Snapshots(self.universe, coins, index, patient, has_begun=lambda: True)

    def boards(self, events: Sequence[Event]) -> Iterator[ContextSeen]:
        """Give the board of the last decided day, where it is not on record yet and can be made.

        Args:
            events: all that happened.
        """
        day = next((event.day for event in reversed(events) if isinstance(event, DayDecided)), None)
        if self._snapshots is None or day is None or day == self._tried or self._ending():
            return
        # One try a day: what is slow or broken is not asked for again and again.
        self._tried, before = day, next((each.day for each in reversed(events) if isinstance(each, ContextSeen)), None)
        if before == day:
            return
        self._until = self._now() + PATIENCE
        try:
            board = self._made(self._snapshots, day, before)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a board, the run goes on without it
            self._notice(f"{day}: the board of the thesis was not made: {error}")
            return
        if board is not None:
            self._has_facts = True
            yield board

    def _made(self, snapshots: Snapshots, day: date, before: date | None) -> ContextSeen | None:
        history = snapshots.history_at(day)
        core = history[self._strategy.universe.core]
        if core.position_on(day) is None:
            return None
        context = context_of(self._systems, used_rules(self._strategy), history, core)
        board = context.on(day)
        facts = () if self._has_facts else board.facts
        return ContextSeen(
            day=day,
            reads=board.reads,
            whole=True,
            facts=facts,
            phases=context.phase_weeks(before or day, day),
            phase_names=board.phase_names if facts else (),
        )

    def _is_over(self) -> bool:
        return self._ending() or self._now() > self._until


class _Patient:
    """Series beside coins and indices, as long as there is time for them."""

    def __init__(self, further: FurtherUpTo, is_over: Callable[[], bool]) -> None:
        self._further = further
        self._is_over = is_over

    def up_to(self, name: str, day: date) -> BarSeries | ValueSeries:
        """Give a series.

        Raises:
            DataError: it cannot be had, or the time is over.
        """
        if self._is_over():
            raise DataError(f"{name}: was not asked for, because the others took too long")
        try:
            return self._further.up_to(name, day)
        except VenueError as error:
            raise DataError(f"{name}: {error}") from error

    def loaded(self, name: str) -> LoadedSeries | LoadedValues | None:
        """Give a series as it was last loaded, if it was."""
        return self._further.loaded(name)
