"""What a live run looks at beside coins and indices, asked for once a day."""

from datetime import date

from engine.core.instrument import LOT_STEPS
from engine.core.market import BarSeries
from engine.core.series import ValueSeries
from engine.ports import LoadedSeries, LoadedValues
from engine.wiring.data.live_market import SeriesUpTo
from engine.wiring.data.series import SeriesSources


class LiveFurther:
    """Series by name, each from its source, and coins that are not traded from where the others are.

    A source that failed is asked again at the next look: that of a day is not lost to a moment.
    """

    def __init__(self, sources: SeriesSources, coins: SeriesUpTo) -> None:
        self._sources = sources
        self._coins = coins
        self._kept: dict[str, tuple[date, LoadedSeries | LoadedValues]] = {}

    def up_to(self, name: str, day: date) -> BarSeries | ValueSeries:
        """Give a series as of now, loaded once for each day that is asked for.

        Raises:
            DataError: it cannot be had.
        """
        if name in LOT_STEPS:
            return self._coins.up_to(name, day)
        kept = self._kept.get(name)
        if kept is None or kept[0] != day:
            kept = self._kept[name] = (day, self._sources.load(name))
        return kept[1].bars if isinstance(kept[1], LoadedSeries) else kept[1].series

    def loaded(self, name: str) -> LoadedSeries | LoadedValues | None:
        """Give a series as it was last loaded, if it was."""
        return self._kept[name][1] if name in self._kept else None

    def check_file(self, name: str) -> None:
        """Read a series that is a file: what is wrong with it is said before any exchange is asked.

        Raises:
            DataError: there is no such file, or a row of it is bad.
        """
        if self._sources.is_file(name):
            self._sources.load(name)
