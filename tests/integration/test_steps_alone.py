"""Load, observe and drive, called alone, give the decisions and fills of the whole backtest."""

from pathlib import Path

from engine.clock import system_now
from engine.core.events import RunEnded
from engine.settings.config import Config
from engine.settings.reading import build_config
from engine.settings.registry import params_of, strategy_of
from engine.trading.drivers.history import Opening
from engine.trading.drivers.plain import drive
from engine.trading.observed import Observed
from engine.wiring.backtest.backtest import backtest
from engine.wiring.backtest.observing import observe_history
from engine.wiring.backtest.terms import terms_of
from engine.wiring.data.market import load_market
from tests.support.command import small_configuration, write_small_market


class Silent:
    def __call__(self, line: str) -> None: ...

    def expect(self, total: int) -> None: ...

    def advance(self) -> None: ...


def configured(folder: Path) -> Config:
    write_small_market(folder)
    return build_config(small_configuration(folder), params_of)


def observed(config: Config) -> Observed:
    strategy = strategy_of(config)
    market = load_market(config, strategy.universe, now=system_now, progress=Silent())
    return observe_history(
        strategy, market.history, window=config.window, max_stale_sessions=config.data.max_stale_sessions
    )


def test_the_steps_alone_give_what_the_backtest_does(tmp_path: Path) -> None:
    config = configured(tmp_path)

    run = backtest(config, now=system_now, progress=Silent(), label="named")

    alone = drive(observed(config), terms_of(config, run.strategy.universe.assets), Opening(label="named"))
    assert list(map(repr, alone.events)) == list(map(repr, run.events))


def test_decisions_up_to_a_day_are_those_of_the_whole_span(tmp_path: Path) -> None:
    config = configured(tmp_path)
    whole = observed(config)
    terms = terms_of(config, whole.strategy.universe.assets)
    day = whole.span.first_day.replace(year=whole.span.first_day.year + 1)

    events = drive(whole.until(day), terms).events

    assert events[:-1] == drive(whole, terms).events[: len(events) - 1]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].last_day == day
    assert drive(whole.until(whole.span.last_day.replace(year=2100)), terms) == drive(whole, terms)
