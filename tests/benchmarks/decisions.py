"""Load, observe and drive through the plain driver, in this process, and write nothing: what a sweep pays for a run.

python -m tests.benchmarks.decisions CONFIG
"""

import gc
import sys
from pathlib import Path

from engine.clock import system_now
from engine.core.events import Event, OrderFilled
from engine.settings.reading import build_config, read_values
from engine.settings.registry import params_of, strategy_of
from engine.trading.drivers.plain import drive
from engine.wiring.backtest.observing import observe_history
from engine.wiring.backtest.terms import terms_of
from engine.wiring.data.market import load_market


class Silent:
    """A progress bar that nobody sees."""

    def __call__(self, line: str) -> None:
        """Say nothing."""

    def expect(self, total: int) -> None:
        """Expect nothing."""

    def advance(self) -> None:
        """Go on."""


def driven(path: Path) -> tuple[Event, ...]:
    """Give what happened."""
    config = build_config(read_values(path), params_of)
    strategy = strategy_of(config)
    market = load_market(config, strategy.universe, now=system_now, progress=Silent())
    observed = observe_history(
        strategy, market.history, window=config.window, max_stale_sessions=config.data.max_stale_sessions
    )
    return drive(observed, terms_of(config, strategy.universe.assets)).events


def main() -> None:
    """Print how many fills there were."""
    # As the commands do: a short run has no garbage to speak of.
    gc.disable()
    print(sum(isinstance(event, OrderFilled) for event in driven(Path(sys.argv[1]))), "fills")


if __name__ == "__main__":
    main()
