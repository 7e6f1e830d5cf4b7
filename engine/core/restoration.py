"""What has to be bought back after a reset of the exchange, so that it holds again what the ledger holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.money import ONE, exact, sizing
from engine.core.order import RESET_BUY_BACK, Order, Side, restoring_order_id
from engine.core.planner import even_pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """Orders that restore the positions, and what is too little for an order, by asset."""

    orders: tuple[Order, ...]
    written_off: Mapping[str, Decimal]


def restoration(
    ledger: Ledger,
    *,
    asks: Mapping[str, Decimal],
    instruments: Mapping[str, Instrument],
    account: str,
    epoch: int,
    day: date,
    commission: Decimal,
) -> Restoration:
    """Plan the orders that buy back every position.

    Args:
        asks: the present price by asset; an asset without one is ordered all the same, and waits.
        account: names the account in client order ids.
        epoch: the number of the epoch that the reset began.
        day: the last day decided.
        commission: may be taken from the bought coin, so that much more is bought.
    """
    orders: list[Order] = []
    written_off: dict[str, Decimal] = {}
    for asset, held in ledger.positions.items():
        instrument = instruments[asset]
        with exact():
            is_dust = asset in asks and held * asks[asset] < instrument.minimum_notional
        if is_dust:
            written_off[asset] = held
            continue
        wanted = _bought_back(held, instrument, commission)
        for part, quantity in enumerate(even_pieces(wanted, instrument), start=1):
            name = restoring_order_id(account=account, day=day, asset=asset, epoch=epoch, part=part)
            orders.append(
                Order(
                    client_order_id=name,
                    asset=asset,
                    symbol=instrument.symbol,
                    side=Side.BUY,
                    quantity=quantity,
                    decision_day=day,
                    reason=RESET_BUY_BACK,
                )
            )
    return Restoration(orders=tuple(orders), written_off=written_off)


def _bought_back(held: Decimal, instrument: Instrument, commission: Decimal) -> Decimal:
    """Give a quantity on the lot step that leaves at least what was held once the commission is taken."""
    with sizing():
        steps = (held / (ONE - commission) / instrument.lot_step).to_integral_value(ROUND_CEILING)
        # One more: the exchange may round the commission up.
        return (steps + 1) * instrument.lot_step
