"""From a configuration to a finished backtest: load, observe, drive, check, benchmarks, summary, a step each.

The steps are called alone by whoever needs a part: `load_market`, `observe_history`, a driver's `drive`, `check`,
`benchmark_curves` or all figures by `finished`, and `write_backtest` for the files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine import __version__
from engine.core.events import DayDecided, Event, RunEnded
from engine.core.market import Floats
from engine.core.order import Fill, Order
from engine.core.out_of_position import coins_out_of_position
from engine.core.planner import Planner
from engine.core.sizing import Sizing
from engine.core.strategy import AnyStrategy, Verified
from engine.ports import ProgressBar
from engine.record.account_notes import account_notes
from engine.record.projections import booked_fills, decided_days, rotations_of
from engine.record.record_rows import RotationRow
from engine.record.summary import RunFacts, summary_of
from engine.record.too_small import too_small_notes
from engine.settings.changed import changed_settings
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.trading.causality import check_no_look_ahead
from engine.trading.drivers.history import Drive, Driven, Opening
from engine.trading.observed import Observed
from engine.trading.span import Span
from engine.trading.terms import Terms
from engine.wiring.backtest.benchmarks import benchmark_curves
from engine.wiring.backtest.observing import doubts_of, observe_history
from engine.wiring.backtest.quoted_study import quoted_study
from engine.wiring.backtest.terms import terms_of
from engine.wiring.data.market import Market, load_market
from engine.wiring.data.sources import source_facts, value_facts


@dataclass(frozen=True, kw_only=True)
class BacktestRun:
    """A finished backtest: its events and what they fold into.

    Attributes:
        planner: by the rules that it planned with.
        doubts: what puts its figures in doubt.
    """

    config: Config
    strategy: AnyStrategy
    planner: Planner
    market: Market
    span: Span
    events: Sequence[Event]
    days: Sequence[DayDecided]
    fills: Sequence[Fill]
    rotations: Sequence[RotationRow]
    summary: Mapping[str, object]
    doubts: Sequence[str]
    benchmarks: Mapping[str, Floats | None]

    @property
    def uses_systems(self) -> bool:
        """Whether it decided by systems of its thesis."""
        used = getattr(self.strategy, "used_systems", tuple)
        return bool(used())

    @property
    def waiting(self) -> tuple[Order, ...]:
        """Orders decided on the last day, still pending."""
        return next((event.waiting for event in reversed(self.events) if isinstance(event, RunEnded)), ())


def backtest(
    config: Config,
    *,
    now: Callable[[], datetime],
    progress: ProgressBar,
    market: Market | None = None,
    label: str = "",
    studies: Path | None = None,
    drive: Drive | None = None,
) -> BacktestRun:
    """Run a backtest from bars to figures; nothing is written.

    Args:
        market: that was loaded already, with all that the strategy looks at.
        now: the clock, which decides what "the last final bar" is.
        progress: told of long work.
        label: what a person calls the run by.
        studies: where studies lie, of which one of the same bars is quoted; None: nowhere.
        drive: the driver; None for backtrader, which gives a second opinion on every fill.

    Raises:
        EngineError: configuration, data, or a check that failed.
    """
    strategy = strategy_of(config)
    terms = terms_of(config, strategy.universe.assets)
    market = market or load_market(config, strategy.universe, now=now, progress=progress)
    observed = observe_history(
        strategy, market.history, window=config.window, max_stale_sessions=config.data.max_stale_sessions
    )
    doubts = doubts_of(observed, jumps=config.data.jumps)
    said = (*doubts, *(f"data gap: {gap}" for gap in market.gaps))
    driven = (drive or _with_backtrader)(observed, terms, Opening(synthetic=market.synthetic, label=label, doubts=said))
    check(observed, driven.events, sizing=terms.sizing)
    return finished(config, market, observed, terms, driven, doubts, label=label, studies=studies)


def check(observed: Observed, events: Sequence[Event], *, sizing: Sizing | None) -> None:
    """Hold a run to second opinions: its indicators by another library, its changes of targets by truncated history.

    Raises:
        CheckError: an indicator is another; a decision rests on what was not known.
    """
    strategy = observed.strategy
    if isinstance(strategy, Verified):
        strategy.verify(observed.history)
    check_no_look_ahead(strategy, observed.history, observed.observations, events, sizing=sizing)


def finished(
    config: Config,
    market: Market,
    observed: Observed,
    terms: Terms,
    driven: Driven,
    doubts: Sequence[str],
    *,
    label: str,
    studies: Path | None,
) -> BacktestRun:
    """Put what was driven together with its figures, beside those of buy and hold.

    Args:
        doubts: what puts its figures in doubt.
        label, studies: as of `backtest`.
    """
    universe, standing = observed.strategy.universe, driven.standing
    days, fills = decided_days(driven.events), booked_fills(driven.events)
    rotations = rotations_of(days)
    held = benchmark_curves(terms, config.account, universe, market.history, [day.day for day in days])
    facts = RunFacts(
        mode="backtest",
        name=config.name,
        strategy=config.strategy.name,
        config_sha256=config.sha256(),
        version=__version__,
        synthetic=market.synthetic,
        data_sources=_sources(market),
        notes=_notes(market, observed, driven),
        doubts=doubts,
        benchmark_equity=held,
        rotates=universe.rotates,
        label=label,
        settings=changed_settings(config),
        study=None if studies is None else quoted_study(studies, market.history, universe, observed.span.last_day),
    )
    missed = coins_out_of_position(
        standing.orders, standing.missed, ledger=standing.ledger, last=days[-1], wait_days=terms.sell_wait_days
    )
    return BacktestRun(
        config=config,
        strategy=observed.strategy,
        planner=terms.planner(universe),
        market=market,
        span=observed.span,
        events=driven.events,
        days=days,
        fills=fills,
        rotations=rotations,
        summary=summary_of(facts, days=days, fills=fills, rotations=rotations, out_of_position=missed),
        doubts=doubts,
        benchmarks=held,
    )


def _with_backtrader(observed: Observed, terms: Terms, opening: Opening) -> Driven:
    # Imported here: a configuration or data error is answered without waiting for it.
    from engine.trading.drivers.historical import drive  # noqa: PLC0415

    return drive(observed, terms, opening)


def _sources(market: Market) -> dict[str, Mapping[str, object]]:
    return {
        **{symbol: source_facts(series) for symbol, series in market.loaded.items()},
        **{name: value_facts(values) for name, values in market.values.items()},
    }


def _notes(market: Market, observed: Observed, driven: Driven) -> tuple[str, ...]:
    return (
        *market.notes,
        *observed.span.notes,
        *_early_ends(observed),
        *too_small_notes(driven.events),
        *account_notes(driven.events, mode="backtest"),
    )


def _early_ends(observed: Observed) -> list[str]:
    """Say which assets stop being quoted before the last decision day: delisted, or an old file."""
    ends = ((asset, observed.history[asset].last_day) for asset in observed.strategy.universe.assets)
    return [
        f"{asset}: its last bar is of {last}; it is not tradable after"
        for asset, last in ends
        if last < observed.span.last_day
    ]
