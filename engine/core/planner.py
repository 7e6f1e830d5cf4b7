"""From target weights to orders: the border between float signals and exact money, shared by every mode."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from engine.core.errors import ConfigError
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.money import ONE, ZERO, decimal_of, floor_to_step, plain, sizing
from engine.core.order import Order, Side, client_order_id

MAX_PIECES = 1000
"""Orders that one decision may send for one asset; more is a mistake in the rules, not a plan."""


TOO_SMALL = re.compile(r"less than one lot step of (?P<step>[0-9.]+)|notional .* is below the minimum of [0-9.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedOrder:
    """A difference that is not traded, and why."""

    asset: str
    side: Side
    quantity: Decimal
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The orders of one change of targets: sells, then buys, each in trading order."""

    sells: tuple[Order, ...]
    buys: tuple[Order, ...]
    skipped: tuple[SkippedOrder, ...]


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
    ) -> Plan:
        """Plan the orders that bring the ledger to `targets`.

        Args:
            targets: weight of equity by asset; an asset that is held and not named is sold whole.
            closes: the day's close (or last close) of every asset held or targeted, quote per unit.
            day: the decision day.
        """
        sells: list[Order] = []
        buys: list[Order] = []
        skipped: list[SkippedOrder] = []
        for asset, side, wanted in self._differences(targets, ledger, closes):
            instrument = self.instruments[asset]
            quantity = floor_to_step(wanted, instrument.lot_step)
            problem = _problem(quantity, closes[asset], instrument)
            if problem:
                skipped.append(SkippedOrder(asset=asset, side=side, quantity=quantity, message=problem))
                continue
            orders = sells if side is Side.SELL else buys
            orders.extend(self._split(asset, side, quantity, day=day, reason=reason))
        return Plan(sells=tuple(sells), buys=tuple(buys), skipped=tuple(skipped))

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
                    yield asset, Side.BUY, difference / (close * (ONE + self.costs.commission + self.costs.slippage))

    def _split(self, asset: str, side: Side, quantity: Decimal, *, day: date, reason: str) -> Iterator[Order]:
        instrument = self.instruments[asset]
        for part, piece in enumerate(even_pieces(quantity, instrument), start=1):
            yield Order(
                client_order_id=client_order_id(account=self.account, day=day, asset=asset, side=side, part=part),
                asset=asset,
                symbol=instrument.symbol,
                side=side,
                quantity=piece,
                decision_day=day,
                reason=reason,
            )


def even_pieces(quantity: Decimal, instrument: Instrument) -> Iterator[Decimal]:
    """Cut a quantity into as few orders as the venue's largest one allows, about equal, each on the lot step.

    Raises:
        ConfigError: there would be more than MAX_PIECES.
    """
    count = 1
    if instrument.maximum_quantity is not None:
        largest = max(floor_to_step(instrument.maximum_quantity, instrument.lot_step), instrument.lot_step)
        with sizing():
            count = int((quantity / largest).to_integral_value(ROUND_CEILING))
        if count > MAX_PIECES:
            raise ConfigError(
                f"account.instruments: a maximum quantity of {plain(largest)} for {instrument.symbol} would split "
                f"an order of {plain(quantity)} into {count}; at most {MAX_PIECES} are sent"
            )
    with sizing():
        # Even pieces: cutting off the largest first could leave a last piece that no venue accepts.
        for remaining in range(count, 0, -1):
            piece = quantity if remaining == 1 else floor_to_step(quantity / remaining, instrument.lot_step)
            quantity -= piece
            yield piece


def least_of(message: str) -> Decimal | None:
    """Give the lot step that an order was below, by the words of its `SkippedOrder`.

    Returns:
        0 where it was below the minimum notional; None where it was skipped for another reason.
    """
    found = TOO_SMALL.fullmatch(message)
    return None if found is None else Decimal(found["step"] or 0)


def _problem(quantity: Decimal, close: Decimal, instrument: Instrument) -> str:
    if quantity <= ZERO:
        return f"less than one lot step of {plain(instrument.lot_step)}"
    with sizing():
        notional = quantity * close
    if notional < instrument.minimum_notional:
        return f"notional {notional:.4f} is below the minimum of {plain(instrument.minimum_notional)}"
    return ""
