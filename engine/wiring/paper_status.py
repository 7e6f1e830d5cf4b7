"""From a paper run and what was heard of it to what it looks like now."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from engine.config import Config
from engine.report.live_status import LiveStatus, Past, live_status
from engine.wiring.paper import PaperRun
from engine.wiring.watch import Watch


def status_of(run: PaperRun, watch: Watch, config: Config, folder: Path) -> Callable[[], LiveStatus]:
    """Give what tells the run's status at the moment of asking; one thread asks.

    Events are only ever added to, and a standing is replaced as a whole, so that the run need not wait for it.
    """
    past, folded = Past(), 0

    def status() -> LiveStatus:
        nonlocal past, folded
        fresh = run.events[folded:]
        past, folded = past.after_all(fresh), folded + len(fresh)
        standing, heard = run.standing, watch.heard
        return live_status(
            past,
            venue=config.venue.name,
            folder=folder,
            ledger=standing.ledger,
            orders=standing.orders,
            last_day=standing.last_day,
            grace=timedelta(seconds=config.live.grace_seconds),
            exchange_time=None if heard is None else heard[0],
            heard_seconds=0.0 if heard is None else (watch.now() - heard[1]).total_seconds(),
            bars=watch.came,
            notices=watch.notices,
        )

    return status
