"""History through the live path against the backtest: in a laboratory the exchange's rules are known to the digit.

A decision must be equal to the letter. One that looks at what is held (drift, an exit by the equity) may be another
where the accounts differ, if it comes out again, to the letter, of the live run's own. For money a tolerance would be a
hole: the live run's orders must be what the shared planner makes of the live run's own account, its fills what the
exchange's rules make of these orders, and its equity what its fills add up to, each exactly. What is not so is
unexplained. What is so and yet differs from the backtest goes back to rules that differ, and is listed as it shows,
with its main cause.

Worked example, where two fills of one order differ by three rules: the backtest buys 9.94 BTC at its open of 100 and
pays 0.994 USDT. The live run buys 60 seconds later, when the line to a close of 144 is at 100.030555; its book's ask is
on the tick above, 100.04, and 0.00994 BTC are taken. 3.06 basis points are the instant's, 0.94 the tick's, 10 the
fee's; each is a row, and each has its amount: cash of 9.94 * 0.030555, cash of 9.94 * 0.009445, and 0.00994 BTC against
0.994 USDT.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal

from engine.analysis.comparison.decisions import ComparedDecisions, Mind, Remembered, redecided
from engine.analysis.comparison.delistings import is_held_up, sold_until, without
from engine.analysis.comparison.differences import BASIS_POINTS, LABORATORY_CAUSES, Cause, Difference
from engine.analysis.comparison.exchange_model import ExchangeModel, ExpectedFill
from engine.analysis.comparison.fills import average
from engine.analysis.comparison.gaps import by_cause, main_cause
from engine.analysis.comparison.policy import OrderPair, Policy, Worth, account_misfits
from engine.analysis.comparison.steps import Attempt, BookedFill, Evening, RunSteps, Step, paired, signed
from engine.core.events import DayDecided
from engine.core.market import PRICES, History
from engine.core.money import ZERO, decimal_of, plain
from engine.core.order import Order, Side
from engine.core.planner import Plan, Planner
from engine.core.strategy import CASH

MONEY = ("equity", "cash", "closes")
"""What of a decision depends on the account, and is checked against the fills and the bars instead."""
OF_THE_ACCOUNT = ("rules", "marked_on")
"""What may: where it does, it must come out of the live run's own account."""


def strict(
    backtest: RunSteps, live: RunSteps, *, live_planner: Planner, model: ExchangeModel, mind: Mind | None = None
) -> Policy:
    """Give the policy for a run on the practice exchange.

    Args:
        mind: decides again what the accounts may have decided otherwise; None: nothing may be.
        live_planner: by the rules that the live run plans with.
        model: of the exchange that the live run trades on; its history is the backtest's.
    """
    decisions = _decisions(backtest, live, mind)
    judge = _Judge(backtest, live, live_planner, model, decisions)
    return Policy(
        causes=LABORATORY_CAUSES,
        decisions=decisions,
        misfits=[*judge.misfits()],
        faults=judge.faults,
        # Orders are planned with the change, and never later.
        sized=lambda step: step.evening,
        planner=lambda _: live_planner,
        why_short=judge.why_short,
        listed=judge.listed,
    )


