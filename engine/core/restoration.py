"""What has to be bought back after a reset of the exchange, so that it holds again what the ledger holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal

from engine.core.events import AccountReset, Event, OrderFilled, OrderPlanned
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.money import ONE, ZERO, exact, sizing
from engine.core.order import RESET_BUY_BACK, Fill, Order, Side, restoring_order_id
from engine.core.planner import MAX_PIECES, even_pieces

ROUND_UP = Decimal("1.05")
"""A purchase sized at exactly the least notional may miss it at the price of a moment later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """Orders that restore the positions, and what is too little for an order, by asset."""

    orders: tuple[Order, ...]
    written_off: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What happened since the exchange was last reset.

    Attributes:
        reset: how it began; None in the first.
        fills: in order.
        pieces: how many orders were planned to buy back, by asset; their names count on from there.
        pieces_by_day: the same by asset and decision day; no more than `MAX_PIECES` are planned for one.
    """

    reset: AccountReset | None = None
    fills: tuple[Fill, ...] = ()
    pieces: Mapping[str, int] = field(default_factory=dict)
    pieces_by_day: Mapping[tuple[str, date], int] = field(default_factory=dict)

    @property
    def commission_taken(self) -> Decimal:
        """The largest fraction that was taken out of a coin that was bought back."""
        with sizing():
            rates = [fill.fee / fill.quantity for fill in self.fills if fill.restores and fill.fee_asset == fill.asset]
        return max(rates, default=ZERO)

    def room(self, asset: str, day: date) -> int:
        """Give how many more orders may be planned on a day to buy an asset back."""
        return MAX_PIECES - self.pieces_by_day.get((asset, day), 0)


def latest_epoch(events: Sequence[Event]) -> Epoch:
    """Cut a journal at its last reset."""
    reset: AccountReset | None = None
    fills: list[Fill] = []
    pieces: dict[str, int] = {}
    by_day: dict[tuple[str, date], int] = {}
    for event in reversed(events):
        if isinstance(event, AccountReset):
            reset = event
            break
        if isinstance(event, OrderFilled):
            fills.append(event.fill)
        elif isinstance(event, OrderPlanned) and event.order.restores and event.order.attempt == 1:
            asset, day = event.order.asset, event.order.decision_day
            pieces[asset] = pieces.get(asset, 0) + 1
            by_day[asset, day] = by_day.get((asset, day), 0) + 1
    return Epoch(reset=reset, fills=tuple(reversed(fills)), pieces=pieces, pieces_by_day=by_day)


def wiped(ledger: Ledger, survivors: Iterable[Fill]) -> Mapping[str, Decimal]:
    """Give what a reset wiped of what the ledger holds: all of it, less what later fills gave.

    Worked example: the ledger holds 112.9 ETH, all of them bought after the reset; a sell of 1 BTC came before it.
    Nothing of the 112.9 is wiped, although the account also has a fresh allowance of ETH: that is not ours.

    Args:
        survivors: the fills that the exchange still knows; what they sold of a fresh allowance is bought back too.
    """
    missing = dict(ledger.positions)
    with exact():
        for fill in survivors:
            gained = fill.quantity if fill.side is Side.BUY else -fill.quantity
            missing[fill.asset] = missing.get(fill.asset, ZERO) - gained
            if fill.fee_asset in missing:
                missing[fill.fee_asset] += fill.fee
    return {asset: quantity for asset, quantity in missing.items() if quantity > ZERO}


def lacking(epoch: Epoch, ledger: Ledger) -> Mapping[str, Decimal]:
    """Give what is still not bought back once the orders for it are settled: fees took it, or a book was too thin."""
    if epoch.reset is None or epoch.reset.wiped is None:
        return {}
    with exact():
        rest = {asset: wanted - ledger.outside.get(asset, ZERO) for asset, wanted in epoch.reset.wiped.items()}
    return {asset: quantity for asset, quantity in rest.items() if quantity > ZERO}


def restoration(
    missing: Mapping[str, Decimal],
    *,
    held: Mapping[str, Decimal],
    asks: Mapping[str, Decimal],
    instruments: Mapping[str, Instrument],
    account: str,
    epoch: int,
    day: date,
    commission: Decimal,
    since: Epoch,
) -> Restoration:
    """Plan the orders that buy back what is missing, by asset.

    Args:
        held: what the ledger holds; a crumb of which all is missing is written off.
        asks: the present price by asset; an asset without one is ordered all the same, and waits.
        account: names the account in client order ids.
        epoch: the number of the epoch that the reset began.
        day: the last day decided.
        commission: may be taken from the bought coin, so that much more is bought.
        since: what happened in this epoch; what a day's orders leave of a coin is bought back on the next days.
    """
    orders: list[Order] = []
    written_off: dict[str, Decimal] = {}
    for asset, quantity in missing.items():
        instrument = instruments[asset]
        with exact():
            is_dust = asset in asks and quantity * asks[asset] < instrument.minimum_notional
        if is_dust and quantity == held.get(asset):
            written_off[asset] = quantity
            continue
        wanted = _bought_back(quantity, instrument, commission)
        if is_dust:
            wanted = max(wanted, _least(instrument, asks[asset]))
        pieces, _ = even_pieces(wanted, instrument, most=since.room(asset, day))
        for part, piece in enumerate(pieces, start=since.pieces.get(asset, 0) + 1):
            name = restoring_order_id(account=account, day=day, asset=asset, epoch=epoch, part=part)
            orders.append(
                Order(
                    client_order_id=name,
                    asset=asset,
                    symbol=instrument.symbol,
                    side=Side.BUY,
                    quantity=piece,
                    decision_day=day,
                    reason=RESET_BUY_BACK,
                )
            )
    return Restoration(orders=tuple(orders), written_off=written_off)


def _least(instrument: Instrument, ask: Decimal) -> Decimal:
    """Give the least quantity that an exchange takes; what it is more than was missing is the account's, not ours."""
    with sizing():
        steps = instrument.minimum_notional * ROUND_UP / ask / instrument.lot_step
        return steps.to_integral_value(ROUND_CEILING) * instrument.lot_step


def _bought_back(held: Decimal, instrument: Instrument, commission: Decimal) -> Decimal:
    """Give a quantity on the lot step that leaves at least what was held once the commission is taken."""
    with sizing():
        steps = (held / (ONE - commission) / instrument.lot_step).to_integral_value(ROUND_CEILING)
        # One more: the exchange may round the commission up.
        return (steps + 1) * instrument.lot_step
