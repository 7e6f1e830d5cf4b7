"""Coins that are held and have no bars any more: when one counts as delisted, and what is booked of it then."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from engine.core.calendar import decision_instant
from engine.core.events import AssetDelisted, Event, OrderCancelled, OrderFilled
from engine.core.ledger import Ledger
from engine.core.market import History
from engine.core.marks import Mark, closes_at
from engine.core.money import ONE, decimal_of, exact
from engine.core.order import DELISTED, Fill, Order, Side, delisting_order_id
from engine.core.planner import Planner
from engine.core.strategy import DelistingRule

DROPPED = "the coin counts as delisted"


def delisted_at(
    day: date, *, ledger: Ledger, history: History, marks: Mapping[str, Mark], rule: DelistingRule
) -> Iterator[AssetDelisted]:
    """Give the held assets that are delisted at the close of a decision day.

    Args:
        marks: the last known prices, for an asset whose bars left with its market.
    """
    newest = day - timedelta(days=rule.after_days)
    for asset in ledger.positions:
        mark = marks.get(asset)
        last_bar = history[asset].close_day_at(day) or (None if mark is None else mark.day)
        if last_bar is not None and last_bar <= newest:
            yield AssetDelisted(day=day, asset=asset, last_bar=last_bar, penalty=rule.penalty)


def sold_in_books(
    delisted: AssetDelisted,
    *,
    ledger: Ledger,
    waiting: Sequence[Order],
    history: History,
    planner: Planner,
) -> Iterator[Event]:
    """Sell a delisted asset at the day's close, whole, at its last close less the penalty; drop its orders.

    Args:
        waiting: the orders that are open.
        planner: by whose commission and names it is booked.
    """
    asset, day = delisted.asset, delisted.day
    yield delisted
    for order in waiting:
        if order.asset == asset:
            yield OrderCancelled(day=day, order=order, message=DROPPED)
    close = closes_at([asset], day, history, {})[asset]
    quantity, symbol = ledger.quantity(asset), planner.instruments[asset].symbol
    with exact():
        price = close * (ONE - decimal_of(delisted.penalty or 0.0))
        notional = quantity * price
        fee = notional * planner.costs.commission
    yield OrderFilled(
        fill=Fill(
            at=decision_instant(day),
            # No venue has it.
            order_id="",
            client_order_id=delisting_order_id(account=planner.account, day=day, asset=asset),
            asset=asset,
            symbol=symbol,
            side=Side.SELL,
            quantity=quantity,
            price=price,
            notional=notional,
            fee=fee,
            fee_asset=ledger.quote,
            decision_day=day,
            reason=DELISTED,
        )
    )
