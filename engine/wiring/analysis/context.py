"""From a configuration to the board: where every system of the thesis stands, and the strategy itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from engine.core.context import Context, context_of, interleaved, needs_of, seen_over, used_rules
from engine.core.errors import ConfigError, DataError
from engine.core.rule import Named
from engine.core.stand import OwnState, Stand
from engine.core.strategy import AnyStrategy, Universe
from engine.ports import LoadedSeries, LoadedValues, ProgressBar
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.wiring.analysis.explain import asked_on
from engine.wiring.analysis.explain_past import Past, past_of_config
from engine.wiring.backtest.backtest import BacktestRun, backtest
from engine.wiring.data.market import Market, load_market
from engine.wiring.data.systems import systems_to_see


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What all systems say, with the market that they look at."""

    config: Config
    strategy: AnyStrategy
    market: Market
    context: Context

    @property
    def synthetic(self) -> bool:
        """Whether any bar is made up."""
        return self.market.synthetic

    def stand_on(
        self,
        day: date | None,
        *,
        verdicts: Mapping[str, str],
        now: Callable[[], datetime],
        progress: ProgressBar,
    ) -> Stand:
        """Give the board of a day; None is the last decision day.

        Raises:
            ConfigError: the day has no bar of the core.
            CheckError: a decision rested on what was not known.
        """
        past = _past(self, day, now=now, progress=progress)
        core = self.context.core
        if day is None:
            day = past.last_day if isinstance(past, Past) else core.last_day
        elif core.position_on(day) is None:
            raise ConfigError(
                f"--day {day} has no bar of {core.symbol}; the days are {core.first_day} to {core.last_day}"
            )
        return Stand(
            name=self.config.name,
            board=self.context.on(day),
            own=_own(past, day) if isinstance(past, Past) else OwnState(problem=past),
            synthetic=self.synthetic,
            remarks={name: values.remark for name, values in self.market.values.items() if values.remark},
            verdicts=verdicts,
        )


def see(config: Config, *, now: Callable[[], datetime], progress: ProgressBar, every: bool = True) -> Seen:
    """Load all that the systems of a strategy look at, as far as it can be had, and have them observe it.

    Raises:
        ConfigError: the strategy has no systems; a provider that is not for this, real and synthetic bars mixed.
        DataError: the core cannot be had: without it there are no decision days.
    """
    strategy = strategy_of(config)
    systems = systems_to_see(config, strategy, every=every)
    market = _market(config, strategy.universe, needs_of(systems), now=now, progress=progress)
    return Seen(config=config, strategy=strategy, market=market, context=observed(strategy, systems, market))


def backtest_with_board(
    config: Config,
    *,
    now: Callable[[], datetime],
    progress: ProgressBar,
    studies: Path | None = None,
    label: str = "",
) -> BacktestRun:
    """Run a backtest with every system of its thesis on record; nothing but its conditions decides.

    Args:
        studies: where studies lie, as of a backtest.

    Raises:
        EngineError: as a backtest; the strategy has no systems.
    """
    strategy = strategy_of(config)
    universe, systems = strategy.universe, systems_to_see(config, strategy, every=True)
    shown = replace(universe, shown_series=(*universe.shown_series, *needs_of(systems)))
    market = load_market(config, shown, now=now, progress=progress)
    board_run = backtest(config, now=now, progress=progress, market=market, studies=studies, label=label)
    return _on_record(board_run, every=True)


def with_used_systems(run: BacktestRun) -> BacktestRun:
    """Give a backtest with the systems that it decided by on record."""
    return _on_record(run, every=False)


def _on_record(run: BacktestRun, *, every: bool) -> BacktestRun:
    systems = systems_to_see(run.config, run.strategy, every=every)
    context = observed(run.strategy, systems, run.market)
    seen = seen_over(context, [day.day for day in run.days])
    return replace(run, events=tuple(interleaved(run.events, seen)))


def observed(strategy: AnyStrategy, systems: tuple[Named, ...], market: Market) -> Context:
    """Have systems observe the history of a market."""
    return context_of(systems, used_rules(strategy), market.history, market.history[strategy.universe.core])


def _market(
    config: Config, universe: Universe, needed: tuple[str, ...], *, now: Callable[[], datetime], progress: ProgressBar
) -> Market:
    """Load a market in which whatever else cannot be had is absent."""
    shown = replace(universe, series=(), shown_series=(*universe.shown_series, *universe.series, *needed))
    try:
        return load_market(config, shown, now=now, progress=progress)
    except DataError:
        return _piece_by_piece(config, shown, now=now, progress=progress)


def _piece_by_piece(
    config: Config, universe: Universe, *, now: Callable[[], datetime], progress: ProgressBar
) -> Market:
    core = universe.core
    alone = Universe(core=core, assets=(core,))
    pieces = {asset: replace(alone, assets=(core, asset)) for asset in universe.assets if asset != core}
    pieces |= {index: replace(alone, indices=(index,)) for index in universe.indices}
    shown = tuple(name for name in universe.further_series if name not in pieces)
    market = load_market(config, replace(alone, shown_series=shown), now=now, progress=progress)
    loaded: dict[str, LoadedSeries] = dict(market.loaded)
    absent = dict(market.history.absent)
    for name, wanted in pieces.items():
        try:
            piece = load_market(config, wanted, now=now, progress=progress)
        except DataError as error:
            absent[name] = str(error)
            continue
        if piece.synthetic == market.synthetic:
            loaded[name] = piece.loaded[name]
        else:
            absent[name] = f"{name}: cannot be had now"
    for name in absent:
        loaded.pop(name, None)
    values: Mapping[str, LoadedValues] = market.values
    history = replace(market.history, series={symbol: series.bars for symbol, series in loaded.items()}, absent=absent)
    return replace(market, history=history, loaded=loaded, values=values)


def _past(seen: Seen, day: date | None, *, now: Callable[[], datetime], progress: ProgressBar) -> Past | str:
    """Give the decisions up to a day, or why there are none."""
    universe, absent = seen.strategy.universe, seen.market.history.absent
    for name in (*universe.assets, *universe.indices, *universe.series):
        if name in absent:
            return f"{name} could not be had: {absent[name]}"
    try:
        return past_of_config(seen.config, now=now, progress=progress, market=seen.market, first=day, last=day)
    except DataError as error:
        return str(error)


def _own(past: Past, day: date) -> OwnState:
    decided = next((each for each in past.days if each.day == day), None)
    if decided is None:
        return OwnState(
            problem=f"nothing was decided on {day}; the decision days are {past.first_day} to {past.last_day}"
        )
    since = decided.day
    for each in reversed([each for each in past.days if each.day <= day]):
        if each.next_state != decided.next_state:
            break
        since = each.day
    return OwnState(
        state=decided.next_state,
        since=since,
        reason=decided.reason,
        before=decided.state,
        asked=asked_on(past, decided),
    )
