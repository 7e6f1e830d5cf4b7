"""The jumps of a run's prices: what puts its figures in doubt, or ends it with `data.jumps: error`."""

from collections.abc import Callable, Sequence
from datetime import date

from engine.core.errors import DataError
from engine.core.market import History
from engine.core.strategy import Universe
from engine.data.jumps import Jump, jump_words, jumps_of
from engine.data.kinds import kinds_of
from engine.data.sessions import NewYorkSessions


def jumps_in(history: History, universe: Universe, *, until: date) -> Sequence[Jump]:
    """Find the jumps in all series of a run up to a day, series by series."""
    kind_of = kinds_of(universe, NewYorkSessions().between)
    return [
        jump
        for symbol in history
        for jump in jumps_of(history[symbol], largest_move=kind_of(symbol).largest_move, until=until)
    ]


def refuse_jumps(setting: str, jumps: Sequence[Jump]) -> None:
    """Refuse jumps where `data.jumps` does.

    Raises:
        DataError: there is one; names the series, the day and the factor of the first.
    """
    if jumps and setting == "error":
        more = f"; {len(jumps) - 1:,} more" if len(jumps) > 1 else ""
        raise DataError(f"{jumps[0]}{more} (data.jumps: error)")


class JumpWatch:
    """Hears of the bars of a live run as they come, and says each jump once.

    Args:
        setting: `data.jumps`.
        say: told of new jumps, in words, with the day of the bars.
    """

    def __init__(self, setting: str, universe: Universe, say: Callable[[Sequence[str], date], None]) -> None:
        self._setting = setting
        self._universe = universe
        self._say = say
        self._said: set[Jump] = set()

    def examine(self, history: History, day: date) -> None:
        """Look at everything known at the end of a day.

        Raises:
            DataError: there is a jump, and the configuration refuses it.
        """
        found = jumps_in(history, self._universe, until=day)
        refuse_jumps(self._setting, found)
        new = [jump for jump in found if jump not in self._said]
        if new:
            self._said.update(new)
            self._say(tuple(jump_words(new)), day)
