"""The fills of one change of targets in two runs, carried into the gaps between the accounts.

What both executed is led over from one run to the other as orders are: what the backtest ordered and did not get, the
gap between the orders, what the live run ordered and did not get. A price is led over from the backtest's to that of
the live instant by the same rule, and from there to what was paid.

Worked example, an order that expired in part: both runs order 10 ETH. The backtest gets 10 at 100.05, the live run 4 at
100.05 and, an attempt later, 5.96 at 101; the rest of 0.04 is worth 4.04, less than the exchange accepts, and stays.
The backtest holds 0.04 more, by filter rounding, and has 4 * 100.05 + 5.96 * 101 - 10 * 100.05 = 1.66 more in cash:
5.96 * 0.95 = 5.662 by the instant of the later attempt, less 0.04 * 100.05 = 4.002 that went with the coins.
"""

from collections.abc import Sequence
from decimal import Decimal

from engine.analysis.comparison.books import Books
from engine.analysis.comparison.differences import Cause, Difference
from engine.analysis.comparison.exchange_model import mark_at
from engine.analysis.comparison.gaps import add
from engine.analysis.comparison.policy import OrderPair
from engine.analysis.comparison.steps import SIGNS, BookedFill, signed
from engine.core.money import EXACT, ONE, ZERO, floor_to_step, plain, sizing
from engine.core.order import Fill, Side

MOST_FEE = 0.01
"""Of the notional: no venue here takes more."""
BEYOND_THE_MARKET = 0.1
"""By how much a fill may be off the real market's price at that moment: a test network's book is thin."""
BEYOND_THE_BAR = 0.01
"""By how much a fill may be outside its day's low and high: the spread, and bars that are another venue's."""


def book_fills(books: Books, pair: OrderPair) -> None:
    """Book what both runs executed of one asset for one change of targets, and put it into the pair."""
    mine, other = pair.executions
    fault = next(iter(books.policy.faults.get((pair.day, pair.asset), ())), None)
    bought, live_bought = (signed(each.fill for each in run) for run in pair.executions)
    price = average(mine) or average(other)
    pair.executed.update(pair.planned)
    _book_short_in_backtest(books, pair, bought - pair.quantity)
    if pair.theirs and live_bought != pair.live_quantity:
        cause, words = books.policy.why_short(pair, pair.theirs, live_bought)
        add(pair.executed, fault or books.found(pair.day, "fill", cause, words), pair.live_quantity - live_bought)
    fee = float(sum(each.fill.fee for each in mine))
    rate = fee / (abs(bought) * price) if bought else float(books.planner.costs.commission)
    # A fee goes by the size of a trade; where one run buys what the other sells, by the difference of sizes.
    more = bought - live_bought
    turn = (abs(bought) - abs(live_bought)) / more if more else 0.0
    for origin, amount in pair.executed.items():
        books.gaps.add_held(pair.asset, origin, amount)
        add(books.gaps.cash, origin, -amount * price * (1 + rate * turn))
    for each in other:
        _book_price(books, pair, each.fill, price=price if bought else None, rate=rate, fault=fault)
    if other:
        _book_fees(books, pair.asset, other, rate=rate, fault=fault)


def _book_short_in_backtest(books: Books, pair: OrderPair, short: float) -> None:
    """Book what the backtest ordered and did not execute; its record proves why."""
    step, done, asset = pair.ours, pair.executions[0], pair.asset
    if step and short:
        held_up = any(each.asset == asset for each in step.mishaps) or asset not in step.sent
        is_proven = held_up or (bool(done) and _is_cut(books, done[-1]))
        cause = (Cause.PRICE if done else Cause.TIMING) if is_proven else None
        why = "cut to the cash" if done else "waits for a bar, or its cash"
        add(pair.executed, books.found(pair.day, "order", cause, f"{asset} {why} in the backtest"), short)


def _is_cut(books: Books, done: BookedFill) -> bool:
    """Tell whether a buy of the backtest is what its rule makes of the cash there was."""
    fill, planner = done.fill, books.planner
    with sizing():
        most = done.before.cash / (fill.price * (ONE + planner.costs.commission))
    return fill.side is Side.BUY and fill.quantity == floor_to_step(most, planner.instruments[fill.asset].lot_step)


