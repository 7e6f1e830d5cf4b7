"""History as a loop over calendar days, with a venue that fills at the day's open: decisions and fills, and no more.

It shares the session and the fill rule with `historical.py` and nothing else, and gives the same record, without a
second opinion on it: for whoever asks what would have been decided, many times or in a hurry.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from engine.core.calendar import opening_instant
from engine.core.fills import execute_at, fill_of
from engine.core.market import History
from engine.core.money import ZERO, decimal_of
from engine.core.order import Order, OrderReport, OrderStatus
from engine.trading.drivers.history import NO_BAR, PLAIN_OPENING, Driven, HistorySession, Opening, VenueOfHistory
from engine.trading.observed import Observed
from engine.trading.session import Session
from engine.trading.span import Span
from engine.trading.terms import Terms


class OpenVenue(VenueOfHistory):
    """Fills at the open of the day on which an order is submitted.

    Attributes:
        history: the bars, known beforehand.
    """

    def __init__(self, terms: Terms, history: History) -> None:
        super().__init__(terms)
        self.history = history
        self._filled = 0

    def why_closed(self, asset: str, at: datetime) -> str:
        """Say that the asset has no bar that opens on that day, where that is so."""
        return NO_BAR if self.history[asset].open_on(at.date()) is None else ""

    def submit(
        self,
        order: Order,
        *,
        at: datetime,
        cash: Decimal,
        alongside: Sequence[Order] = (),  # noqa: ARG002 - at the decision's prices they fit, but for what the open moved
    ) -> OrderReport:
        """Execute at the day's open."""
        done = execute_at(
            order,
            reference_price=decimal_of(self.history[order.asset].open_on(at.date()) or 0.0),
            cash=cash,
            costs=self.terms.costs,
            instrument=self.terms.instruments[order.asset],
        )
        if done.quantity <= ZERO:
            message = f"cash {cash:.2f} does not pay for an order"
            return OrderReport(status=OrderStatus.REJECTED, unpaid=done.unpaid, waived=True, message=message)
        self._filled += 1
        fill = fill_of(order, done, at=at, order_id=str(self._filled), fee_asset=self.terms.start.quote)
        return OrderReport(status=OrderStatus.FILLED, fills=(fill,), unpaid=done.unpaid)


def drive(observed: Observed, terms: Terms, opening: Opening = PLAIN_OPENING) -> Driven:
    """Play the decision days of a history."""
    run = HistorySession(observed, terms, OpenVenue(terms, observed.history), opening)
    core = observed.history[observed.core]
    for day in calendar_days(observed.span):
        if run.session.waiting and opens(day, run.session, observed.history, observed.core):
            run.session.work_orders(opening_instant(day))
        if core.position_on(day) is not None:
            run.session.decide(day, observed.observations, observed.history)
    return run.ended()


def calendar_days(span: Span) -> Iterator[date]:
    """Give every day of a span."""
    return map(date.fromordinal, range(span.first_day.toordinal(), span.last_day.toordinal() + 1))


def opens(day: date, session: Session, history: History, core: str) -> bool:
    """Tell whether history has a morning on `day`: a bar of what is decided by, or of an asset with an order."""
    looked_at = {core, *(order.asset for order in session.waiting)}
    return any(history[asset].open_on(day) is not None for asset in looked_at)
