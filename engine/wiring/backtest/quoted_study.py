"""Which study on disk is of a run's own bars: coins and index up to its last decision day, by their digests.

A live run goes on, so that its last day is the last one decided: a study is of its bars until the next day is decided,
and from then on the run knows a bar that the study does not.
"""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine.core.market import History
from engine.core.strategy import Universe
from engine.data.digest import bars_sha256
from engine.record.study_verdicts import QuotableStudy, newest_study, quotable_studies, studies_in


def study_data(history: History, universe: Universe, last_day: date) -> dict[str, str]:
    """Give the digests of coins and index up to a day, by the names that a study has for them; empty without bars."""
    names = {universe.core: "BTC", **dict.fromkeys(universe.indices, "RUT")}
    symbols = (*universe.assets, *universe.indices)
    return {
        names.get(symbol, symbol): bars_sha256(history[symbol].up_to(last_day)) if symbol in history.series else ""
        for symbol in symbols
    }


def quoted_study(out: Path, history: History, universe: Universe, last_day: date) -> Mapping[str, Any] | None:
    """Give what the newest study of these bars says of the claims behind an entry; None where there is none.

    Args:
        out: where studies lie.
    """
    found = newest_study(out, lambda: study_data(history, universe, last_day)) if universe.rotates else None
    return None if found is None else found.quote


def verdicts_of_bars(out: Path, history: History, universe: Universe) -> Mapping[str, str]:
    """Give the verdict of each row of the thesis by the newest study of all these bars; empty where there is none."""
    found = newest_study(out, lambda: study_data(history, universe, history[universe.core].last_day))
    return {} if found is None else found.rows


class StudyBeside:
    """The study that a live run quotes, looked for again when a day was decided or a study was made.

    Args:
        out: where studies lie.
    """

    def __init__(self, out: Path, universe: Universe) -> None:
        self.found: Mapping[str, Any] | None = None
        self._out = out
        self._universe = universe
        self._seen: tuple[date, tuple[str, ...]] | None = None
        self._named: tuple[str, ...] = ()
        self._studies: tuple[QuotableStudy, ...] = ()

    def look(self, last_day: date, history_at: Callable[[date], History | None]) -> bool:
        """Look for it, and tell whether there is one now that there was not before.

        Args:
            last_day: the last one decided; its bars are asked for only where a study ends on it.
        """
        named = studies_in(self._out) if self._universe.rotates else ()
        if self._seen == (last_day, named):
            return False
        if named != self._named:
            self._named, self._studies = named, tuple(quotable_studies(self._out))
        before, self._seen = self.found, (last_day, named)
        same_end = [study for study in self._studies if study.end == last_day.isoformat()]
        history = history_at(last_day) if same_end else None
        digests = {} if history is None else study_data(history, self._universe, last_day)
        self.found = next((study.quote for study in same_end if digests and study.is_of(digests)), None)
        return self.found is not None and self.found != before
