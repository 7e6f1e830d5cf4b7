"""What must hold in every combination of faults: told by the journal on the disk and the exchange's own books.

decided   as in an undisturbed run, day by day
booked    every execution of ours that the exchange knows is in the journal, to the last digit, once; where the exchange
          was not reset the reverse as well, and the balances are the ledger's and what the account held beside
once      no name was accepted twice, no decision traded over its plan, nothing of what a reset wiped bought twice
there     where nothing is refused for good, the targets are reached by the day after
home      the way back, when nothing goes wrong any more, leaves nothing behind, but coins whose market has left
said      what was not traded of a plan is in the journal, with its reason
bounded   requests and orders are few, and the run comes to its end
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from engine.core.events import (
    Event,
    OrderCancelled,
    OrderPlanned,
    OrderRejected,
    OrderSent,
    OrderSkipped,
    OrderUnresolved,
    OrderWaits,
)
from engine.core.money import ZERO
from engine.core.order import Order, Side
from engine.journal.sqlite import JOURNAL_FILE
from engine.journal.verification import verify_journal
from engine.practice.orders import PracticeTrade
from engine.record.projections import booked_fills, decided_days
from tests.support.disturbed import ASSETS, BARS, END, PRICES, QUIET, Outcome
from tests.support.pair_cells import Script

MOST_REQUESTS, MOST_ORDERS = 4000, 700
PASSABLE = ("none", "delisted, neither", "tiny pieces, held", "tiny pieces, targeted")
LEAST_WEIGHT = Decimal("0.45")
LARGEST_STEP = Decimal("0.001")
"""Base units; of the lots of those coins in which fees are paid."""
HOME_TOLERANCE = Decimal("0.02")
FEE_SHARE = Decimal("0.01")
LEAST_BOUGHT = Decimal(150)
"""USDT; what buying back may come to beyond what was missing: what fees were expected to take, some least orders."""
NEW_NAMES = {"ETH": "ETHX", "SOL": "SOLX"}
Decision = tuple[date, str, Side]


def pair_problems(outcome: Outcome, undisturbed: Outcome, script: Script) -> Iterator[str]:
    """Give what does not hold, in words."""
    yield from outcome.problems
    if outcome.lives[-1].ending != "done":
        yield f"ended: {outcome.lives[-1].error}"
        return
    yield from _decided(outcome, undisturbed)
    yield from _booked(outcome, script)
    yield from _balanced(outcome, script)
    yield from _once(outcome, script)
    yield from _there(outcome, script)
    yield from _home(outcome, script)
    yield from _said(outcome)
    yield from _bounded(outcome, script)


def _decided(outcome: Outcome, undisturbed: Outcome) -> Iterator[str]:
    days, reference = (
        [(day.day, day.state, day.targets, day.changed) for day in decided_days(each.events)]
        for each in (outcome, undisturbed)
    )
    if days != reference:
        yield f"decided {days}, without disturbance {reference}"


def _booked(outcome: Outcome, script: Script) -> Iterator[str]:
    fills = booked_fills(outcome.events)
    # A journal that was put back books what it does not know to have sent.
    ours = {*_our_names(outcome.events), *(fill.client_order_id for fill in fills)}
    traded = {
        (order.client_order_id, str(trade.trade_id)): _terms(trade)
        for order in outcome.orders
        if order.client_order_id in ours
        for trade in order.trades
    }
    booked = {
        (fill.client_order_id, fill.trade_id): (fill.quantity, fill.price, fill.fee, fill.fee_asset) for fill in fills
    }
    if len(booked) != len(fills):
        yield "an execution is booked twice"
    if lost := {name: terms for name, terms in traded.items() if booked.get(name) != terms}:
        yield f"traded, and not booked so: {lost}"
    if not script.was_reset and (invented := booked.keys() - traded.keys()):
        yield f"booked, and not traded: {invented}"


def _balanced(outcome: Outcome, script: Script) -> Iterator[str]:
    ledger, before = outcome.standing.ledger, outcome.before
    balances = outcome.exchange.balances()
    for old, new in NEW_NAMES.items():
        balances[old] += balances.get(new, ZERO)
    for asset, held in balances.items():
        if asset not in ("USDT", *ASSETS, "BNB"):
            continue
        ours = ledger.held(asset) + ledger.outside.get(asset, ZERO)
        first = outcome.first_balances[asset] + outcome.first_balances.get(NEW_NAMES.get(asset, ""), ZERO)
        beside = first - before.held(asset)
        if not script.was_reset and held - ours != beside:
            yield f"the exchange holds {held} {asset}, the ledger says {ours} beside {beside}"
        if script.was_reset and not script.has_left(asset) and _is_restored(outcome) and held < ledger.held(asset):
            yield f"the exchange holds {held} {asset}, the ledger {ledger.held(asset)}"


def _is_restored(outcome: Outcome) -> bool:
    return not outcome.standing.orders.restoring


def _once(outcome: Outcome, script: Script) -> Iterator[str]:
    names = Counter([*script.accepted_before, *(order.client_order_id for order in outcome.orders)])
    if twice := [name for name, count in names.items() if count > 1]:
        yield f"accepted twice: {twice}"
    planned = _planned(outcome.events)
    for decision, quantity in _executed(outcome).items():
        # The plan of a journal that was put back is of what is left by then.
        if script.cell["journal"] != "put back" and quantity > planned.get(decision, ZERO):
            yield f"{decision}: {quantity} were traded, {planned.get(decision)} planned"
    if script.was_reset:
        own = Decimal(script.cell["own"])
        for asset, price in PRICES.items():
            bought = outcome.exchange.balances()[asset] - own
            most = outcome.standing.ledger.held(asset) * (1 + FEE_SHARE) + LEAST_BOUGHT / Decimal(str(price))
            if bought > most:
                yield f"bought {bought} {asset} since the reset, and holds {outcome.standing.ledger.held(asset)}"


def _there(outcome: Outcome, script: Script) -> Iterator[str]:
    if script.is_refused or script.cell["market"] not in PASSABLE:
        return
    if QUIET not in outcome.ledgers:
        yield f"ended again and again on the day after it was decided: {[life.error for life in outcome.lives]}"
        return
    ledger = outcome.ledgers[QUIET]
    closes = {asset: Decimal(repr(float(bars.close[QUIET]))) for asset, bars in BARS.items()}
    for asset in ("SOL", "XRP"):
        weight = ledger.quantity(asset) * closes[asset] / ledger.equity(closes)
        if weight < LEAST_WEIGHT:
            yield f"holds {weight:.3f} of {asset} a day after it was decided: {ledger}"


def _home(outcome: Outcome, script: Script) -> Iterator[str]:
    ledger = outcome.standing.ledger
    closes = {asset: Decimal(repr(float(bars.close[END]))) for asset, bars in BARS.items()}
    weight = ledger.quantity("BTC") * closes["BTC"] / ledger.equity(closes)
    if not any(map(script.has_left, ASSETS)) and abs(weight - Decimal("0.99")) > HOME_TOLERANCE:
        yield f"holds {weight:.3f} of BTC in the end: {ledger}"


def _said(outcome: Outcome) -> Iterator[str]:
    executed = _all_booked(outcome.events)
    kinds = (OrderRejected, OrderCancelled, OrderWaits, OrderUnresolved)
    said = {_decision(event.order) for event in outcome.events if isinstance(event, kinds)}
    said |= {(each.day, each.asset, each.side) for each in outcome.events if isinstance(each, OrderSkipped)}
    short = {
        decision: rest
        for decision, planned in _planned(outcome.events).items()
        if (rest := planned - executed[decision]) > ZERO
    }
    days_short_of_cash = {day for day, _, side in short if side is Side.SELL}
    for decision, rest in short.items():
        day, asset, side = decision
        if rest <= _fees_in(asset, outcome.events) + LARGEST_STEP:
            # It was cut to what fees in the coin had left of it.
            continue
        is_small = rest * Decimal(str(PRICES[asset])) < LEAST_BOUGHT or day in days_short_of_cash
        if decision not in said and not (side is Side.BUY and is_small):
            yield f"{decision}: {rest} were not traded, and nothing says why"


def _fees_in(asset: str, events: Sequence[Event]) -> Decimal:
    """Add up the fees that were taken in a coin, of what was sold of it too: they leave less of it to be sold."""
    fills = [fill for fill in booked_fills(events) if fill.fee_asset == asset]
    return sum((fill.fee for fill in fills if fill.asset != asset or fill.side is Side.SELL), ZERO)


def _bounded(outcome: Outcome, script: Script) -> Iterator[str]:
    if script.requests > MOST_REQUESTS or script.orders > MOST_ORDERS:
        yield f"{script.requests} requests, {script.orders} orders"
    found = verify_journal(outcome.folder / JOURNAL_FILE)
    if found.broken is not None:
        yield f"the journal does not verify: {found}"


def _terms(trade: PracticeTrade) -> tuple[Decimal, Decimal, Decimal, str]:
    return trade.quantity, trade.price, trade.commission, trade.commission_asset


def _our_names(events: Sequence[Event]) -> Mapping[str, Order]:
    return {each.order.client_order_id: each.order for each in events if isinstance(each, OrderSent)}


def _decision(order: Order) -> Decision:
    return order.decision_day, order.asset, order.side


def _planned(events: Sequence[Event]) -> dict[Decision, Decimal]:
    planned: defaultdict[Decision, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, OrderPlanned) and event.order.attempt == 1 and not event.order.restores:
            planned[_decision(event.order)] += event.order.quantity
    return planned


def _executed(outcome: Outcome) -> dict[Decision, Decimal]:
    """Add up what the exchange has executed for each decision since its last reset."""
    named = _our_names(outcome.events)
    executed: defaultdict[Decision, Decimal] = defaultdict(Decimal)
    for order in outcome.orders:
        if order.client_order_id in named and not named[order.client_order_id].restores:
            executed[_decision(named[order.client_order_id])] += order.executed
    return executed


def _all_booked(events: Sequence[Event]) -> defaultdict[Decision, Decimal]:
    executed: defaultdict[Decision, Decimal] = defaultdict(Decimal)
    for fill in booked_fills(events):
        if not fill.restores:
            executed[fill.decision_day, fill.asset, fill.side] += fill.quantity
    return executed