def _book_price(
    books: Books, pair: OrderPair, fill: Fill, *, price: float | None, rate: float, fault: Difference | None
) -> None:
    """Part the difference in price: what comes of the instant, of the venue, and of nothing that is known.

    Args:
        price: the backtest's; None where it has none, and the price is part of what the decision came to.
    """
    day, quantity, paid = fill.at.date(), float(fill.quantity), float(fill.price)
    is_product = EXACT.multiply(fill.quantity, fill.price) == fill.notional or not quantity
    on_record = paid if is_product else float(fill.notional) / quantity
    mark = fill.market_price if Cause.BASIS in books.policy.causes else None
    low, high = _range(books, fill, mark)
    is_judged = (pair.day, pair.asset) in books.policy.faults
    believed = paid if is_judged else min(max(paid, low), high)
    ours = believed if price is None else price
    at_instant = ours if price is None else _price_at(books, fill, mark) or ours
    # A fill that something held up is late because of that; buys wait for the sells before them.
    befell = pair.theirs.mishaps if pair.theirs and Cause.INCIDENT in books.policy.causes else ()
    held_up = any(each.asset == fill.asset or fill.side is Side.BUY for each in befell)
    when = Cause.INCIDENT if held_up else Cause.TIMING
    beside = f"by the day's bar {at_instant:.8g}" if mark is None else f"on the market {plain(mark)}"
    beyond = f"the day's bar is from {low:.8g} to {high:.8g}" if mark is None else f"the market was at {plain(mark)}"
    sign, words = SIGNS[fill.side], f"{fill.side} {fill.asset} at {plain(fill.price)}"
    for before, after, by, cause, what in (
        (ours, at_instant, None, when, f", in the backtest {ours:.8g}: the instant"),
        (at_instant, believed, fault, Cause.PRICE if mark is None else Cause.BASIS, f", {beside}"),
        (believed, paid, fault, None, f": {beyond}"),
        (paid, on_record, fault, None, f": comes to {plain(fill.notional)} on record"),
    ):
        if before != after:
            origin = by or books.found(day, "fill", cause, words + what)
            add(books.gaps.cash, origin, quantity * (sign + rate) * (after - before))


def _price_at(books: Books, fill: Fill, mark: Decimal | None) -> float | None:
    """Give the price that the backtest's rule makes of the fill's instant; None on a day without a bar."""
    if mark is None and fill.asset in books.history.series:
        mark = mark_at(books.history[fill.asset], fill.at)
    slippage = SIGNS[fill.side] * books.planner.costs.slippage
    with sizing():
        return None if mark is None else float(mark * (ONE + slippage))


def _range(books: Books, fill: Fill, mark: Decimal | None) -> tuple[float, float]:
    """Give the prices between which a fill may be: around the market's where it is on record, else around the bar."""
    if mark is not None:
        return float(mark) * (1 - BEYOND_THE_MARKET), float(mark) * (1 + BEYOND_THE_MARKET)
    bars = books.history.series.get(fill.asset)
    position = None if bars is None else bars.position_on(fill.at.date())
    if bars is None or position is None:
        return float(fill.price), float(fill.price)
    beyond = BEYOND_THE_BAR + float(books.planner.costs.slippage)
    return float(bars.low[position]) * (1 - beyond), float(bars.high[position]) * (1 + beyond)


def _book_fees(
    books: Books, asset: str, executions: Sequence[BookedFill], *, rate: float, fault: Difference | None
) -> None:
    cash, held = changes_of(executions)
    notional = float(sum(done.fill.notional for done in executions))
    traded = float(sum(done.fill.quantity for done in executions))
    fill = executions[0].fill
    taken = -cash - float(sum(SIGNS[done.fill.side] * done.fill.notional for done in executions))
    coins = {name: -change for name, change in held.items()}
    coins[asset] = coins.get(asset, 0.0) + signed(done.fill for done in executions)
    words = f"{fill.side} {asset}: fee in {', '.join(dict.fromkeys(each.fill.fee_asset for each in executions))}"
    size = taken + coins[asset] * notional / traded
    cause = Cause.FEES if abs(size) <= MOST_FEE * notional else None
    origin = fault or books.found(fill.at.date(), "fill", cause, words)
    add(books.gaps.cash, origin, taken - rate * notional)
    for name, amount in coins.items():
        books.gaps.add_held(name, origin, amount)


def changes_of(executions: Sequence[BookedFill]) -> tuple[float, dict[str, float]]:
    """Give what executions changed: in cash, and in each holding."""
    cash = ZERO
    held: dict[str, Decimal] = {}
    for each in executions:
        cash += each.after.cash - each.before.cash
        for asset in dict.fromkeys((*each.before.positions, *each.after.positions)):
            change = each.after.quantity(asset) - each.before.quantity(asset)
            held[asset] = held.get(asset, ZERO) + change
    return float(cash), {asset: float(change) for asset, change in held.items() if change}


def average(executions: Sequence[BookedFill]) -> float:
    """Give the average price; 0 of nothing."""
    prices = {each.fill.price for each in executions}
    if len(prices) == 1:
        return float(prices.pop())
    quantity = float(sum(each.fill.quantity for each in executions))
    return sum(float(each.fill.quantity * each.fill.price) for each in executions) / quantity if quantity else 0.0
