"""What was held on each day: fills added up, valued at the day's closes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.core.order import Side
from engine.journal.run_record import DecisionRow, FillRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDay:
    """Holdings at one day's close.

    Attributes:
        quantities: by asset, more than none.
        shares: of equity, by asset; cash: of equity. An asset without a known close has no share.
    """

    quantities: Mapping[str, float]
    shares: Mapping[str, float]
    cash: float


def holdings_by_day(decisions: Sequence[DecisionRow], fills: Sequence[FillRow]) -> list[HeldDay]:
    """Give the holdings at each decision day's close; fills dated after the day are not in them."""
    # What only bought back what a reset of the exchange had wiped was held all along.
    waiting = sorted((fill for fill in fills if not fill.restores), key=lambda fill: fill.time)
    position: dict[str, float] = {}
    closes: dict[str, float] = {}
    held: list[HeldDay] = []
    booked = 0
    for decision in decisions:
        while booked < len(waiting) and waiting[booked].time.date() <= decision.day:
            position = _after(position, waiting[booked])
            booked += 1
        closes.update(decision.closes)
        held.append(_held(decision, position, closes))
    return held


def assets_held(held: Sequence[HeldDay]) -> list[str]:
    """Name every asset that was ever held, in order of its first day."""
    return list(dict.fromkeys(asset for day in held for asset in day.quantities))


def _held(decision: DecisionRow, position: Mapping[str, float], closes: Mapping[str, float]) -> HeldDay:
    equity = decision.equity
    shares = {asset: held * closes[asset] / equity for asset, held in position.items() if asset in closes and equity}
    cash = 1 - sum(shares.values()) if decision.cash is None else decision.cash / equity if equity else 0.0
    return HeldDay(quantities=position, shares=shares, cash=cash)


def _after(position: Mapping[str, float], fill: FillRow) -> dict[str, float]:
    sign = 1 if fill.side is Side.BUY else -1
    changed = dict(position)
    changed[fill.asset] = changed.get(fill.asset, 0.0) + sign * float(fill.quantity)
    quote = fill.symbol.partition("/")[2]
    if fill.fee_asset != quote:
        changed[fill.fee_asset] = changed.get(fill.fee_asset, 0.0) - float(fill.fee)
    # Sums of floats leave crumbs of a position that was sold whole.
    crumb = 1e-9 * float(fill.quantity)
    return {asset: held for asset, held in changed.items() if held > crumb}
