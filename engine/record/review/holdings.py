"""What a run holds now, and what it held when: the fills booked again, in the ledger of the session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.events import DayDecided
from engine.core.ledger import Ledger
from engine.core.money import decimal_of
from engine.core.order import DELISTED, Fill
from engine.core.valuation import ValuedPosition, valuation_of
from engine.record.bookings import final_ledger, ledgers_of
from engine.record.record_rows import DecisionRow
from engine.record.run_record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAtEnd:
    """What is held at the end of the record.

    Attributes:
        day: of the prices: a decision's closes, or a later fill's price.
        state: of the strategy; since: the day whose decision led to it, or the first day; reason: of that decision.
        equity: None where a price is missing; positions: the largest first.
        marked_on: by asset, the day of a price that is older than `day`.
    """

    day: date
    state: str
    since: date
    reason: str
    quote: str
    cash: Decimal
    equity: Decimal | None
    positions: Sequence[ValuedPosition]
    marked_on: Mapping[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days over which the holdings stayed the same.

    Attributes:
        since, until: the decision days that led to them and away from them; until None: to this day.
        last_day: until, or the last day.
        reason: of the decision that led to them; state: after it.
        weights: of the equity, by asset, at the closes of the first day; without an asset whose price is not on record.
        total_return: from the closes of the first day to those of the last; a fraction.
    """

    since: date
    until: date | None
    last_day: date
    reason: str
    state: str
    weights: Mapping[str, float]
    total_return: float | None


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


def held_at_end(record: RunRecord) -> HeldAtEnd | None:
    """Say what is held at the end of a record; None before the first decision."""
    change = last_change_of(record.decisions)
    if change is None:
        return None
    ledger = final_ledger(record)
    last = record.decisions[-1]
    traded = record.own_fills
    # Crumbs have no close: they keep the price of their last fill. What was bought after the last close has none yet.
    prices = {fill.asset: fill.price for fill in traded if fill.decision_day < last.day}
    prices |= {asset: decimal_of(close) for asset, close in last.closes.items()}
    prices |= {fill.asset: fill.price for fill in traded if fill.decision_day >= last.day}
    marked_on = {fill.asset: fill.at.date() for fill in traded if fill.decision_day < last.day}
    marked_on = {asset: on for asset, on in marked_on.items() if asset not in last.closes} | dict(last.marked_on)
    traded_last = {fill.asset for fill in traded if fill.decision_day >= last.day}
    valued = valuation_of(ledger, prices)
    return HeldAtEnd(
        day=last.day,
        state=last.next_state,
        since=change.day,
        reason=change.reason,
        quote=ledger.quote,
        cash=ledger.cash,
        equity=valued.equity,
        positions=sorted(valued.positions, key=lambda position: -(position.value or 0)),
        marked_on={
            asset: on
            for asset, on in marked_on.items()
            if asset in ledger.positions and asset not in traded_last and on < last.day
        },
    )


def stretches_of(record: RunRecord) -> tuple[Stretch, ...]:
    """Divide a run into the days between its changes of holdings, oldest first."""
    by_day = {decision.day: decision for decision in record.decisions}
    fills = [(booked, ledger) for booked, ledger in ledgers_of(record) if isinstance(booked, Fill)]
    # What was held after the last fill of each decision.
    turns = {fill.decision_day: ledger for fill, ledger in fills if not fill.restores and fill.decision_day in by_day}
    delisted = {fill.decision_day for fill, _ in fills if fill.reason == DELISTED}
    stretches = []
    for (since, ledger), until in zip(turns.items(), [*list(turns)[1:], None], strict=False):
        first, last = by_day[since], by_day[until] if until else record.decisions[-1]
        stretches.append(
            Stretch(
                since=since,
                until=until,
                last_day=last.day,
                # On a day without a change of targets it alone changed what is held.
                reason=DELISTED if since in delisted and first.reason == "hold" else first.reason,
                state=first.next_state,
                weights=_weights(ledger, first),
                total_return=last.equity / first.equity - 1 if first.equity else None,
            )
        )
    return tuple(stretches)


def holdings_by_day(record: RunRecord) -> list[HeldDay]:
    """Give the holdings at each decision day's close, as its decision found them.

    A day that is decided late finds the fills of the one decided just before.
    """
    rows = {decision.day: decision for decision in record.decisions}
    closes: dict[str, float] = {}
    days = []
    for booked, ledger in ledgers_of(record):
        if isinstance(booked, DayDecided):
            decision = rows[booked.day]
            closes.update(decision.closes)
            positions = {asset: float(held) for asset, held in ledger.positions.items() if held > 0}
            days.append(_held(decision, positions, closes))
    return days


def assets_held(days: Sequence[HeldDay]) -> list[str]:
    """Name every asset that was ever held, in order of its first day."""
    return list(dict.fromkeys(asset for day in days for asset in day.quantities))


def last_change_of(decisions: Sequence[DecisionRow]) -> DecisionRow | None:
    """Give the decision that led to the state at the end, the first one where it never changed; None without any."""
    first = decisions[0] if decisions else None
    return next((row for row in reversed(decisions) if row.state != row.next_state), first)


def _held(decision: DecisionRow, positions: Mapping[str, float], closes: Mapping[str, float]) -> HeldDay:
    equity = decision.equity
    shares = {asset: held * closes[asset] / equity for asset, held in positions.items() if asset in closes and equity}
    cash = 1 - sum(shares.values()) if decision.cash is None else decision.cash / equity if equity else 0.0
    return HeldDay(quantities=positions, shares=shares, cash=cash)


def _weights(ledger: Ledger, decision: DecisionRow) -> Mapping[str, float]:
    closes = {asset: decimal_of(close) for asset, close in decision.closes.items()}
    values = {asset: held * closes[asset] for asset, held in ledger.positions.items() if asset in closes}
    if ledger.positions and not values:
        # Folders of old kept no closes.
        return dict(decision.targets)
    equity = ledger.cash + sum(values.values(), Decimal(0))
    return {asset: float(value / equity) for asset, value in values.items()} if equity else {}