def _decisions(backtest: RunSteps, live: RunSteps, mind: Mind | None) -> ComparedDecisions:
    """Find every field that is not equal, and days of one run only.

    What a decision makes of its account is equal where it comes out again, to the letter, of the live run's own.
    """
    compared = ComparedDecisions()
    names = [each.name for each in fields(DayDecided) if each.name not in MONEY]
    before = None if mind is None else Remembered(memory=mind.strategy.start())
    running: Difference | None = None
    for day, ours, theirs in paired(backtest.evenings, live.evenings):
        gone = sold_until(backtest, day)
        if not ours or not theirs:
            alone = "a day that the backtest did not" if theirs else "nothing on this day"
            compared.find(day, None, f"the live run decided {alone}")
            continue
        differ = [name for name in names if getattr(ours.decided, name) != getattr(theirs.decided, name)]
        for name in differ if gone else ():
            here, there = getattr(ours.decided, name), getattr(theirs.decided, name)
            if without(here, gone) == without(there, gone):
                compared.find(day, Cause.DELISTING, f"{name} is {there} live and {here} in the backtest")
                differ = [each for each in differ if each != name]
        decided = [name for name in differ if name not in OF_THE_ACCOUNT]
        if differ and mind is not None and before is not None and _comes_out(mind, theirs, before):
            if decided and running is None:
                here, there = (getattr(each.decided, decided[0]) for each in (ours, theirs))
                words = f"{decided[0]} is {there} live and {here} in the backtest: the accounts held something else"
                running = compared.find(day, Cause.STATE, words)
            elif decided and running is not None:
                compared.causes[day] = running
        else:
            for name in differ:
                here, there = getattr(ours.decided, name), getattr(theirs.decided, name)
                compared.find(day, None, f"{name} is {there} live and {here} in the backtest")
        running = running if decided else None
        before = None if before is None else before.after(theirs.decided)
    return compared


def _comes_out(mind: Mind, theirs: Evening, before: Remembered) -> bool:
    """Tell whether a decision is what the strategy makes of the live run's own account."""
    live, again = theirs.decided, redecided(mind, theirs, before)
    if again is None:
        return False
    decision = again.decision
    return (
        (live.reason, live.next_state, live.changed, live.memory)
        == (decision.reason, CASH if again.killed else decision.state.name, decision.trade, decision.state)
        and (dict(live.targets), live.wanted) == (dict(again.targets), again.wanted)
        and (live.evidence, live.rules) == (decision.evidence, decision.rules)
        and (live.state, live.planned) == (CASH if before.killed_on else before.memory.name, live.changed)
        and live.killed == again.killed
    )


