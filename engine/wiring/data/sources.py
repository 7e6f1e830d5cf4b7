"""Where the bars of a run come from, as its summary says it: the same keys for a backtest and a paper run."""

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.market import BarSeries, History
from engine.core.strategy import Universe
from engine.data.digest import bars_sha256
from engine.data.kinds import kinds_of
from engine.data.sessions import NewYorkSessions
from engine.ports import LoadedSeries, LoadedValues

if TYPE_CHECKING:
    from engine.wiring.data.live_market import Snapshots


def source_facts(series: LoadedSeries) -> dict[str, object]:
    """Describe one series; `first` and `last` are None where it has no bar."""
    bars = series.bars
    return {
        "source": series.source,
        "synthetic": series.synthetic,
        "first": bars.first_day.isoformat() if len(bars) else None,
        "last": bars.last_day.isoformat() if len(bars) else None,
        "bars": len(bars),
        "missing": series.missing,
        "sha256": series.sha256,
        "fetched_at": series.fetched_at.isoformat() if series.fetched_at else None,
    }


def value_facts(loaded: LoadedValues) -> dict[str, object]:
    """Describe one series that is no bars by the same keys, `bars` being its values; and what its figures need said."""
    series = loaded.series
    return {
        "source": loaded.source,
        "synthetic": loaded.synthetic,
        "first": series.first_day.isoformat() if len(series) else None,
        "last": series.last_day.isoformat() if len(series) else None,
        "bars": len(series),
        "missing": 0,
        "sha256": loaded.sha256,
        "fetched_at": loaded.fetched_at.isoformat() if loaded.fetched_at else None,
        "remark": loaded.remark or None,
    }


def live_values(history: History, snapshots: "Snapshots") -> dict[str, dict[str, object]]:
    """Describe the series of a live run that are no bars, as they were known on its last day."""
    from engine.data.dated_values import series_sha256  # noqa: PLC0415 - most runs have none

    facts: dict[str, dict[str, object]] = {}
    for name, series in history.values.items():
        loaded = snapshots.loaded(name)
        if isinstance(loaded, LoadedValues):
            facts[name] = value_facts(replace(loaded, series=series, sha256=series_sha256(series)))
    return facts


def live_sources(
    history: History, universe: Universe, snapshots: "Snapshots", *, coins: str, index: str, synthetic: bool
) -> dict[str, dict[str, object]]:
    """Describe the series of a live run, as they were known on its last day.

    Args:
        history: the snapshot of that day.
        coins, index: the configured providers; they name a source that has no name of its own.
    """
    kind_of = kinds_of(universe, NewYorkSessions().between)

    def described(symbol: str, bars: BarSeries) -> dict[str, object]:
        is_index = symbol in universe.indices
        loaded = snapshots.loaded(symbol)
        return source_facts(
            LoadedSeries(
                bars=bars,
                source=loaded.source if loaded else index if is_index else coins,
                # Of what was seen: a file may hold later rows.
                sha256=bars_sha256(bars),
                fetched_at=loaded.fetched_at if loaded else None,
                missing=kind_of(symbol).gaps(bars).missing,
                synthetic=synthetic,
            )
        )

    return {
        **{symbol: described(symbol, history[symbol]) for symbol in history},
        **(live_values(history, snapshots) if history.values else {}),
    }
