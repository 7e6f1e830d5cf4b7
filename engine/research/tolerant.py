"""A real run against the backtest of its days: what no record accounts for is unexplained.

It met prices that no bar tells, by rules of then that are not on record, so its fills are facts. A day decided
otherwise is decided again with one thing changed; an order has to be what the planner makes of the account on record,
on the coarsest lot step that all orders and the reasons of those not planned allow; a fill has to be of the market of
its day.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from engine.core.events import OrderSkipped
from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.money import plain
from engine.core.order import Order, Side
from engine.core.planner import Plan, Planner, least_of, minimum_of
from engine.research.decisions import ComparedDecisions, Mind, compare_decisions
from engine.research.differences import Cause, Difference
from engine.research.fills import average
from engine.research.gaps import Amounts
from engine.research.policy import Pair
from engine.research.steps import Evening, Execution, RunSteps, Step

CAUSES = tuple(Cause)
QUIET_CAUSES = (Cause.FILTERS, Cause.PRICE, Cause.FEES, Cause.TIMING, Cause.BASIS)
"""Differences of these are not worth a line where they cost nothing."""
SMALLEST = Decimal("0.00000001")
"""The lot step of an asset of which neither an order nor today's rules tell any."""
MOST_LEFT = 0.01
"""Of the cash that buys were cut to, a venue leaves less than this: commission, a margin for the ask, lot steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerant:
    """The policy for a run on a real venue.

    Attributes:
        live: the run.
        minds: what may have decided, the present one first.
        backtest_planner: of today; costs_at: those that the live run planned with at a place of its journal.
        lot_steps: of the live run's orders, by asset.
    """

    live: RunSteps
    minds: Sequence[Mind]
    backtest_planner: Planner
    costs_at: Callable[[int], Costs]
    lot_steps: Mapping[str, Decimal]
    causes: Collection[Cause] = CAUSES

    def decisions(self, ours: Sequence[Evening], theirs: Sequence[Evening]) -> ComparedDecisions:
        """Decide again what was decided otherwise."""
        return compare_decisions(ours, theirs, minds=self.minds)

    def misfits(self, live: RunSteps) -> Iterable[Difference]:
        """Say where the record stops to agree with itself, once, and what it comes to at the end."""
        said = False
        for evening in live.evenings:
            decided, ledger = evening.decided, evening.ledger
            is_last, closes = evening is live.evenings[-1], decided.closes
            is_marked = all(asset in closes for asset in ledger.positions)
            worth = ledger.equity(closes) if is_marked else decided.equity
            for name, has, due in (("cash", decided.cash, ledger.cash), ("equity", decided.equity, worth)):
                if has != due and (not said or (is_last and name == "equity")):
                    said = True
                    words = f"the {name} on record is {plain(has)}, and its fills come to {plain(due)}"
                    cost = float(has - due) if is_last and name == "equity" else 0.0
                    yield Difference(day=decided.day, kind="account", what=words, cause=None, cost=cost)

    def sized(self, step: Step) -> Evening | None:
        """Give the evening of its orders; a day that was missed plans none, and the last one's are not compared."""
        return None if step.sized is self.live.evenings[-1] else step.sized

    def planner(self, step: Step) -> Planner:
        """Give a planner on the lot steps and the minimum notionals that the record shows."""
        least = {each.asset: minimum_of(each.message) for each in step.skipped}
        instruments = dict(self.backtest_planner.instruments)
        for asset in {*instruments, *self.lot_steps, *step.decided.targets, *step.evening.ledger.positions}:
            today = instruments.get(asset) or Instrument(symbol=asset, lot_step=SMALLEST, minimum_notional=SMALLEST)
            instruments[asset] = replace(
                today,
                lot_step=self.lot_steps.get(asset, today.lot_step),
                minimum_notional=least.get(asset) or today.minimum_notional,
                maximum_quantity=None,
            )
        sized = step.sized or step.evening
        return replace(self.backtest_planner, instruments=instruments, costs=self.costs_at(sized.place))

    def plan_fault(self, step: Step, plan: Plan) -> str:  # noqa: ARG002 - quantities alone count
        """Find no fault but with quantities."""
        return ""

    def fill_faults(self, pair: Pair) -> Iterable[tuple[date, str]]:  # noqa: ARG002 - a fill is a fact
        """Take fills as they are."""
        return ()

    def why_short(self, pair: Pair, step: Step, *, done: float) -> tuple[Cause | None, str]:
        """Say why the live run executed something else than it ordered, by what is on record."""
        asset, ordered = pair.asset, pair.live_quantity
        words = f"{asset}: {abs(done):.8g} of {abs(ordered):.8g} executed live"
        executions = pair.executions[1]
        price = average(executions) or average(pair.executions[0]) or float(step.decided.closes.get(asset, 0))
        instrument = self.backtest_planner.instruments.get(asset)
        befell = [each for each in step.incidents if each.asset == asset]
        if done * ordered < 0 or abs(done) > abs(ordered) + float(step.again.get(asset, 0)):
            return None, words
        if instrument and 0 < abs(ordered - done) * price <= float(instrument.minimum_notional):
            return Cause.FILTERS, f"{words}; the rest is below the minimum notional"
        if befell:
            return Cause.INCIDENT, f"{words}; {befell[-1].what}"
        if asset not in step.sent:
            cause = Cause.TIMING if step.sized in self.live.evenings[-2:] else None
            cause = Cause.INCIDENT if step.incidents else cause
            return cause, f"{words}; {'not sent yet' if cause else 'never sent'}"
        if executions and ordered > 0 and _are_cut_to_cash(step.executions):
            return Cause.PRICE, f"{words}; cut to the cash"
        return None, words

    def effects(self, pair: Pair) -> Iterable[Difference]:  # noqa: ARG002 - what follows is in the cost of its origin
        """List no effects."""
        return ()

    def equity_effects(self, ours: Evening, theirs: Evening, gap: Amounts) -> Iterable[Difference]:  # noqa: ARG002
        """List no effects."""
        return ()

    def listed(
        self,
        origins: Sequence[Difference],
        effects: Sequence[Difference],  # noqa: ARG002 - there are none
        *,
        nothing: float,
    ) -> Sequence[Difference]:
        """List the origins, newest first; what every order has a trace of, where it cost something."""
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


def _are_cut_to_cash(executions: Sequence[Execution]) -> bool:
    """Tell whether the buys of a change of targets used up the cash, which they share where it is short."""
    buys = [each for each in executions if each.fill.side is Side.BUY]
    return float(buys[-1].after.cash) <= MOST_LEFT * float(buys[0].before.cash)