class _Judge:
    def __init__(
        self,
        backtest: RunSteps,
        live: RunSteps,
        live_planner: Planner,
        model: ExchangeModel,
        decisions: ComparedDecisions,
    ) -> None:
        self._backtest, self._live, self._decisions = backtest, live, decisions
        self._planner, self._model = live_planner, model
        self._left = sold_until(backtest, date.max)
        self.faults = self._all_faults()

    def misfits(self) -> Iterator[Difference]:
        """Say of every day where equity or cash are not what the fills come to; and which orders one run cancelled."""
        worth = [
            each.ledger.equity(self._closes(each.ledger.positions, each.decided.day)) for each in self._live.evenings
        ]
        yield from account_misfits(self._live, worth, kind="equity", what="the live {}")
        ours, theirs = (
            {
                (each.day, each.order.decision_day, each.order.asset, each.order.side)
                for each in run.cancelled
                # The orders of one that counts as delisted go with it in the one run, and wait on in the other.
                if each.order.asset not in self._left
            }
            for run in (self._backtest, self._live)
        )
        for day in sorted({key[0] for key in ours ^ theirs}):
            words = "orders that still waited were cancelled in one run only"
            by = self._decisions.causes.get(day)
            yield Difference(day=day, kind="order", what=words, cause=None if by is None else by.cause)

    def _all_faults(self) -> Mapping[tuple[date, str], Sequence[Difference]]:
        """Plan the live run's orders anew, and work out what the exchange must have made of them and when."""
        faults: dict[tuple[date, str], list[Difference]] = {}
        for day, step, live in paired(self._backtest.steps, self._live.steps):
            if live is None:
                continue
            fault = self._plan_fault(live)
            if fault:
                faults[day, ""] = [Difference(day=day, kind="order", what=fault, cause=None)]
            for asset in dict.fromkeys((*live.assets, *(step.assets if step else ()))):
                faults[day, asset] = [
                    Difference(day=on, kind="fill", what=what, cause=None)
                    for on, what in self._fill_faults(asset, step, live)
                ]
        return faults

    def why_short(self, pair: OrderPair, step: Step, done: float) -> tuple[Cause | None, str]:
        """Name the rule that cut what was executed: where there is no fault, it was one."""
        ordered = pair.live_quantity
        words = f"{pair.asset}: {abs(done):.8g} of {abs(ordered):.8g} executed live"
        if abs(done) > abs(ordered) or done * ordered < 0:
            return None, words
        if done or self._is_rightly_refused(pair.asset, step):
            return (Cause.PRICE if ordered > 0 else Cause.FILTERS), f"{words}, by the rules"
        # A later change cancelled it before a bar came, in both runs.
        waited = any(each.asset == pair.asset for each in step.mishaps) and not pair.executions[0]
        return (Cause.TIMING if waited else None), words

    def listed(
        self, origins: Sequence[Difference], pairs: Sequence[OrderPair], worths: Sequence[Worth]
    ) -> Sequence[Difference]:
        """List what is unexplained, what was decided otherwise, and what is not equal of all else, by the day."""
        rows = [each for each in origins if each.cause in (None, Cause.DELISTING) or each.kind == "decision"]
        for ours, theirs, gap in worths:
            values = float(ours.decided.equity), float(theirs.decided.equity)
            rows.extend(_unequal(ours.decided.day, "equity", "", values, gap))
        for pair in pairs:
            rows.extend(
                _unequal(pair.day, "order", pair.asset, (pair.quantity, pair.live_quantity), by_cause(pair.planned))
            )
            rows.extend(self._fill_effects(pair))
        return sorted(rows, key=lambda each: each.day)

    def _plan_fault(self, step: Step) -> str:
        """Compare orders, and what was not worth one, to the letter."""
        decided, ledger, plan = step.decided, step.evening.ledger, Plan()
        if decided.changed:
            closes = self._closes({**ledger.positions, **decided.targets}, decided.day)
            plan = self._planner.plan(
                decided.targets, ledger=ledger, closes=closes, day=decided.day, reason=decided.reason
            )
        due = [*plan.sells, *plan.buys]
        skips, due_skips = (
            [(each.asset, each.side, each.quantity, each.message) for each in skipped]
            for skipped in (step.skipped, plan.skipped)
        )
        if (step.planned, skips) == (due, due_skips) and not step.again:
            return ""
        return f"the live run planned {_words(step.planned)}; its account asks for {_words(due)}"

    def _fill_faults(self, asset: str, step: Step | None, live: Step) -> Iterator[tuple[date, str]]:
        ours, theirs = step.executions_of(asset) if step else [], live.executions_of(asset)
        for done in theirs:
            fault = self._fill_fault(done)
            if fault:
                yield done.fill.at.date(), fault
        if is_held_up(live, self._left) and asset not in self._left:
            # The backtest has sold it already, so its buys wait for nothing.
            return
        days, live_days = ({done.decided_day for done in each} for each in (ours, theirs))
        if live.planned_of(asset) and not self._is_rightly_refused(asset, live):
            for fill in (done.fill for done in ours if done.decided_day not in live_days):
                yield fill.at.date(), f"{fill.side} {plain(fill.quantity)} {fill.symbol} was not executed live"
        if step and step.planned_of(asset) and not _refused(step, asset):
            for fill in (done.fill for done in theirs if done.decided_day not in days):
                words = f"live {fill.side} {plain(fill.quantity)} {fill.symbol} was not executed in the backtest then"
                yield fill.at.date(), words

    def _fill_fault(self, done: BookedFill) -> str:
        fill = done.fill
        due = self._due(done.attempt) if done.attempt else None
        if due is None:
            return f"{fill.side} {fill.symbol} was filled on a day without a bar"
        if (fill.quantity, fill.price, fill.fee, fill.fee_asset) == (due.quantity, due.price, due.fee, due.fee_asset):
            return ""
        return (
            f"live {fill.side} {plain(fill.quantity)} {fill.symbol} at {plain(fill.price)}, fee "
            f"{fill.fee} {fill.fee_asset}; by the rules {plain(due.quantity)} at {plain(due.price)}, fee "
            f"{due.fee} {due.fee_asset}"
        )

    def _due(self, attempt: Attempt) -> ExpectedFill | None:
        order = attempt.order
        alongside = [each for each in attempt.buys if each != order] if order.side is Side.BUY else []
        return self._model.fill(order, at=attempt.at, cash=attempt.before.cash, alongside=alongside)

    def _is_rightly_refused(self, asset: str, step: Step) -> bool:
        due = [self._due(each) for each in _refused(step, asset)]
        return bool(due) and not any(each is not None and each.quantity > ZERO for each in due)

    def _fill_effects(self, pair: OrderPair) -> Iterator[Difference]:
        ours, theirs = pair.executions
        if not ours and not theirs:
            return
        day = (ours or theirs)[0].fill.at.date()
        quantity, live_quantity = (signed(done.fill for done in run) for run in pair.executions)
        yield from _unequal(day, "fill", pair.asset, (quantity, live_quantity), by_cause(pair.executed))
        if not ours or not theirs or self.faults.get((pair.day, pair.asset)):
            return
        fill, live = ours[0].fill, theirs[0].fill
        words, price, live_price = f"{fill.side} {fill.asset}", average(ours), average(theirs)
        at_instant = float(self._model.price_at(fill.asset, fill.side, live.at) or price)
        for cause, before, after in ((Cause.TIMING, price, at_instant), (Cause.PRICE, at_instant, live_price)):
            if before != after:
                size = BASIS_POINTS * abs(after / before - 1)
                yield Difference(day=day, kind="fill", what=f"{words}: price", cause=cause, size=size)
        if fill.at != live.at:
            yield Difference(day=day, kind="fill", what=f"{words}: instant", cause=Cause.TIMING)
        if fill.fee_asset != live.fee_asset:
            size = BASIS_POINTS * float(sum(each.fill.fee for each in theirs)) / abs(live_quantity)
            yield Difference(day=day, kind="fill", what=f"{words}: fee", cause=Cause.FEES, size=size)

    def _closes(self, assets: Iterable[str], day: date) -> dict[str, Decimal]:
        return {asset: decimal_of(self._model.history[asset].close_at(day) or 0.0) for asset in assets}


