"""From a paper run and what was heard of it to what it looks like now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from engine.record.run_record import REHEARSAL
from engine.report.caveats import claims_behind
from engine.report.live_status import PRACTICE, LiveStatus, Past, live_status
from engine.settings.config import Config
from engine.wiring.live.paper import PaperRun
from engine.wiring.live.watch import Watch


def status_of(run: PaperRun, watch: Watch, config: Config, folder: Path, *, page: str = "") -> Callable[[], LiveStatus]:
    """Give what tells the run's status at the moment of asking; one thread asks.

    Args:
        page: the address of the page that shows it as well; empty: none.

    Events are only ever added to, and a standing is replaced as a whole, so that the run need not wait for it.
    """
    past, folded = Past(), 0

    def status() -> LiveStatus:
        nonlocal past, folded
        fresh = run.events[folded:]
        past, folded = past.after_all(fresh), folded + len(fresh)
        standing, heard = run.standing, watch.heard
        seen = live_status(
            past,
            venue=PRACTICE if run.mode == REHEARSAL else config.venue.name,
            folder=folder,
            ledger=standing.ledger,
            orders=standing.orders,
            missed=standing.missed,
            sell_wait_days=config.account.sell_wait_days,
            mode=run.mode,
            last_day=standing.last_day,
            grace=timedelta(seconds=config.live.grace_seconds),
            exchange_time=None if heard is None else heard[0],
            heard_seconds=0.0 if heard is None else (watch.now() - heard[1]).total_seconds(),
            bars=watch.came,
            notices=watch.notices,
        )
        claims = "" if run.study is None else claims_behind(run.study)
        return replace(seen, synthetic=run.synthetic, page=page, claims=claims)

    return status
