"""What a run holds now, and what it held when: the fills booked again, in the ledger of the session."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from engine.core.events import AccountReset, OrderFilled, RunStarted
from engine.core.ledger import Ledger
from engine.core.money import decimal_of
from engine.core.order import Fill
from engine.journal.run_record import DecisionRow, FillRow, RunRecord

QUOTE = "USDT"
"""Of a run that has neither started nor traded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held of one asset.

    Attributes:
        price: the last on record: a decision's close, or a later fill's; None: none. weight: of the equity.
    """

    asset: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    weight: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is held at the end of the record.

    Attributes:
        day: of the prices.
        state: of the strategy; since: the day whose decision led to it, or the first day; reason: of that decision.
        equity: None where a price is missing.
    """

    day: date
    state: str
    since: date
    reason: str
    quote: str
    cash: Decimal
    equity: Decimal | None
    positions: Sequence[Position]


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


def quote_of(record: RunRecord) -> str:
    """Name the currency that a run counts in."""
    if record.fills:
        return record.fills[0].symbol.partition("/")[2]
    started = (event.quote for event in record.events or () if isinstance(event, RunStarted))
    return next(started, QUOTE)


def standing_of(record: RunRecord) -> Standing | None:
    """Say what is held at the end of a record; None before the first decision."""
    if not record.decisions:
        return None
    ledger = last_ledger(record)
    last = record.decisions[-1]
    change = _last_change(record.decisions)
    traded = [fill for fill in record.fills if not fill.restores]
    # Crumbs have no close: they keep the price of their last fill. What was bought after the last close has none yet.
    prices = {fill.asset: fill.price for fill in traded if fill.decision_day < last.day}
    prices |= {asset: decimal_of(close) for asset, close in last.closes.items()}
    prices |= {fill.asset: fill.price for fill in traded if fill.decision_day >= last.day}
    values = {asset: held * prices[asset] if asset in prices else None for asset, held in ledger.positions.items()}
    known = [value for value in values.values() if value is not None]
    equity = ledger.cash + sum(known, Decimal(0)) if len(known) == len(values) else None
    return Standing(
        day=last.day,
        state=last.next_state,
        since=change.day,
        reason=change.reason,
        quote=ledger.quote,
        cash=ledger.cash,
        equity=equity,
        positions=[
            Position(
                asset=asset,
                quantity=ledger.positions[asset],
                price=prices.get(asset),
                value=value,
                weight=float(value / equity) if value is not None and equity else None,
            )
            for asset, value in sorted(values.items(), key=lambda pair: -(pair[1] or 0))
        ],
    )


def stretches_of(record: RunRecord) -> tuple[Stretch, ...]:
    """Divide a run into the days between its changes of holdings, oldest first."""
    by_day = {decision.day: decision for decision in record.decisions}
    turns = [(day, ledger) for day, ledger in _ledgers(record) if day in by_day]
    stretches = []
    for place, (since, ledger) in enumerate(turns):
        until = turns[place + 1][0] if place + 1 < len(turns) else None
        first, last = by_day[since], by_day[until] if until else record.decisions[-1]
        stretches.append(
            Stretch(
                since=since,
                until=until,
                last_day=last.day,
                reason=first.reason,
                state=first.next_state,
                weights=_weights(ledger, first),
                total_return=last.equity / first.equity - 1 if first.equity else None,
            )
        )
    return tuple(stretches)


def last_ledger(record: RunRecord) -> Ledger:
    """Book all fills of a record."""
    first = _first_ledger(record)
    return deque(_booked(record, first), maxlen=1).pop() if record.fills else first


def _ledgers(record: RunRecord) -> Iterator[tuple[date, Ledger]]:
    """Give what was held after all fills of one decision day."""
    traded = [fill for fill in record.fills if not fill.restores]
    ledger = _first_ledger(record)
    for day, fills in groupby(traded, key=lambda fill: fill.decision_day):
        for fill in fills:
            ledger = ledger.apply(_booking(fill))
        yield day, ledger


def _booked(record: RunRecord, ledger: Ledger) -> Iterator[Ledger]:
    if record.events is None:
        for fill in record.fills:
            ledger = ledger.apply(_booking(fill))
            yield ledger
        return
    for event in record.events:
        match event:
            case OrderFilled(fill=booked):
                ledger = ledger.apply(booked)
            case AccountReset():
                ledger = ledger.after_reset(event.written_off)
            case _:
                continue
        yield ledger


def _first_ledger(record: RunRecord) -> Ledger:
    started: Iterable[Decimal] = (event.cash for event in record.events or () if isinstance(event, RunStarted))
    first = record.decisions[0].equity if record.decisions else 0.0
    return Ledger(quote=quote_of(record), cash=next(iter(started), decimal_of(first)))


def _booking(row: FillRow) -> Fill:
    return Fill(
        at=row.time,
        order_id=row.order_id,
        client_order_id=row.client_order_id,
        asset=row.asset,
        symbol=row.symbol,
        side=row.side,
        quantity=row.quantity,
        price=row.price,
        notional=row.notional,
        fee=row.fee,
        fee_asset=row.fee_asset,
        decision_day=row.decision_day,
        reason=row.reason,
    )


def _last_change(decisions: Sequence[DecisionRow]) -> DecisionRow:
    return next((row for row in reversed(decisions) if row.state != row.next_state), decisions[0])


def _weights(ledger: Ledger, decision: DecisionRow) -> Mapping[str, float]:
    closes = {asset: decimal_of(close) for asset, close in decision.closes.items()}
    values = {asset: held * closes[asset] for asset, held in ledger.positions.items() if asset in closes}
    if ledger.positions and not values:
        # Folders of old kept no closes.
        return dict(decision.targets)
    equity = ledger.cash + sum(values.values(), Decimal(0))
    return {asset: float(value / equity) for asset, value in values.items()} if equity else {}
