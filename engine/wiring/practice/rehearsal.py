"""A rehearsal: the live path of a paper run on a practice exchange of this process, whose clock goes on day by day.

The clock moves on only when the bot has decided the day and its orders have been worked, so that every fill is on the
day after its decision. Client, HTTP, journal and files are those of a paper run on an exchange.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engine.core.calendar import ONE_DAY, decision_instant
from engine.core.errors import ConfigError
from engine.core.market import BarSeries
from engine.data.choose import AUTO, SAMPLE
from engine.ports import ProgressBar
from engine.practice.api import SPEAKS_AS
from engine.practice.clock import PracticeClock
from engine.practice.exchange import PracticeExchange
from engine.practice.signatures import HmacKey, make_hmac_key
from engine.settings.config import Config
from engine.trading.drivers.plain import drive
from engine.venues.exchange import Keys, LiveClient
from engine.wiring.backtest.backtest import BacktestRun, backtest
from engine.wiring.live.live_data import PROVIDER_KEYS, on_sample
from engine.wiring.live.live_venue import venue_named
from engine.wiring.live.paper import PaperRun
from engine.wiring.live.surroundings import Surroundings
from engine.wiring.practice.exchange import practice_settings

CSV: Final = "csv"
LEAD_DAYS = 10
"""So many days before an entry a rehearsal begins, to show what leads to it."""
MOST_LOOKS = 20
"""So often a day's orders are asked for while the fate of one is not known; then the clock goes on."""


@dataclass(frozen=True, kw_only=True)
class RehearsalPlan:
    """What a rehearsal plays.

    Attributes:
        config: with every bar of the sample, or of one folder.
        coins: what its exchange trades.
        synthetic: whether they are made up.
        first_day, last_day: the days that are decided.
    """

    config: Config
    coins: Sequence[BarSeries]
    synthetic: bool
    first_day: date
    last_day: date


def plan_rehearsal(
    config: Config,
    *,
    data: Path | None,
    from_day: date | None,
    now: Callable[[], datetime],
    progress: ProgressBar,
) -> RehearsalPlan:
    """Find out what to play: a backtest of the same bars says where an entry is.

    Args:
        data: a folder of CSV files, all bars of it; None: those of the configuration, else the sample.
        from_day: the first day to decide; None: some days before the last entry whose orders can still fill.

    Raises:
        ConfigError: bars of another provider are wanted, or the first day cannot be decided.
        EngineError: the backtest cannot be run.
    """
    practice_settings(config)
    played = _config_of(config, data)
    progress("running a backtest of the same bars")
    window = played.window.model_copy(update={"from_": date.min, "to": None})
    run = backtest(played.model_copy(update={"window": window}), now=now, progress=progress, drive=drive)
    history = run.market.history
    return RehearsalPlan(
        config=played,
        coins=[history[asset] for asset in run.strategy.universe.assets if len(history[asset])],
        synthetic=run.market.synthetic,
        first_day=_first_day(run) if from_day is None else _wanted_day(run, from_day),
        last_day=run.span.last_day,
    )


def open_exchange(plan: RehearsalPlan, key: HmacKey, *, wall: Callable[[], datetime]) -> PracticeExchange:
    """Open the exchange, its clock where the first day is decided."""
    settings = practice_settings(plan.config)
    return PracticeExchange(
        plan.coins,
        clock=PracticeClock(decided_at(plan.config, plan.first_day), speed=0.0, wall=wall),
        keys=[key],
        allowance=settings.allowance,
        commission=settings.commission,
        slippage=settings.slippage,
        synthetic=plan.synthetic,
    )


def on_practice(config: Config, url: str, *, data: Mapping[str, object] = MappingProxyType({})) -> Config:
    """Give the configuration of a bot on the practice exchange at `url`, that does not wait for what never comes.

    Args:
        data: keys of `data` that are other ones there.
    """
    return config.model_copy(
        update={
            "venue": config.venue.model_copy(update={"name": SPEAKS_AS, "base_url": url}),
            "data": config.data.model_copy(update=data),
            # What the bars do not have yet when a day is decided they will never have.
            "live": config.live.model_copy(update={"index_wait_seconds": 0.0}),
        }
    )


