"""What one backtest spends its processor time on, part by part, in this process.

python -m tests.benchmarks.parts CONFIG
"""

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTED = time.process_time()


@contextmanager
def part(name: str) -> Iterator[None]:
    """Print what a part took; libraries that only it wants are counted with it."""
    begun = time.process_time()
    yield
    print(f"{1000 * (time.process_time() - begun):7.0f} ms  {name}")


def main() -> None:
    """Run a backtest of a configuration, and print its parts."""
    gc.disable()
    print(f"{1000 * STARTED:7.0f} ms  Python's start")
    with part("the program: command line, configuration, strategy"):
        import engine.cli  # noqa: F401
        from engine.clock import system_now
        from engine.settings.reading import build_config, read_values
        from engine.settings.registry import params_of, strategy_of

        config = build_config(read_values(Path(sys.argv[1])), params_of)
        strategy = strategy_of(config)
    with part("its modules for a run"):
        from engine.wiring.backtest.backtest import check, finished
        from engine.wiring.backtest.backtest_folder import write_backtest
        from engine.wiring.backtest.observing import observe_history
        from engine.wiring.backtest.terms import terms_of
        from engine.wiring.data.market import load_market
        from tests.benchmarks.decisions import Silent
    with part("bars from files, checked"):
        market = load_market(config, strategy.universe, now=system_now, progress=Silent())
    with part("signals of all days"):
        observed = observe_history(
            strategy, market.history, window=config.window, max_stale_sessions=config.data.max_stale_sessions
        )
    terms = terms_of(config, strategy.universe.assets)
    with part("loading backtrader"):
        from engine.trading.drivers.historical import drive
    with part("days, orders and fills, exact, with backtrader's second opinion on each"):
        driven = drive(observed, terms)
    with part("loading pandas and ta"):
        import strategies.signals.macd_by_ta  # noqa: F401
    with part("the MACD held to ta's, and every change of targets to truncated history"):
        check(observed, driven.events, sizing=terms.sizing)
    with part("figures, rotations, buy and hold"):
        run = finished(config, market, observed, terms, driven, (), label="", studies=None)
    with tempfile.TemporaryDirectory() as folder, part("journal with its chain, and the run folder"):
        write_backtest(Path(folder), run)
    print(f"{1000 * time.process_time():7.0f} ms  in all")


if __name__ == "__main__":
    main()
