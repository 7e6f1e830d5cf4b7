"""A real run against the backtest of its days: what no record accounts for is unexplained.

It met prices that no bar tells, by rules of then that are not on record, so its fills are facts. A day decided
otherwise is decided again with one thing changed; an order has to be what the planner makes of the account on record,
on the coarsest lot step that all orders and the reasons of those not planned allow; a fill has to be of the market of
its day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from engine.analysis.comparison.decisions import Mind, compare_decisions
from engine.analysis.comparison.differences import BASIS_POINTS, Cause, Difference
from engine.analysis.comparison.fills import average
from engine.analysis.comparison.policy import OrderPair, Policy, Worth, account_misfits
from engine.analysis.comparison.steps import RunSteps, Step
from engine.core.events import OrderSkipped
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.order import Order
from engine.core.planner import Planner, least_of, minimum_of

QUIET_CAUSES = (Cause.FILTERS, Cause.PRICE, Cause.FEES, Cause.TIMING, Cause.BASIS)
"""Differences of these are not worth a line where they cost nothing."""
NOTHING_BP = 1e-6
SMALLEST = Decimal("0.00000001")
"""The lot step of an asset of which neither an order nor today's rules tell any."""
KEPT_BACK = 0.005
"""Of the cash that buys are cut to, a venue keeps less than this back: commission, and a margin for the ask."""
NEAR = 0.01
"""How near a buy that is cut is to its share of the cash: what is kept back, how deep the book was, lot steps."""


def tolerant(
    backtest: RunSteps,
    live: RunSteps,
    *,
    minds: Sequence[Mind],
    planner: Planner,
    costs_at: Callable[[int], Costs],
) -> Policy:
    """Give the policy for a run on a real venue.

    Args:
        minds: what may have decided, the present one first.
        planner: the backtest's, by today's rules.
        costs_at: gives the costs that the live run planned with at a place of its journal.
    """
    return Policy(
        causes=tuple(Cause),
        decisions=compare_decisions(backtest.evenings, live.evenings, minds=minds),
        misfits=_misfits(live),
        faults={},
        # What the last evening planned is not compared.
        sized=lambda step: None if step.sized is live.evenings[-1] else step.sized,
        planner=partial(_planner_of, planner, lot_steps_of(live), costs_at),
        why_short=partial(_why_short, live, planner),
        listed=_listed,
    )


def _misfits(live: RunSteps) -> list[Difference]:
    """Say where the record stops to agree with itself, once, and what it comes to at the end."""
    marked = ({*each.ledger.positions} <= {*each.decided.closes} for each in live.evenings)
    worth = [
        each.ledger.equity(each.decided.closes) if is_marked else each.decided.equity
        for each, is_marked in zip(live.evenings, marked, strict=True)
    ]
    misfits = list(account_misfits(live, worth, kind="account", what="the {} on record"))
    return [each for each in misfits if each is misfits[0] or each.cost]


def _planner_of(
    today: Planner, lot_steps: Mapping[str, Decimal], costs_at: Callable[[int], Costs], step: Step
) -> Planner:
    """Give a planner on the lot steps and the minimum notionals that the record shows."""
    least = {each.asset: minimum_of(each.message) for each in step.skipped}
    instruments, sized = dict(today.instruments), step.sized or step.evening
    for asset in {*instruments, *lot_steps, *step.decided.targets, *sized.ledger.positions}:
        rules = instruments.get(asset) or Instrument(symbol=asset, lot_step=SMALLEST, minimum_notional=SMALLEST)
        instruments[asset] = replace(
            rules,
            lot_step=lot_steps.get(asset, rules.lot_step),
            minimum_notional=least.get(asset) or rules.minimum_notional,
            maximum_quantity=None,
        )
    return replace(today, instruments=instruments, costs=costs_at(sized.place))


def _why_short(live: RunSteps, today: Planner, pair: OrderPair, step: Step, done: float) -> tuple[Cause | None, str]:
    """Say why the live run executed something else than it ordered, by what is on record."""
    asset, ordered, (ours, theirs) = pair.asset, pair.live_quantity, pair.executions
    words = f"{asset}: {abs(done):.8g} of {abs(ordered):.8g} executed live"
    price = average(theirs) or average(ours) or float(step.decided.closes.get(asset, 0))
    befell = [each for each in step.mishaps if each.asset == asset]
    if done * ordered < 0 or abs(done) > abs(ordered) + float(step.again.get(asset, 0)):
        return None, words
    if not befell and _is_cut_to_cash(pair, step, done):
        # Where something befell another order, the cash that it was to bring is what was short.
        return Cause.INCIDENT if step.mishaps else Cause.PRICE, f"{words}; cut to the cash"
    if asset in today.instruments and 0 < abs(ordered - done) * price <= today.instruments[asset].minimum_notional:
        return Cause.FILTERS, f"{words}; the rest is below the minimum notional"
    if befell:
        return Cause.INCIDENT, f"{words}; {befell[-1].what}"
    if asset not in step.sent:
        cause = Cause.TIMING if step.sized in live.evenings[-2:] else None
        cause = Cause.INCIDENT if step.mishaps else cause
        return cause, f"{words}; {'not sent yet' if cause else 'never sent'}"
    return None, words


def _is_cut_to_cash(pair: OrderPair, step: Step, done: float) -> bool:
    """Tell whether a buy is what the cash paid for when it was too little, alone or for all the buys that were open."""
    first = next(iter(pair.executions[1]), None)
    if first is None or first.attempt is None or pair.live_quantity <= 0:
        return False
    closes, cash = step.decided.closes, float(first.before.cash)
    prices = {each.asset: average(step.executions_of(each.asset)) for each in first.attempt.buys}
    wanted = [
        float(each.quantity) * (prices[each.asset] or float(closes.get(each.asset, 0))) for each in first.attempt.buys
    ]
    alone = pair.live_quantity * prices.get(pair.asset, 0.0)
    return any(
        cost * (1 + KEPT_BACK) > cash and abs(done / pair.live_quantity * cost - cash) <= NEAR * cash
        for cost in (alone, sum(wanted))
    )


def _listed(
    origins: Sequence[Difference],
    pairs: Sequence[OrderPair],  # noqa: ARG001 - what follows from an origin is in its cost
    worths: Sequence[Worth],
) -> Sequence[Difference]:
    """List the origins, newest first; what every order has a trace of, where it cost something."""
    nothing = NOTHING_BP * float(worths[-1][0].decided.equity) / BASIS_POINTS if worths else 0.0
    worth = [each for each in origins if each.cause not in QUIET_CAUSES or abs(each.cost) > nothing]
    return sorted(worth, key=lambda each: each.day, reverse=True)


def lot_steps_of(live: RunSteps) -> dict[str, Decimal]:
    """Give, by asset, the coarsest power of ten that all quantities ordered are multiples of.

    The venue's rules of then are not on record; its lot step is this or finer. Where every quantity of a finer step is
    a multiple of this, rounding down to either comes to the same.
    """
    steps: dict[str, Decimal] = {}
    for step in live.steps:
        traded: list[Order | OrderSkipped] = [*step.planned, *step.skipped]
        for each in traded:
            shown = Decimal(1).scaleb(int(each.quantity.normalize().as_tuple().exponent)) if each.quantity else None
            if isinstance(each, OrderSkipped):
                shown = shown or least_of(each.message)
            if shown:
                steps[each.asset] = min(shown, steps.get(each.asset, shown))
    return steps
