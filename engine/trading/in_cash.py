"""What is planned, and what is not sent, while the kill switch holds: its own sells go on, and nothing is bought."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from engine.core.events import Event, OrderCancelled
from engine.core.instrument import Instrument
from engine.core.kill_switch import KILL_SWITCH
from engine.core.money import ZERO
from engine.core.order import Order
from engine.core.planner import Planner
from engine.core.settling import cut_to_held, plan_events
from engine.trading.standing import Standing

NOTHING_IS_BOUGHT = "nothing is bought while the kill switch holds"
GONE = f"a reset of the exchange wiped it, and {NOTHING_IS_BOUGHT}"


def buys_dropped(standing: Standing, day: date) -> list[Event]:
    """Drop what is to buy: also what buys back what a reset of the exchange wiped."""
    orders = (*standing.orders.restoring, *standing.orders.buys)
    return [OrderCancelled(day=day, order=order, message=NOTHING_IS_BOUGHT) for order in orders]


def sells_of_rest(standing: Standing, day: date, closes: Mapping[str, Decimal], *, planner: Planner) -> list[Event]:
    """Plan to sell what is held and no order is to sell: what came to light late.

    What is out of position is planned again as ever.
    """
    held = standing.ledger.positions
    left_out = {
        *(order.asset for order in standing.orders.waiting),
        *standing.missed.coins,
        *planner.crumbs(standing.ledger, {asset: closes[asset] for asset in held}),
    }
    rest = {asset: quantity for asset, quantity in held.items() if asset not in left_out}
    if not rest:
        return []
    ledger = replace(standing.ledger, positions=rest)
    plan = planner.plan({}, ledger=ledger, closes=closes, day=day, reason=KILL_SWITCH, epoch=standing.epoch)
    return plan_events(plan, day)


def cut_to_there(order: Order, standing: Standing, instrument: Instrument) -> tuple[Order, str]:
    """Cut a sell to what the exchange has of ours; say why where it has none."""
    lacking = standing.not_restored.get(order.asset, ZERO)
    ours = cut_to_held(order, standing.ledger, instrument, lacking=lacking)
    return ours, GONE if lacking and ours.quantity <= ZERO else ""
