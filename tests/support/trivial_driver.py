"""A second, trivial host of the session: a loop over calendar days and a venue that fills at the day's open.

It shares the session and the fill rule with the historical driver and nothing else, so whatever both agree on does not
come from backtrader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.core.calendar import opening_instant
from engine.core.events import Event, OrderSent
from engine.core.fills import Costs, execute_at, fill_of
from engine.core.instrument import Instrument, built_in_instrument
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.money import ZERO, decimal_of
from engine.core.order import Order, OrderReport, OrderStatus
from engine.core.planner import Planner
from engine.core.sizing import Sizing
from engine.core.strategy import AnyStrategy, Observations
from engine.drivers.historical import BacktraderVenue, HistoricalDriver
from engine.journal.memory import MemoryJournal
from engine.ports import Venue
from engine.session import Session
from engine.span import Span

QUOTE = "USDT"
USUAL_COSTS = Costs(commission=Decimal("0.001"), slippage=Decimal("0.0005"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account starts with, what trading costs, other rules than the built-in ones, what scales targets."""

    cash: Decimal = Decimal(100_000)
    costs: Costs = USUAL_COSTS
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    sizing: Sizing | None = None

    def instruments_of(self, assets: tuple[str, ...]) -> dict[str, Instrument]:
        """Give the trading rules by asset."""
        return {asset: self.instruments.get(asset) or built_in_instrument(asset, QUOTE) for asset in assets}


class OpenVenue:
    """Fills at the open of the day on which an order is submitted."""

    def __init__(self, *, history: History, instruments: Mapping[str, Instrument], costs: Costs) -> None:
        self.history = history
        self._instruments = instruments
        self._costs = costs
        self._filled = 0

    def instruments(self) -> Mapping[str, Instrument]:
        return self._instruments

    def why_closed(self, asset: str, at: datetime) -> str:
        return "the market has no bar on that day" if self.history[asset].open_on(at.date()) is None else ""

    def held(self, asset: str) -> Decimal | None:
        return None

    def resolve(self, order: Order, *, at: datetime, sent: OrderSent | None = None) -> OrderReport:
        raise AssertionError(f"{order.client_order_id} cannot be unresolved at {at}")

    def submit(self, order: Order, *, at: datetime, cash: Decimal, alongside: Sequence[Order] = ()) -> OrderReport:
        done = execute_at(
            order,
            reference_price=decimal_of(self.history[order.asset].open_on(at.date()) or 0.0),
            cash=cash,
            costs=self._costs,
            instrument=self._instruments[order.asset],
        )
        if done.quantity <= ZERO:
            message = f"cash {cash:.2f} does not pay for an order"
            return OrderReport(status=OrderStatus.REJECTED, unpaid=done.unpaid, waived=True, message=message)
        self._filled += 1
        fill = fill_of(order, done, at=at, order_id=str(self._filled), fee_asset=QUOTE)
        return OrderReport(status=OrderStatus.FILLED, fills=(fill,), unpaid=done.unpaid)


def drive(session: Session, *, history: History, observations: Observations[object], span: Span, core: str) -> None:
    """Play the span through a session: the trivial driver."""
    session.begin(span.first_day, notes=span.notes)
    for day in calendar_days(span):
        if session.waiting and opens(day, session, history, core):
            session.work_orders(opening_instant(day))
        if history[core].position_on(day) is not None:
            session.decide(day, observations, history)
    session.end(span.last_day)


def opens(day: date, session: Session, history: History, core: str) -> bool:
    """Tell whether history has a morning on `day`: a bar of something that is held, ordered or decided by."""
    looked_at = {core, *session.ledger.positions, *(order.asset for order in session.waiting)}
    return any(history[asset].open_on(day) is not None for asset in looked_at)


def calendar_days(span: Span) -> list[date]:
    """Give every day of the span."""
    return [span.first_day + timedelta(days=n) for n in range((span.last_day - span.first_day).days + 1)]


def whole_span(strategy: AnyStrategy, history: History) -> Span:
    """Give the span from the end of the warm-up to the core's last bar."""
    core = history[strategy.universe.core]
    ready = strategy.observe(history).first_day.toordinal()
    first = int(core.ordinals[core.ordinals >= ready][0])
    return Span(first_day=date.fromordinal(first), last_day=core.last_day, notes=())


def session_of(strategy: AnyStrategy, account: Account, *, venue: Venue, journal: MemoryJournal) -> Session:
    """Put a session together."""
    planner = Planner(
        account="test",
        instruments=venue.instruments(),
        costs=account.costs,
        trading_order=strategy.universe.assets,
    )
    start = Ledger(quote=QUOTE, cash=account.cash)
    return Session(
        strategy=strategy, planner=planner, venue=venue, journal=journal, ledger=start, sizing=account.sizing
    )


def trivial_events(strategy: AnyStrategy, history: History, span: Span, account: Account) -> list[Event]:
    """Run the trivial driver and give its record."""
    journal = MemoryJournal()
    instruments = account.instruments_of(strategy.universe.assets)
    venue = OpenVenue(history=history, instruments=instruments, costs=account.costs)
    session = session_of(strategy, account, venue=venue, journal=journal)
    drive(session, history=history, observations=strategy.observe(history), span=span, core=strategy.universe.core)
    return list(journal)


def historical_events(
    strategy: AnyStrategy, history: History, span: Span, account: Account, *, analyzers: tuple[Any, ...] = ()
) -> tuple[list[Event], Any]:
    """Run the historical driver and give its record, and the backtrader strategy that ran."""
    journal = MemoryJournal()
    venue = BacktraderVenue(
        instruments=account.instruments_of(strategy.universe.assets), costs=account.costs, quote=QUOTE
    )
    player = HistoricalDriver(
        session=session_of(strategy, account, venue=venue, journal=journal),
        venue=venue,
        history=history,
        observations=strategy.observe(history),
        span=span,
        core=strategy.universe.core,
        assets=strategy.universe.assets,
        costs=account.costs,
    ).run(analyzers=analyzers)
    return list(journal), player
