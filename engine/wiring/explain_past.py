"""The decisions that can be explained: of a configuration that is run now, or of a run's folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from engine.config import Config
from engine.config_reading import build_config, with_assignments
from engine.core.errors import ConfigError, DataError
from engine.core.events import DayDecided, Event
from engine.core.market import History
from engine.journal.codec import EventCodec
from engine.journal.sqlite import JOURNAL_FILE, read_journal
from engine.ports import ProgressBar
from engine.record.run_record import read_run
from engine.registry import params_of, strategy_of
from engine.wiring.backtest import backtest
from engine.wiring.market import load_market

Recorded = Mapping[date, tuple[str, str, str]]
"""By day: state, next state and reason, as a run folder has them."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """A run's decisions with the bars that they can be explained from.

    Attributes:
        days: every decision, in order.
        events: all that happened, in order.
        recorded: what the run folder says; None for a configuration that was run just now.
        synthetic: whether any bar is made up.
        mode: of the run.
    """

    config: Config
    history: History
    days: Sequence[DayDecided]
    events: Sequence[Event]
    recorded: Recorded | None
    synthetic: bool
    mode: str = "backtest"


def past_of_config(
    config: Config, *, now: Callable[[], datetime], progress: ProgressBar, recorded: Recorded | None = None
) -> Past:
    """Run the backtest of a configuration.

    Raises:
        EngineError: as the backtest does.
    """
    run = backtest(config, now=now, progress=progress)
    return Past(
        config=config,
        history=run.market.history,
        days=run.days,
        events=run.events,
        recorded=recorded,
        synthetic=run.market.synthetic,
    )


def past_of_run(
    folder: Path, assignments: Sequence[str], *, now: Callable[[], datetime], progress: ProgressBar
) -> Past:
    """Take up a run by its folder: with the configuration that it had, and the bars that there are today.

    A backtest is run again; a paper run's decisions, with what it remembered and held, come from its journal.

    Args:
        assignments: laid over the run's configuration, to say where bars are today.

    Raises:
        EngineError: the folder is no run, holds no configuration or no decision, or the bars cannot be had.
    """
    run = read_run(folder)
    if run.config is None:
        raise DataError(f"{folder}: holds no configuration (config.json); name the configuration file instead")
    config = build_config(with_assignments(dict(run.config), assignments), params_of)
    recorded = {row.day: (row.state, row.next_state, row.reason) for row in run.decisions}
    if run.is_one_shot:
        return past_of_config(config, now=now, progress=progress, recorded=recorded)
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
    return Past(
        config=config,
        history=market.history,
        days=[event for event in events if isinstance(event, DayDecided)],
        events=events,
        recorded=recorded,
        synthetic=market.synthetic,
        mode=run.mode,
    )
