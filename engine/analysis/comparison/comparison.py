"""A live run and the backtest of its days: every difference with its cause and what it cost.

Both journals are cut into steps, and the gap between the two accounts is kept in amounts by difference, in cash and in
each holding, carried on by the linear rules of sizing: whatever happens, the amounts add up to the gap. How strict it
is, a policy says: which differences count, which causes may explain, what is known of the live run's exchange.

Nothing is attributed by what is left over. A cause is named where its amount is worked out, or where an event on record
says so; the rest is unexplained, is listed and has its cost.

Worked example, where a reset lies between two changes of targets. A lot step has left the live run 0.4 ETH that the
backtest sold at 10; the exchange is reset, and they are written off. Then both buy ETH for half of their equity, at 10:
the backtest 500 with 10,000, the live run 499.8 with 9,996. The loss is booked where it stands in the journal, before
that change is sized, so the 0.2 are found whole. By the lot step the live run buys 0.4 less, since these coins were in
hand; by the reset 0.2 more, since they are gone, and half of what they were worth is not wanted any more.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.analysis.comparison.books import Books
from engine.analysis.comparison.delistings import book_sale, sales_in_books
from engine.analysis.comparison.differences import BASIS_POINTS, Attribution, Cause, Difference
from engine.analysis.comparison.fills import book_fills, changes_of
from engine.analysis.comparison.gaps import add, by_cause
from engine.analysis.comparison.orders import closes_seen, order_pairs
from engine.analysis.comparison.policy import OrderPair, Policy, Worth
from engine.analysis.comparison.steps import BookedFill, Mishap, RunSteps, Step, paired
from engine.core.market import History
from engine.core.money import decimal_of, plain
from engine.core.planner import Planner

NOISE_BP = 1e-5
"""Floats do not add up to the last digit; a rest beyond this is no rounding."""


def compare(backtest: RunSteps, live: RunSteps, *, history: History, planner: Planner, policy: Policy) -> Attribution:
    """Attribute the differences between two runs that began with the same account.

    Args:
        history: today's bars, those of the backtest.
        planner: the backtest's.

    Raises:
        ValueError: a run has decided nothing.
    """
    if not backtest.evenings or not live.evenings:
        raise ValueError("a run without decisions has nothing to be compared")
    books = Books(backtest, live, history=history, planner=planner, policy=policy)
    beside: list[BookedFill | Mishap] = [*live.strays, *(each for each in live.mishaps if each.loss)]
    beside.sort(key=lambda each: each.place)
    pairs: list[OrderPair] = []
    worths: list[Worth] = []
    steps = {day: ((backtest, ours), (live, theirs)) for day, ours, theirs in paired(backtest.steps, live.steps)}
    sales = sales_in_books(backtest)
    for day, ours, theirs in paired(backtest.evenings, live.evenings):
        while sales and sales[0].fill.decision_day <= day:
            # At the close of its day, before that is valued.
            book_sale(books, sales.pop(0))
        if ours and theirs:
            worths.append((ours, theirs, by_cause(books.gaps.equity(books.closes(day)))))
        if day in steps:
            pairs.extend(_book_day(books, day, steps[day], beside))
    for each in beside:
        _book_beside(books, each)
    if Cause.INCIDENT in policy.causes:
        books.origins.update((_origin(books, each), None) for each in live.mishaps)
    books.origins.update(dict.fromkeys(policy.misfits))
    last, costs = backtest.evenings[-1].decided, _costs(books, backtest, live)
    origins = [replace(each, cost=costs.get(each, 0.0)) for each in dict.fromkeys((*books.origins, *costs))]
    return Attribution(
        first_day=backtest.evenings[0].decided.day,
        last_day=last.day,
        days=len(backtest.evenings),
        orders=len(pairs),
        fills=sum(any(pair.executions) for pair in pairs),
        equity=last.equity,
        live_equity=live.evenings[-1].decided.equity,
        differences=policy.listed(origins, pairs, worths),
        costs=by_cause({each: each.cost for each in origins}),
        evidence=policy.decisions.evidence,
    )


def _book_day(
    books: Books, day: date, sides: Sequence[tuple[RunSteps, Step | None]], beside: list[BookedFill | Mishap]
) -> Sequence[OrderPair]:
    """Book the change of targets of a day, and before it what happened beside the orders until it was sized."""
    ours, theirs = (step for _, step in sides)
    while theirs and beside and beside[0].place < (theirs.sized or theirs.evening).place:
        _book_beside(books, beside.pop(0))
    pairs = order_pairs(books, day, ours, theirs)
    # What the last evening planned could not be executed yet.
    if any(step and step.evening is not run.evenings[-1] for run, step in sides):
        for pair in pairs:
            book_fills(books, pair)
    return pairs


def _costs(books: Books, backtest: RunSteps, live: RunSteps) -> dict[Difference, float]:
    """Give what each difference cost at the last close; what they do not add up to is one more."""
    last, live_last = backtest.evenings[-1].decided, live.evenings[-1]
    closes = books.closes(last.day)
    costs = {origin: -amount for origin, amount in books.gaps.equity(closes).items()}
    for misfit in books.policy.misfits:
        add(costs, misfit, misfit.cost)
    seen, revised = closes_seen(live_last, closes), books.revised.get(last.day, {})
    for asset, held in live_last.ledger.positions.items():
        worth = float(held * (seen[asset] - decimal_of(closes[asset])))
        if worth:
            crumbs = f"{asset}: too little to be sold, and marked otherwise"
            add(costs, revised.get(asset) or books.found(last.day, "bar", Cause.REVISION, crumbs), worth)
    rest = float(live_last.decided.equity - last.equity) - sum(costs.values())
    if abs(rest) * BASIS_POINTS > NOISE_BP * float(last.equity):
        add(costs, books.found(last.day, "equity", None, "what is left of the gap"), rest)
    return costs


def _book_beside(books: Books, each: BookedFill | Mishap) -> None:
    """Book what moved the live account beside its orders: fills of none, and what a reset took."""
    if isinstance(each, Mishap):
        books.gaps.add_held(each.asset, _origin(books, each), float(each.loss))
        return
    fill = each.fill
    if fill.restores:
        words, cause = f"fee of {plain(fill.fee)} {fill.fee_asset} for buying back after a reset", Cause.INCIDENT
    else:
        words = f"{fill.side} {plain(fill.quantity)} {fill.asset} at {plain(fill.price)}: no such order was sent"
        cause = None
    origin = books.found(fill.at.date(), "fill", cause, words)
    cash, held = changes_of([each])
    add(books.gaps.cash, origin, -cash)
    for asset, change in held.items():
        books.gaps.add_held(asset, origin, -change)


def _origin(books: Books, each: Mishap) -> Difference:
    cause = Cause.INCIDENT if Cause.INCIDENT in books.policy.causes else None
    return Difference(day=each.day, kind="order" if each.asset else "account", cause=cause, what=each.what)
