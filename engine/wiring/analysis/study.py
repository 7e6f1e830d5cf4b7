"""From a configuration to a study: the series that the claims need, cut at one day, and the decision days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from engine.analysis.study.claims import CLAIMS
from engine.analysis.study.evidence import Tried
from engine.analysis.study.record import ALT_COINS, BTC, MACRO, RUT, US, Record, cut_bars, cut_values
from engine.analysis.study.study import Study, study_of
from engine.core.errors import ConfigError, DataError
from engine.core.market import BarSeries, History
from engine.core.series import no_values
from engine.core.strategy import Universe
from engine.data.csv_table import NO_ROW
from engine.data.dated_values import series_sha256
from engine.data.digest import bars_sha256
from engine.ports import ProgressBar
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.wiring.backtest.observing import observe_history
from engine.wiring.data.market import Market, load_market
from strategies.rotation import RotationParams

BILLS = "WSHOBL"


def study(config: Config, *, to: date | None, now: Callable[[], datetime], progress: ProgressBar) -> Study:
    """Load the record and test every claim on it.

    Args:
        to: the last day of every file; None: as far as they reach.

    Raises:
        ConfigError: the strategy is not the rotation, whose claims these are.
        DataError: the index or the core cannot be had, or has no bar up to `to`.
    """
    params = config.strategy
    if not isinstance(params, RotationParams):
        raise ConfigError(f"strategy.name {params.name!r} is not allowed: the claims are those of rotation")
    progress.expect(len(_wanted(params).further_series) + len(CLAIMS))
    market = load_market(config, _wanted(params), now=now, progress=progress)
    record = record_of(market, params, to)
    return study_of(
        record,
        tried=_tried(config, params, record),
        draws=config.study.draws,
        alpha=config.study.alpha,
        synthetic=market.synthetic,
        told=lambda _: progress.advance(),
    )


def _wanted(params: RotationParams) -> Universe:
    """Name what is looked at: index and core have to be there, all else may be absent."""
    coins = [coin for coin in dict.fromkeys((*params.basket_weights(), *ALT_COINS)) if coin != params.core]
    return Universe(
        core=params.core,
        assets=(params.core,),
        indices=(params.index,),
        shown_series=(*coins, *US, *MACRO, BILLS),
        basket={params.core: 1.0},
    )


def record_of(market: Market, params: RotationParams, to: date | None) -> Record:
    """Cut everything at the last day of the core, or at `to`, and name the index and the core as the claims do.

    Raises:
        DataError: the index or the core has no bar up to it.
    """
    series = dict(market.history.series)
    core, index = series[params.core], series[params.index]
    wanted = date.max if to is None else to
    end = int(cut_bars(core, wanted.toordinal()).ordinals[-1]) if core.first_day <= wanted else 0
    for bars in (core, index):
        if not len(bars) or bars.ordinals[0] > end:
            raise DataError(f"{bars.symbol}: has no bar up to {wanted}; it begins on {bars.first_day}")
    renamed = {params.core: BTC, params.index: RUT}
    kept = {renamed.get(name, name): cut_bars(bars, end) for name, bars in series.items()}
    values = {name: cut_values(each, end) for name, each in market.history.values.items()}
    # A file with a header alone is there, and as empty as one that is empty after the cut.
    absent = dict(market.history.absent)
    for name in [name for name in MACRO if NO_ROW in absent.get(name, "")]:
        values[name] = no_values(name)
        del absent[name]
    digests = {name: bars_sha256(bars) for name, bars in kept.items()}
    digests |= {name: series_sha256(each) for name, each in values.items()}
    return Record(bars=kept, values=values, absent=absent, digests=digests)


def _tried(config: Config, params: RotationParams, record: Record) -> Tried | None:
    """Find the decision days; None where the record allows none."""
    core, index = record.bars[BTC], record.bars[RUT]
    plain = params.model_copy(update={"confirmations": (), "exits": ("support_lost", "time_exit")})
    strategy = strategy_of(config.model_copy(update={"strategy": plain}))
    history = History(series={params.core: core, params.index: index, **_coins(params, record)})
    try:
        observed = observe_history(
            strategy, history, window=config.window, max_stale_sessions=config.data.max_stale_sessions
        )
    except DataError:
        return None
    span = observed.span
    within = (core.ordinals >= span.first_day.toordinal()) & (core.ordinals <= span.last_day.toordinal())
    costs = float(config.costs.commission) + float(config.costs.slippage)
    return Tried(record=record, params=params, costs=costs, days=core.ordinals[within])


def _coins(params: RotationParams, record: Record) -> dict[str, BarSeries]:
    empty = record.bars[BTC].take(0)
    return {coin: record.bars.get(coin, replace(empty, symbol=coin)) for coin in params.basket_weights()}