def make_credentials() -> tuple[HmacKey, Keys]:
    """Make the key of a rehearsal, for both sides; none of the environment is asked for."""
    key = make_hmac_key()
    return key, venue_named(SPEAKS_AS).exchange.shared_secret(key.name, key.secret)


def make_client(config: Config, credentials: Keys, around: Surroundings) -> LiveClient:
    """Make the client of a bot's configuration."""
    venue = venue_named(SPEAKS_AS)
    return venue.exchange.connect(
        network=venue.network,
        base_url=config.venue.base_url,
        credentials=credentials,
        timeout_seconds=config.venue.timeout_seconds,
        max_retries=config.venue.max_retries,
        sleep=around.pause,
        now=around.now,
        notice=around.notice,
    )


def play(
    run: PaperRun, exchange: PracticeExchange, plan: RehearsalPlan, around: Surroundings, *, speed: float
) -> Path | None:
    """Play the days, or as many as there are until the end is wanted, and give the report.

    Args:
        speed: days a second; 0: as fast as it goes.
    """
    driver = run.driver()
    begun, day = around.now(), plan.first_day
    while not around.ending():
        exchange.set_clock(decided_at(plan.config, day))
        for _ in range(MOST_LOOKS):
            driver.run(once=True)
            if run.standing.orders.in_doubt is None or around.ending():
                break
        day += ONE_DAY
        if day > plan.last_day:
            break
        if speed:
            _wait(around, begun, (day - plan.first_day).days / speed)
    return run.end()


def _wait(around: Surroundings, begun: datetime, seconds: float) -> None:
    """Wait until so many seconds have gone by since the start; a day that took longer is made up for."""
    while not around.ending():
        left = seconds - (around.now() - begun).total_seconds()
        if left <= 0:
            return
        around.pause(left)


def _config_of(config: Config, data: Path | None) -> Config:
    """Give the configuration with all bars of one place."""
    providers = {key: getattr(config.data, key) for key in PROVIDER_KEYS}
    if data is not None:
        update = {**dict.fromkeys(PROVIDER_KEYS, CSV), "csv_dir": data.absolute()}
        return config.model_copy(update={"data": config.data.model_copy(update=update)})
    if CSV in providers.values():
        return _all_of_csv(config, providers)
    for key, name in providers.items():
        if name not in (AUTO, SAMPLE, "venue"):
            raise ConfigError(
                f"data.{key}: {name} is not allowed for `rehearse`; it plays the sample (auto, sample), or files "
                "(csv, or --data DIR)"
            )
    return on_sample(config)


def _all_of_csv(config: Config, providers: dict[str, str]) -> Config:
    for key, name in providers.items():
        if name not in (CSV, "venue"):
            raise ConfigError(
                f"data.{key}: {name} is not allowed for `rehearse` beside csv; all its bars are of one place: set csv "
                "for it too, or name the folder with --data DIR"
            )
    return config.model_copy(update={"data": config.data.model_copy(update=dict.fromkeys(PROVIDER_KEYS, CSV))})


def _first_day(run: BacktestRun) -> date:
    """Give a day some days before the last entry that was filled; before the end, where there is none."""
    traded = {fill.decision_day for fill in run.fills}
    entries = [rotation.entry_day for rotation in run.rotations if rotation.entry_day in traded]
    wanted = (entries[-1] if entries else run.span.last_day) - LEAD_DAYS * ONE_DAY
    return max(wanted, run.span.first_day)


def _wanted_day(run: BacktestRun, day: date) -> date:
    if not run.span.first_day <= day <= run.span.last_day:
        raise ConfigError(
            f"--from {day}: cannot be decided; with these bars the days from {run.span.first_day} to "
            f"{run.span.last_day} can"
        )
    return day


def decided_at(config: Config, day: date) -> datetime:
    """Give the instant at which a bot decides a day."""
    return decision_instant(day) + timedelta(seconds=config.live.grace_seconds)