def revisions(history: History, live_history: History, *, last_day: date) -> list[Difference]:
    """Give the bars that the live run saw otherwise than the backtest, or not at all; the size is of the close."""
    differences = []
    for symbol, live in live_history.series.items():
        bars = history[symbol]
        for position, ordinal in enumerate(bars.ordinals.tolist()):
            day = date.fromordinal(ordinal)
            if day > last_day:
                break
            at = live.position_on(day)
            if at is None or any(getattr(live, name)[at] != getattr(bars, name)[position] for name in PRICES):
                size = BASIS_POINTS * (1.0 if at is None else abs(float(live.close[at] / bars.close[position]) - 1))
                what = f"{symbol} bar"
                differences.append(Difference(day=day, kind="bar", what=what, cause=Cause.REVISION, size=size))
    return differences


def _unequal(
    day: date, kind: str, asset: str, values: tuple[float, float], amounts: Mapping[Cause | None, float]
) -> Iterator[Difference]:
    """Give the difference of two values by its main cause; what is unexplained is listed where it begins."""
    ours, theirs = values
    cause = main_cause(amounts)
    if ours != theirs and (cause or not amounts):
        what = f"{Side.BUY if (ours or theirs) > 0 else Side.SELL} {asset}" if asset else kind
        size = BASIS_POINTS * abs(theirs / ours - 1) if ours else BASIS_POINTS
        yield Difference(day=day, kind=kind, what=what, cause=cause, size=size)


def _refused(step: Step, asset: str) -> list[Attempt]:
    return [each for each in step.refused if each.order.asset == asset]


def _words(orders: Sequence[Order]) -> str:
    return ", ".join(f"{order.side} {plain(order.quantity)} {order.asset}" for order in orders) or "nothing"
