"""The decisions that can be explained: of a configuration that is run now, or of a run's folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from engine.core.errors import ConfigError, DataError
from engine.core.events import DayDecided, Event
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.strategy import StrategyParams
from engine.ports import ProgressBar
from engine.settings.config import Config
from engine.settings.registry import strategy_of
from engine.trading.causality import check_no_look_ahead
from engine.trading.drivers.plain import drive
from engine.wiring.backtest.observing import doubts_of, observe_history
from engine.wiring.backtest.terms import first_ledger, terms_of
from engine.wiring.data.market import Market, load_market

Recorded = Mapping[date, tuple[str, str, str]]
"""By day: state, next state and reason, as a run folder has them."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """A run's decisions with the bars that they can be explained from.

    Attributes:
        name: of the run; params: of its strategy; start: what its account began with.
        first_day, last_day: the first and the last decision day that there are.
        days: the decisions, in order, up to the last one that is asked for at least.
        events: all that happened up to then, in order.
        recorded: what the run folder says; None for a configuration that was run just now.
        synthetic: whether any bar is made up.
        mode: of the run.
    """

    name: str
    params: StrategyParams
    start: Ledger
    sell_wait_days: int
    history: History
    first_day: date
    last_day: date
    days: Sequence[DayDecided]
    events: Sequence[Event]
    recorded: Recorded | None
    synthetic: bool
    mode: str = "backtest"


def past_of_config(
    config: Config,
    *,
    now: Callable[[], datetime],
    progress: ProgressBar,
    market: Market | None = None,
    recorded: Recorded | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Past:
    """Decide the days of a configuration, up to the last one that is asked for.

    Args:
        market: that was loaded already, with all that the strategy looks at.
        first, last: of the days that are asked for; None: from the start, to the end.

    Raises:
        LookAheadError: a change of targets on one of these days rests on what was not known.
        EngineError: configuration or data.
    """
    strategy = strategy_of(config)
    terms = terms_of(config, strategy.universe.assets)
    market = market or load_market(config, strategy.universe, now=now, progress=progress)
    observed = observe_history(
        strategy, market.history, window=config.window, max_stale_sessions=config.data.max_stale_sessions
    )
    if config.data.jumps == "error":
        doubts_of(observed, jumps=config.data.jumps)
    events = drive(observed if last is None else observed.until(last), terms).events
    days = [event for event in events if isinstance(event, DayDecided)]
    asked = [day for day in days if first is None or day.day >= first]
    check_no_look_ahead(strategy, market.history, observed.observations, asked, sizing=terms.sizing)
    return Past(
        name=config.name,
        params=config.strategy,
        start=terms.start,
        sell_wait_days=terms.sell_wait_days,
        history=market.history,
        first_day=observed.span.first_day,
        last_day=observed.span.last_day,
        days=days,
        events=events,
        recorded=recorded,
        synthetic=market.synthetic,
    )


def past_of_run(
    folder: Path,
    assignments: Sequence[str],
    *,
    now: Callable[[], datetime],
    progress: ProgressBar,
    first: date | None = None,
    last: date | None = None,
) -> Past:
    """Take up a run by its folder: with the configuration that it had, and the bars that there are today.

    The days of a backtest are decided again; a paper run's decisions, with what it remembered and held, come from its
    journal.

    Args:
        assignments: laid over the run's configuration, to say where bars are today.
        first, last: as of `past_of_config`.

    Raises:
        EngineError: the folder is no run, holds no configuration or no decision, or the bars cannot be had.
    """
    # Wanted for folders alone.
    from engine.journal.codec import EventCodec  # noqa: PLC0415
    from engine.journal.sqlite import JOURNAL_FILE, read_journal  # noqa: PLC0415
    from engine.record.run_record import read_run  # noqa: PLC0415
    from engine.settings.reading import build_config, with_assignments  # noqa: PLC0415
    from engine.settings.registry import params_of  # noqa: PLC0415

    run = read_run(folder)
    if run.config is None:
        raise DataError(f"{folder}: holds no configuration (config.json); name the configuration file instead")
    config = build_config(with_assignments(dict(run.config), assignments), params_of)
    recorded = {row.day: (row.state, row.next_state, row.reason) for row in run.decisions}
    if run.is_one_shot:
        return past_of_config(config, now=now, progress=progress, recorded=recorded, first=first, last=last)
    if not recorded:
        raise DataError(f"{folder}: holds no decision yet")
    if config.data.crypto == "venue":
        raise ConfigError(
            f"{folder}: traded on its venue's own candles (data.crypto: venue), which only `paper` reads; "
            "say where such bars are, for instance with --set data.crypto=auto"
        )
    strategy = strategy_of(config)
    # With the strategy's memory as its own type.
    events = tuple(read_journal(folder / JOURNAL_FILE, EventCodec(type(strategy.start()))))
    market = load_market(config, strategy.universe, now=now, progress=progress)
    days = [event for event in events if isinstance(event, DayDecided)]
    return Past(
        name=config.name,
        params=config.strategy,
        start=first_ledger(config.account, events),
        sell_wait_days=config.account.sell_wait_days,
        history=market.history,
        first_day=days[0].day,
        last_day=days[-1].day,
        days=days,
        events=events,
        recorded=recorded,
        synthetic=market.synthetic,
        mode=run.mode,
    )
