"""From a configuration to a finished backtest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from engine import __version__
from engine.causality import check_no_look_ahead
from engine.changed_settings import changed_settings
from engine.config import Config
from engine.core.benchmarks import hold_equity, tradable_weights
from engine.core.events import DayDecided, Event, RunEnded, RunStarted
from engine.core.fills import Costs
from engine.core.instrument import Instrument, built_in_instrument, symbol_of
from engine.core.ledger import Ledger
from engine.core.market import Floats, History
from engine.core.order import Fill, Order
from engine.core.out_of_position import coins_out_of_position
from engine.core.planner import Planner
from engine.core.strategy import AnyStrategy, Universe
from engine.data.jumps import jump_words
from engine.journal.memory import MemoryJournal
from engine.ports import ProgressBar
from engine.record.account_notes import account_notes
from engine.record.projections import booked_fills, decided_days, rotations_of
from engine.record.record_rows import RotationRow
from engine.record.summary import RunFacts, summary_of
from engine.record.too_small import too_small_notes
from engine.registry import strategy_of
from engine.session import Session
from engine.span import Span, decision_span
from engine.wiring.market import BENCHMARK_COINS, Market, index_sessions, load_market
from engine.wiring.price_jumps import jumps_in, refuse_jumps
from engine.wiring.quoted_study import quoted_study
from engine.wiring.sizing import sizing_of
from engine.wiring.sources import source_facts, value_facts


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


def first_ledger(config: Config, events: Iterable[Event] = ()) -> Ledger:
    """Give what the account begins with, or by the record of a run began with: the configuration may have changed."""
    began = next((event for event in events if isinstance(event, RunStarted)), config.account)
    return Ledger(quote=began.quote, cash=began.cash)


def instruments_of(config: Config, assets: Sequence[str]) -> dict[str, Instrument]:
    """Give the trading rules by asset: configured over built in.

    Raises:
        ConfigError: an asset is in neither.
    """
    instruments = {}
    for asset in assets:
        rules = config.account.instruments.get(asset)
        instruments[asset] = (
            built_in_instrument(asset, config.account.quote)
            if rules is None
            else Instrument(
                symbol=symbol_of(asset, config.account.quote),
                lot_step=rules.lot_step,
                minimum_notional=rules.minimum_notional,
                maximum_quantity=rules.maximum_quantity,
            )
        )
    return instruments


def backtest(
    config: Config,
    *,
    now: Callable[[], datetime],
    progress: ProgressBar,
    market: Market | None = None,
    label: str = "",
    studies: Path | None = None,
) -> BacktestRun:
    """Run a backtest from bars to figures; nothing is written.

    Args:
        market: that was loaded already, with all that the strategy looks at.
        now: the clock, which decides what "the last final bar" is.
        progress: told of long work.
        label: what a person calls the run by.
        studies: where studies lie, of which one of the same bars is quoted; None: nowhere.

    Raises:
        EngineError: configuration, data, or a check that failed.
    """
    strategy = strategy_of(config)
    universe = strategy.universe
    instruments = instruments_of(config, universe.assets)
    market = market or load_market(config, universe, now=now, progress=progress)
    history = market.history
    observations = strategy.observe(history)
    span = decision_span(
        core=history[universe.core],
        indices={symbol: history[symbol] for symbol in universe.indices},
        sessions=index_sessions(history, universe),
        ready_day=observations.first_day,
        window_from=config.window.from_,
        window_to=config.window.to,
        max_stale_sessions=config.data.max_stale_sessions,
    )
    jumps = jumps_in(history, universe, until=span.last_day)
    refuse_jumps(config, jumps)
    # backtrader is wanted from here on only; a configuration or data error is answered without waiting for it.
    from engine.drivers.historical import BacktraderVenue, HistoricalDriver  # noqa: PLC0415

    costs = Costs(commission=config.costs.commission, slippage=config.costs.slippage)
    planner = Planner(account=config.name, instruments=instruments, costs=costs, trading_order=universe.assets)
    venue = BacktraderVenue(instruments=instruments, costs=costs, quote=config.account.quote)
    journal = MemoryJournal()
    start, sizing = first_ledger(config), sizing_of(config)
    session = Session(
        strategy=strategy,
        planner=planner,
        venue=venue,
        journal=journal,
        ledger=start,
        sell_wait_days=config.account.sell_wait_days,
        sizing=sizing,
        sells_delisted=True,
        label=label,
        max_drawdown=config.risk.max_drawdown,
    )
    doubts = tuple(jump_words(jumps))
    session.doubt(span.first_day, (*doubts, *(f"data gap: {gap}" for gap in market.gaps)))
    HistoricalDriver(
        session=session,
        venue=venue,
        history=history,
        observations=observations,
        span=span,
        core=universe.core,
        assets=universe.assets,
        costs=costs,
        synthetic=market.synthetic,
    ).run()
    events = tuple(journal)
    check_no_look_ahead(strategy, history, observations, events, sizing=sizing)
    days, fills = decided_days(events), booked_fills(events)
    standing = session.standing
    missed = coins_out_of_position(
        standing.orders,
        standing.missed,
        ledger=standing.ledger,
        last=days[-1],
        wait_days=config.account.sell_wait_days,
    )
    rotations = rotations_of(days)
    facts = RunFacts(
        mode="backtest",
        name=config.name,
        strategy=config.strategy.name,
        config_sha256=config.sha256(),
        version=__version__,
        synthetic=market.synthetic,
        data_sources={
            **{symbol: source_facts(series) for symbol, series in market.loaded.items()},
            **{name: value_facts(values) for name, values in market.values.items()},
        },
        notes=(
            *market.notes,
            *span.notes,
            *_early_ends(market, universe, span),
            *too_small_notes(events),
            *account_notes(events, mode="backtest"),
        ),
        doubts=doubts,
        benchmark_equity=benchmark_curves(config, universe, history, costs, start, [day.day for day in days]),
        rotates=universe.rotates,
        label=label,
        settings=changed_settings(config),
        study=None if studies is None else quoted_study(studies, history, universe, span.last_day),
    )
    return BacktestRun(
        config=config,
        strategy=strategy,
        planner=planner,
        market=market,
        span=span,
        events=events,
        days=days,
        fills=fills,
        rotations=rotations,
        summary=summary_of(facts, days=days, fills=fills, rotations=rotations, out_of_position=missed),
        doubts=facts.doubts,
        benchmarks=facts.benchmark_equity,
    )


def benchmark_curves(
    config: Config,
    universe: Universe,
    history: History,
    costs: Costs,
    start: Ledger,
    days: Sequence[date],
    *,
    instruments: Mapping[str, Instrument] | None = None,
) -> dict[str, Floats | None]:
    """Give the equity of the benchmarks on the decision days; None for one that is not tradable on the first.

    Args:
        instruments: a venue's rules by asset, over the configured and built-in ones.
    """
    curves: dict[str, Floats | None] = {}
    wanted = {coin: {coin: 1.0} for coin in BENCHMARK_COINS} | {"basket": dict(universe.basket)}
    if universe.basket_on is not None:
        wanted["basket"] = dict(universe.basket_on(history, days[0]))
    for name, weights in wanted.items():
        tradable = tradable_weights(weights, history, days[0], min_history_days=universe.min_history_days)
        if not tradable:
            curves[name] = None
            continue
        assets = tuple(tradable)
        known = {asset: rules for asset, rules in (instruments or {}).items() if asset in tradable}
        known |= instruments_of(config, [asset for asset in assets if asset not in known])
        buyer = Planner(account="hold", instruments=known, costs=costs, trading_order=assets)
        targets = {asset: weight * (1 - universe.cash_reserve) for asset, weight in tradable.items()}
        curves[name] = hold_equity(targets, history=history, planner=buyer, start=start, days=days)
    return curves


def _early_ends(market: Market, universe: Universe, span: Span) -> list[str]:
    """Say which assets stop being quoted before the last decision day: delisted, or an old file."""
    ends = ((asset, market.history[asset].last_day) for asset in universe.assets)
    return [
        f"{asset}: its last bar is of {last}; it is not tradable after" for asset, last in ends if last < span.last_day
    ]
