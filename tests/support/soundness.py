"""What must hold after a paper run, whatever happened to it: told by the journal on the disk and the exchange's books.

once        no client order id was accepted twice; what was sent was written before; nothing was traded for a
            decision over what it planned
booked      every execution is in the journal, once, and the balances are the ledger's to the last digit
settled     nothing is left open, and the journal says what the session knew
intended    what was not traded of a plan was refused or left, by the journal's own words, and only where it may be
decided     the decisions are those of an undisturbed run, in the journal and in the file
chained     the journal verifies
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from engine.core.events import DayDecided, Event, OrderPlanned, OrderRejected, OrderSent, OrderSkipped
from engine.core.money import ZERO
from engine.core.order import Order, Side
from engine.journal.sqlite import JOURNAL_FILE
from engine.journal.verification import verify_journal
from engine.practice.exchange import COIN_ALLOWANCE, QUOTE_ALLOWANCE
from engine.record.projections import booked_fills, decided_days, decision_lines
from engine.record.run_files import DECISIONS_FILE
from tests.support.disturbed import BARS, CASH, HOME, Outcome

Expected = Literal["same", "in parts", "at other prices", "short", "left"]
"""The undisturbed ledger to the last digit; the same quantities, with fees that are rounded part by part, or for other
money; or less, where the journal says so; or less for certain, because it was tried often enough."""
NEAR: Mapping[Expected, Decimal] = {"in parts": Decimal("0.00001"), "at other prices": Decimal("0.002")}
"""Relative; each part of an order rounds its fee down to eight decimals, and a thin book is a little worse."""
HOME_TOLERANCE = Decimal("0.02")


def problems(outcome: Outcome, undisturbed: Outcome, expected: Expected, *, last: int) -> Iterator[str]:
    """Give what does not hold, in words."""
    yield from outcome.problems
    if outcome.lives[-1].ending != "done":
        return
    yield from _settled(outcome)
    yield from _once(outcome)
    yield from _booked(outcome)
    yield from _intended(outcome, undisturbed, expected, last)
    yield from _decided(outcome, undisturbed, expected)
    yield from _chained(outcome)


def _settled(outcome: Outcome) -> Iterator[str]:
    standing = outcome.standing
    waiting = [order.client_order_id for order in standing.orders.waiting]
    if waiting:
        yield f"still open: {waiting}"
    if any(order.is_open for order in outcome.orders):
        yield "an order is open on the exchange"


def _once(outcome: Outcome) -> Iterator[str]:
    accepted = Counter(order.client_order_id for order in outcome.orders)
    for name, count in accepted.items():
        if count > 1:
            yield f"{name} was accepted {count} times"
    sent = {event.order.client_order_id for event in outcome.events if isinstance(event, OrderSent)}
    if unwritten := accepted.keys() - sent:
        yield f"sent and not written: {sorted(unwritten)}"
    planned = _planned(outcome.events)
    for decision, quantity in _executed(outcome).items():
        if quantity > planned.get(decision, ZERO):
            yield f"{decision}: {quantity} were traded, {planned.get(decision)} planned"


def _booked(outcome: Outcome) -> Iterator[str]:
    trades = {(trade.symbol, trade.trade_id): trade for order in outcome.orders for trade in order.trades}
    fills = booked_fills(outcome.events)
    named = Counter((fill.symbol.replace("/", ""), int(fill.trade_id)) for fill in fills)
    if twice := [name for name, count in named.items() if count > 1]:
        yield f"booked twice: {twice}"
    if named.keys() != trades.keys():
        yield f"booked and not traded: {named.keys() - trades.keys()}; the reverse: {trades.keys() - named.keys()}"
    ledger = outcome.standing.ledger
    for asset, held in outcome.exchange.balances().items():
        ours = ledger.cash + QUOTE_ALLOWANCE - CASH if asset == "USDT" else ledger.quantity(asset) + COIN_ALLOWANCE
        if held != ours:
            yield f"the exchange holds {held} {asset}, by the ledger it is {ours}"


def _intended(outcome: Outcome, undisturbed: Outcome, expected: Expected, last: int) -> Iterator[str]:
    ledger, wanted = outcome.standing.ledger, undisturbed.ledgers[last]
    if expected == "same":
        if ledger != wanted:
            yield f"holds {ledger}, intended {wanted}"
    elif expected in NEAR:
        for asset in ("USDT", *BARS):
            has, intended = ((each.cash if asset == "USDT" else each.quantity(asset)) for each in (ledger, wanted))
            if abs(has - intended) > NEAR[expected] * max(abs(intended), CASH if asset == "USDT" else Decimal(1)):
                yield f"holds {has} {asset}, intended {intended}"
    elif last >= HOME:
        # Whatever was refused before, the way back leaves nothing behind.
        closes = {asset: Decimal(repr(float(bars.close[last]))) for asset, bars in BARS.items()}
        weight = ledger.quantity("BTC") * closes["BTC"] / ledger.equity(closes)
        if abs(weight - Decimal("0.99")) > HOME_TOLERANCE:
            yield f"holds {weight:.3f} of BTC in the end: {ledger}"
    yield from _unexplained(outcome, expected)


def _unexplained(outcome: Outcome, expected: Expected) -> Iterator[str]:
    executed = _executed(outcome)
    refused = {_decision(each.order) for each in outcome.events if isinstance(each, OrderRejected)}
    left = {
        (each.day, each.asset, each.side): each.quantity
        for each in outcome.events
        if isinstance(each, OrderSkipped) and each.message.startswith("left after")
    }
    short = {
        decision: rest
        for decision, planned in _planned(outcome.events).items()
        if (rest := planned - executed[decision])
    }
    if short and expected not in {"short", "left"}:
        yield f"not traded: {short}"
    if expected == "left" and not left:
        yield "tried for ever: nothing was left"
    sells_are_short = any(side is Side.SELL for _, _, side in short)
    for decision, rest in short.items():
        is_short_of_cash = sells_are_short and decision[2] is Side.BUY
        if left.get(decision) != rest and decision not in refused and not is_short_of_cash:
            yield f"{decision}: {rest} were not traded, and nothing says why"
    if outcome.standing.ledger.cash < ZERO:
        yield f"cash is {outcome.standing.ledger.cash}"


def _decided(outcome: Outcome, undisturbed: Outcome, expected: Expected) -> Iterator[str]:
    days = decided_days(outcome.events)
    reference = decided_days(undisturbed.events)[: len(days)]
    if [_compared(day, expected) for day in days] != [_compared(day, expected) for day in reference]:
        yield f"decided {days}, without disturbance {reference}"
    if days[-1].day != outcome.exchange.now.date() - timedelta(days=1):
        yield f"decided up to {days[-1].day} only"
    written = (outcome.folder / DECISIONS_FILE).read_text(encoding="utf-8").splitlines()
    if written != list(decision_lines(days)):
        yield f"{DECISIONS_FILE} says something else than the journal"


def _chained(outcome: Outcome) -> Iterator[str]:
    found = verify_journal(outcome.folder / JOURNAL_FILE)
    if found.broken is not None or found.head.sequence != len(outcome.events):
        yield f"the journal does not verify: {found}"


def _compared(day: DayDecided, expected: Expected) -> DayDecided:
    return day if expected == "same" else replace(day, equity=ZERO, cash=ZERO, closes={})


Decision = tuple[date, str, Side]


def _decision(order: Order) -> Decision:
    return order.decision_day, order.asset, order.side


def _planned(events: Sequence[Event]) -> dict[Decision, Decimal]:
    planned: defaultdict[Decision, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, OrderPlanned) and event.order.attempt == 1:
            planned[_decision(event.order)] += event.order.quantity
    return planned


def _executed(outcome: Outcome) -> defaultdict[Decision, Decimal]:
    """Add up what the exchange has executed for each decision, by the names of its orders."""
    named = {each.order.client_order_id: each.order for each in outcome.events if isinstance(each, OrderSent)}
    executed: defaultdict[Decision, Decimal] = defaultdict(Decimal)
    for order in outcome.orders:
        if order.client_order_id in named:
            executed[_decision(named[order.client_order_id])] += order.executed
    return executed
