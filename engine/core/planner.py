"""From target weights to orders: the border between float signals and exact money, shared by every mode."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal

from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.missed import MissedPosition, is_missed
from engine.core.money import ONE, SIZING, ZERO, decimal_of, floor_to_step, plain, sizing
from engine.core.order import Order, Side, client_order_id

MAX_PIECES = 1000
"""Orders that one decision day may plan for one asset; what is left over is planned on the next ones."""


TOO_SMALL = re.compile(
    r"less than one lot step of (?P<step>[0-9.]+)|notional .* is below the minimum of (?P<minimum>[0-9.]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedOrder:
    """A difference that is not traded, and why."""

    asset: str
    side: Side
    quantity: Decimal
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The orders of one decision day: sells, then buys, each in trading order.

    Attributes:
        skipped: differences that are not traded.
        beyond: what `MAX_PIECES` orders of the market's largest quantity leave for the next decision days.
        reached: coins that were out of position, and are in position without an order.
    """

    sells: tuple[Order, ...] = ()
    buys: tuple[Order, ...] = ()
    skipped: tuple[SkippedOrder, ...] = ()
    beyond: tuple[SkippedOrder, ...] = ()
    reached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans orders by fixed account rules.

    Attributes:
        account: names the account in client order ids.
        instruments: trading rules by asset.
        trading_order: assets in the order in which they are traded, core first.
    """

    account: str
    instruments: Mapping[str, Instrument]
    costs: Costs
    trading_order: Sequence[str]

    def plan(
        self,
        targets: Mapping[str, float],
        *,
        ledger: Ledger,
        closes: Mapping[str, Decimal],
        day: date,
        reason: str,
        epoch: int = 1,
    ) -> Plan:
        """Plan the orders that bring the ledger to `targets`.

        Args:
            targets: weight of equity by asset; an asset that is held and not named is sold whole.
            closes: the day's close (or last close) of every asset held or targeted, quote per unit.
            day: the decision day.
            epoch: how often the exchange was reset, counted from 1.
        """
        differences = self._differences(targets, ledger, closes)
        return self._planned([(*each, reason) for each in differences], closes, day, epoch)

    def plan_again(
        self,
        missed: Sequence[MissedPosition],
        targets: Mapping[str, float],
        *,
        ledger: Ledger,
        closes: Mapping[str, Decimal],
        day: date,
        epoch: int = 1,
    ) -> Plan:
        """Plan again for coins that are out of position, and for no others.

        Of a sell what was left, at most what is held; of a buy what the target lacks, out of the cash that there is and
        that the sells bring.

        Args:
            missed: those of which no order is open.
            targets, closes, day, epoch: as for `plan`.
        """
        lacks = {
            asset: wanted for asset, side, wanted in self._differences(targets, ledger, closes) if side is Side.BUY
        }
        sold = {
            each.asset: min(each.quantity, ledger.quantity(each.asset)) for each in missed if each.side is Side.SELL
        }
        with sizing():
            cash = ledger.cash + sum((closes.get(asset, ZERO) * quantity for asset, quantity in sold.items()), ZERO)
        reached: list[str] = []
        wanted: list[tuple[str, Side, Decimal, str]] = []
        for each in missed:
            quantity = sold[each.asset] if each.side is Side.SELL else lacks.get(each.asset, ZERO)
            if not is_missed(quantity, closes.get(each.asset), self.instruments[each.asset]):
                reached.append(each.asset)
                continue
            if each.side is Side.BUY:
                with sizing():
                    quantity = min(quantity, cash / self._unit_cost(closes[each.asset]))
            wanted.append((each.asset, each.side, quantity, each.reason))
        # What is too little for an order now may be enough tomorrow; it is said to be out of position all along.
        return replace(self._planned(wanted, closes, day, epoch), skipped=(), reached=tuple(reached))

    def crumbs(self, ledger: Ledger, closes: Mapping[str, Decimal]) -> set[str]:
        """Give the assets of which too little is held to be sold: fees in the coin leave crumbs below the lot step.

        Args:
            closes: of every asset held, quote per unit.
        """
        held, least = ledger.positions, self.instruments
        # The context's own method, as in `Ledger.equity`: this runs every day.
        worth = {asset: SIZING.multiply(held[asset], close) for asset, close in closes.items()}
        return {asset for asset, value in worth.items() if value < least[asset].minimum_notional}

    def _planned(
        self,
        differences: Iterable[tuple[str, Side, Decimal, str]],
        closes: Mapping[str, Decimal],
        day: date,
        epoch: int,
    ) -> Plan:
        orders: dict[Side, list[Order]] = {Side.SELL: [], Side.BUY: []}
        skipped: list[SkippedOrder] = []
        beyond: list[SkippedOrder] = []
        for asset, side, wanted, reason in differences:
            instrument = self.instruments[asset]
            quantity = floor_to_step(wanted, instrument.lot_step)
            problem = _problem(quantity, closes[asset], instrument)
            if problem:
                skipped.append(SkippedOrder(asset=asset, side=side, quantity=quantity, message=problem))
                continue
            pieces, rest = even_pieces(quantity, instrument)
            orders[side].extend(self._order_each(pieces, asset, side, day=day, reason=reason, epoch=epoch))
            if is_missed(rest, closes[asset], instrument):
                beyond.append(SkippedOrder(asset=asset, side=side, quantity=rest, message=_beyond_words(pieces)))
        return Plan(
            sells=tuple(orders[Side.SELL]), buys=tuple(orders[Side.BUY]), skipped=tuple(skipped), beyond=tuple(beyond)
        )

    def _differences(
        self, targets: Mapping[str, float], ledger: Ledger, closes: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, Side, Decimal]]:
        equity = ledger.equity(closes)
        unlisted = sorted((set(targets) | set(ledger.positions)) - set(self.trading_order))
        for asset in (*self.trading_order, *unlisted):
            held = ledger.quantity(asset)
            weight = targets.get(asset)
            if weight is None:
                if held > 0:
                    yield asset, Side.SELL, held
                continue
            with sizing():
                close = closes[asset]
                difference = equity * decimal_of(weight) - held * close
                if difference < 0:
                    yield asset, Side.SELL, -difference / close
                elif difference > 0:
                    # Costs are set aside now, so that buys at unchanged prices fit the cash.
                    yield asset, Side.BUY, difference / self._unit_cost(close)

    def _unit_cost(self, close: Decimal) -> Decimal:
        return close * (ONE + self.costs.commission + self.costs.slippage)

    def _order_each(
        self, pieces: Iterable[Decimal], asset: str, side: Side, *, day: date, reason: str, epoch: int
    ) -> Iterator[Order]:
        for part, piece in enumerate(pieces, start=1):
            yield Order(
                client_order_id=client_order_id(
                    account=self.account, day=day, asset=asset, side=side, part=part, epoch=epoch
                ),
                asset=asset,
                symbol=self.instruments[asset].symbol,
                side=side,
                quantity=piece,
                decision_day=day,
                reason=reason,
            )


def even_pieces(
    quantity: Decimal, instrument: Instrument, *, most: int = MAX_PIECES
) -> tuple[Sequence[Decimal], Decimal]:
    """Cut a quantity into as few orders as the venue's largest one allows, about equal, each on the lot step.

    Args:
        most: so many orders, and no more.

    Returns:
        The orders' quantities, and what is beyond `most` of the largest ones.
    """
    if instrument.maximum_quantity is None:
        return [quantity], ZERO
    pieces: list[Decimal] = []
    with sizing():
        largest = max(floor_to_step(instrument.maximum_quantity, instrument.lot_step), instrument.lot_step)
        rest = max(quantity - largest * most, ZERO)
        quantity -= rest
        count = int((quantity / largest).to_integral_value(ROUND_CEILING))
        # Even pieces: cutting off the largest first could leave a last piece that no venue accepts.
        for remaining in range(count, 0, -1):
            piece = quantity if remaining == 1 else floor_to_step(quantity / remaining, instrument.lot_step)
            quantity -= piece
            pieces.append(piece)
    return pieces, rest


def _beyond_words(pieces: Sequence[Decimal]) -> str:
    return f"the market takes {plain(max(pieces))} at once, and {len(pieces)} orders are sent a day"


def least_of(message: str) -> Decimal | None:
    """Give the lot step that an order was below, by the words of its `SkippedOrder`.

    Returns:
        0 where it was below the minimum notional; None where it was skipped for another reason.
    """
    found = TOO_SMALL.fullmatch(message)
    return None if found is None else Decimal(found["step"] or 0)


def minimum_of(message: str) -> Decimal | None:
    """Give the minimum notional that an order was below, by the words of its `SkippedOrder`; None where it was not."""
    found = TOO_SMALL.fullmatch(message)
    return None if found is None or found["minimum"] is None else Decimal(found["minimum"])


def _problem(quantity: Decimal, close: Decimal, instrument: Instrument) -> str:
    if quantity <= ZERO:
        return f"less than one lot step of {plain(instrument.lot_step)}"
    with sizing():
        notional = quantity * close
    if notional < instrument.minimum_notional:
        return f"notional {notional:.4f} is below the minimum of {plain(instrument.minimum_notional)}"
    return ""
