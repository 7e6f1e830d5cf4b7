"""The days of a backtest played through the live path: the real client, over HTTP, on a practice exchange, day by day.

Only the exchange's clock is steered from inside: it is put to the end of each day plus `live.grace_seconds`, and the
live driver does one cycle. Everything else is what a paper run on an exchange is made of.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from engine.analysis.comparison.exchange_model import MarketFilters
from engine.core.calendar import ONE_DAY
from engine.core.errors import ConfigError, DataError
from engine.core.events import Event
from engine.core.ledger import Ledger
from engine.core.market import BarSeries, History
from engine.core.money import floor_to_step, plain
from engine.core.planner import Planner
from engine.core.series import ValueSeries
from engine.core.strategy import Universe
from engine.ports import ProgressBar
from engine.practice.clock import PracticeClock
from engine.practice.exchange import COIN_ALLOWANCE, QUOTE, PracticeExchange
from engine.practice.server import PracticeServer
from engine.settings.config import Config
from engine.trading.span import Span
from engine.wiring.data.live_market import Snapshots, VenueBars, VenueCandles
from engine.wiring.live.paper import PaperRun
from engine.wiring.live.paper_folder import paper_journal
from engine.wiring.live.surroundings import Surroundings
from engine.wiring.practice.rehearsal import decided_at, make_client, make_credentials, on_practice


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A live run over days of history.

    Attributes:
        events: as its journal on the disk has them.
        planner: by the rules that it planned with.
        filters: the exchange's rules by asset.
        history: the bars as it saw them on the last day.
        imbalances: where the exchange holds something else than its ledger says, in words.
        seconds: how long the days took.
        requests: how many the exchange was asked meanwhile.
    """

    events: Sequence[Event]
    planner: Planner
    filters: dict[str, MarketFilters]
    history: History
    imbalances: Sequence[str]
    seconds: float
    requests: int


def replay(
    config: Config,
    history: History,
    universe: Universe,
    span: Span,
    *,
    folder: Path,
    now: Callable[[], datetime],
    progress: ProgressBar,
    synthetic: bool = False,
) -> Replay:
    """Play the days of a span.

    Args:
        folder: an empty one, for the journal and the files of the run.
        now: our clock; it signs requests and measures how long it takes.
        synthetic: whether the history is of the made-up market.

    Raises:
        ConfigError: the account is not in the practice exchange's quote currency.
        EngineError: the live run could not go on.
    """
    if config.account.quote != QUOTE:
        raise ConfigError(
            f"account.quote: {config.account.quote} is not allowed for `parity`; "
            f"the practice exchange trades in {QUOTE}"
        )
    key, credentials = make_credentials()
    exchange = PracticeExchange(
        [history[asset] for asset in universe.assets],
        clock=PracticeClock(decided_at(config, span.first_day), speed=0.0, wall=now),
        keys=[key],
        allowance={QUOTE: config.account.cash},
        commission=config.costs.commission,
        slippage=config.costs.slippage,
        synthetic=synthetic,
    )
    with PracticeServer(exchange) as server:
        # Our clock keeps pace with the exchange's: an answer that nobody expected would be asked for twice.
        around = Surroundings(
            now=lambda: exchange.now,
            pause=_no_pause,
            ending=lambda: False,
            notice=_unheard,
            progress=progress,
            # Orders are named by the run's name: equal replays stay equal.
            identity=str,
        )
        # What decides is the same, where bars and fills come from is not.
        live_config = on_practice(config, server.url, data={"crypto": "venue"})
        client = make_client(live_config, credentials, replace(around, now=now))
        snapshots = Snapshots(
            universe,
            VenueBars(VenueCandles(client, QUOTE), core=universe.core, together=universe.assets),
            _GivenBars(history),
            _GivenFurther(history),
        )
        with paper_journal(live_config, folder, at=client.server_time(), accept_config=False) as store:
            run = PaperRun(
                live_config,
                folder,
                _keep_no_log,
                around,
                client=client,
                store=store,
                snapshots=snapshots,
                synthetic=synthetic,
            )
            begun, asked_before = now(), exchange.requests.total()
            _play(run, exchange, live_config, span, progress)
            seconds, requests = (now() - begun).total_seconds(), exchange.requests.total() - asked_before
            events = list(store)
        seen = snapshots.history_at(span.last_day)
        client.close()
    return Replay(
        events=events,
        planner=run.planner,
        filters=_filters(exchange),
        history=seen,
        imbalances=_imbalances(exchange, run.standing.ledger),
        seconds=seconds,
        requests=requests,
    )


class _GivenBars:
    """Series that are there already; a snapshot cuts off what is not known yet."""

    def __init__(self, history: History) -> None:
        self._history = history

    def up_to(self, symbol: str, day: date) -> BarSeries:  # noqa: ARG002 - a snapshot cuts
        return self._history[symbol]


class _GivenFurther:
    """What is looked at beside them, likewise."""

    def __init__(self, history: History) -> None:
        self._history = history

    def up_to(self, name: str, day: date) -> BarSeries | ValueSeries:  # noqa: ARG002 - a snapshot cuts
        if name in self._history.absent:
            raise DataError(self._history.absent[name])
        bars = self._history.series.get(name)
        return self._history.values_of(name) if bars is None else bars

    def loaded(self, name: str) -> None:
        """Say nothing of where it is from: the backtest has said it."""


def _play(run: PaperRun, exchange: PracticeExchange, config: Config, span: Span, progress: ProgressBar) -> None:
    driver = run.driver()
    progress.expect((span.last_day - span.first_day).days + 1)
    progress("playing the days through the live path")
    day = span.first_day
    while day <= span.last_day:
        exchange.set_clock(decided_at(config, day))
        driver.cycle()
        progress.advance()
        day += ONE_DAY
    run.end()


def _filters(exchange: PracticeExchange) -> dict[str, MarketFilters]:
    return {
        market.rules.base: MarketFilters(
            tick=market.rules.tick,
            lot_step=market.rules.lot_step,
            minimum_notional=market.rules.minimum_notional,
            largest_quantity=floor_to_step(market.rules.market_maximum_quantity, market.rules.lot_step),
        )
        for market in exchange.markets.values()
    }


def _imbalances(exchange: PracticeExchange, ledger: Ledger) -> list[str]:
    found = []
    for asset, held in exchange.balances().items():
        # The account had a coin of each before, which is not ours.
        ours = ledger.cash if asset == QUOTE else ledger.quantity(asset) + COIN_ALLOWANCE
        if held != ours:
            found.append(f"the exchange holds {plain(held)} {asset}, and by the live ledger it is {plain(ours)}")
    return found


def _no_pause(seconds: float) -> None:
    """Wait for nobody: the clock moves when a day has been worked."""


def _unheard(words: str) -> None:
    """Say nothing: what matters is in the journal."""


def _keep_no_log(lines: Iterable[object]) -> None:
    """Keep no log: the journal is read."""
