"""A strategy driven over a made-up market by either driver of history: the plain one, and backtrader's.

They share the session and the fill rule and nothing else, so whatever both agree on does not come from backtrader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engine.core.events import Event
from engine.core.fills import Costs
from engine.core.instrument import Instrument, built_in_instrument
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.sizing import Sizing
from engine.core.strategy import AnyStrategy
from engine.journal.memory import MemoryJournal
from engine.ports import Venue
from engine.settings.registry import params_of, strategy_factory
from engine.trading.drivers import historical, plain
from engine.trading.observed import Observed
from engine.trading.session import Session
from engine.trading.span import Span
from engine.trading.terms import Terms

QUOTE = "USDT"
USUAL_COSTS = Costs(commission=Decimal("0.001"), slippage=Decimal("0.0005"))

QUICK: Mapping[str, Any] = {
    "basket": {"ETH": 0.4},
    "basket_equal": ["SOL", "BNB", "XRP"],
    "macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 6},
    "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2},
    "hold_weeks": 6,
}
"""The rotation with settings under which a small market makes it rotate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account starts with, what trading costs, other rules than the built-in ones, what bounds it."""

    cash: Decimal = Decimal(100_000)
    costs: Costs = USUAL_COSTS
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    sizing: Sizing | None = None
    sell_wait_days: int = 2
    max_drawdown: float | None = None

    def terms(self, assets: tuple[str, ...]) -> Terms:
        """Give the terms of trading these assets."""
        return Terms(
            name="test",
            start=Ledger(quote=QUOTE, cash=self.cash),
            instruments={asset: self.instruments.get(asset) or built_in_instrument(asset, QUOTE) for asset in assets},
            costs=self.costs,
            sell_wait_days=self.sell_wait_days,
            max_drawdown=self.max_drawdown,
            sizing=self.sizing,
        )


def whole_span(strategy: AnyStrategy, history: History) -> Span:
    """Give the span from the end of the warm-up to the core's last bar."""
    core = history[strategy.universe.core]
    ready = strategy.observe(history).first_day.toordinal()
    first = int(core.ordinals[core.ordinals >= ready][0])
    return Span(first_day=date.fromordinal(first), last_day=core.last_day, notes=())


def observed_over(strategy: AnyStrategy, history: History, span: Span) -> Observed:
    """Have a strategy observe a history, with decision days that are given."""
    return Observed(strategy=strategy, history=history, observations=strategy.observe(history), span=span)


def session_of(strategy: AnyStrategy, account: Account, *, venue: Venue, journal: MemoryJournal) -> Session:
    """Put a session together that nothing has begun."""
    terms = account.terms(strategy.universe.assets)
    return Session(
        strategy=strategy,
        planner=terms.planner(strategy.universe),
        venue=venue,
        journal=journal,
        ledger=terms.start,
        sizing=account.sizing,
    )


def open_venue(strategy: AnyStrategy, history: History, account: Account) -> plain.OpenVenue:
    """Make the venue of the plain driver."""
    return plain.OpenVenue(account.terms(strategy.universe.assets), history)


def plain_events(strategy: AnyStrategy, history: History, span: Span, account: Account) -> list[Event]:
    """Run the plain driver and give its record."""
    observed = observed_over(strategy, history, span)
    return list(plain.drive(observed, account.terms(strategy.universe.assets)).events)


def historical_events(
    strategy: AnyStrategy, history: History, span: Span, account: Account, *, analyzers: tuple[Any, ...] = ()
) -> tuple[list[Event], Any]:
    """Run the historical driver and give its record, and the backtrader strategy that ran."""
    observed = observed_over(strategy, history, span)
    driver = historical.HistoricalDriver(observed, account.terms(strategy.universe.assets))
    player = driver.run(analyzers=analyzers)
    return list(driver.ended().events), player


def both_records(
    strategy: AnyStrategy, history: History, account: Account | None = None, *, span: Span | None = None
) -> list[Event]:
    """Run both drivers, require equal records, and give the record."""
    account = account or Account()
    span = span or whole_span(strategy, history)
    plain = plain_events(strategy, history, span, account)
    historical, _ = historical_events(strategy, history, span, account)
    assert list(map(repr, historical)) == list(map(repr, plain))
    return plain


def rotation(**settings: Any) -> AnyStrategy:
    """Build the rotation with those settings, and others over them."""
    return strategy_factory("rotation")(params_of("rotation").model_validate({**QUICK, **settings}))
