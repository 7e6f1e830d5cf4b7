"""A live run and the backtest of its days: every difference with its cause and what it cost.

Both journals are cut into steps, and the gap between the two accounts is kept in amounts by difference, in cash and in
each holding, carried on by the linear rules of sizing: whatever happens, the amounts add up to the gap. How strict it
is, a policy says: which differences count, which causes may explain, what is known of the live run's exchange.

Nothing is attributed by what is left over. A cause is named where its amount is worked out, or where an event on record
says so; the rest is unexplained, is listed and has its cost.

Worked example, where a reset lies between two changes of targets. The live run holds 0.00004 BTC as crumbs, the
exchange is reset, and they are written off, since they are too little to be bought back. On the next change the
backtest wants 0.00004 BTC less than the live run, which has none. The loss is an incident and is booked where it stands
in the journal, before that change is sized: the orders differ by 0.00004 by the incident, and it costs what they were
worth. Were it booked at the end, the orders would differ by an account that its fills do not come to.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from engine.core.market import History
from engine.core.money import decimal_of, plain
from engine.core.planner import Planner
from engine.research.differences import BASIS_POINTS, Cause, Comparison, Difference
from engine.research.fills import FillBooks, changes_of
from engine.research.gaps import AccountGaps, by_cause
from engine.research.orders import OrderSizer, closes_seen
from engine.research.policy import Policy
from engine.research.steps import Execution, Incident, RunSteps, Step

NOISE_BP = 1e-5
"""Floats do not add up to the last digit; a rest beyond this is no rounding."""
NOTHING_BP = 1e-6


def compare(backtest: RunSteps, live: RunSteps, *, history: History, planner: Planner, policy: Policy) -> Comparison:
    """Attribute the differences between two runs that began with the same account.

    Args:
        history: today's bars, those of the backtest.
        planner: the backtest's.

    Raises:
        ValueError: a run has decided nothing.
    """
    if not backtest.evenings or not live.evenings:
        raise ValueError("a run without decisions has nothing to be compared")
    return _Comparer(backtest, live, history, planner, policy).compare()


class _Comparer:
    def __init__(self, backtest: RunSteps, live: RunSteps, history: History, planner: Planner, policy: Policy) -> None:
        self._backtest, self._live = backtest, live
        self._history, self._policy = history, policy
        self._compared = policy.decisions(backtest.evenings, live.evenings)
        self._origins: dict[Difference, None] = dict.fromkeys(self._compared.differences)
        self._effects: list[Difference] = []
        self._gaps = AccountGaps()
        self._seen: dict[str, list[tuple[date, float]]] = {}
        for evening in live.evenings:
            for asset, close in evening.decided.closes.items():
                self._seen.setdefault(asset, []).append((evening.decided.day, float(close)))
        traded = (asset for run in (backtest, live) for step in run.steps for asset in step.assets)
        strays = (each.fill.asset for each in live.strays)
        self._assets = tuple(dict.fromkeys((*planner.trading_order, *self._seen, *traded, *strays)))
        self._revised = self._revisions()
        outside: list[Execution | Incident] = [*live.strays, *(each for each in live.incidents if each.loss)]
        self._outside = sorted(outside, key=lambda each: each.place)
        self._orders = self._fills = 0
        self._sizer = OrderSizer(
            gaps=self._gaps,
            closes=self._closes,
            planner=planner,
            policy=policy,
            revised=self._revised,
            decisions=self._compared.causes,
            found=self._found,
        )
        self._books = FillBooks(gaps=self._gaps, history=history, planner=planner, policy=policy, found=self._found)

    def compare(self) -> Comparison:
        misfits = list(self._policy.misfits(self._live))
        ours, theirs = ({each.decided.day: each for each in run.evenings} for run in (self._backtest, self._live))
        steps, live_steps = ({each.decided.day: each for each in run.steps} for run in (self._backtest, self._live))
        for day in sorted({*ours, *theirs}):
            if day in ours and day in theirs:
                gap = self._gaps.equity(self._closes(day))
                self._effects.extend(self._policy.equity_effects(ours[day], theirs[day], gap))
            self._book(steps.get(day), live_steps.get(day))
        self._book_outside(None)
        if Cause.INCIDENT in self._policy.causes:
            for each in self._live.incidents:
                self._origins[self._incident(each)] = None
        self._origins.update(dict.fromkeys(misfits))
        return self._result({each: each.cost for each in misfits if each.cost})

    def _result(self, misfits: Mapping[Difference, float]) -> Comparison:
        last, live_last = self._backtest.evenings[-1].decided, self._live.evenings[-1]
        closes = self._closes(last.day)
        costs = {origin: -amount for origin, amount in self._gaps.equity(closes).items()} | dict(misfits)
        seen = closes_seen(live_last, closes)
        for asset, held in live_last.ledger.positions.items():
            worth = float(held * (seen[asset] - decimal_of(closes[asset])))
            if worth:
                crumbs = f"{asset}: too little to be sold, and marked otherwise"
                origin = self._revised.get(last.day, {}).get(asset)
                origin = origin or self._found(last.day, "bar", Cause.REVISION, crumbs)
                costs[origin] = costs.get(origin, 0.0) + worth
        rest = float(live_last.decided.equity - last.equity) - sum(costs.values())
        if abs(rest) * BASIS_POINTS > NOISE_BP * float(last.equity):
            costs[self._found(last.day, "equity", None, "what is left of the gap")] = rest
        priced = [replace(each, cost=costs.get(each, 0.0)) for each in dict.fromkeys((*self._origins, *costs))]
        nothing = NOTHING_BP * float(last.equity) / BASIS_POINTS
        return Comparison(
            first_day=self._backtest.evenings[0].decided.day,
            last_day=last.day,
            days=len(self._backtest.evenings),
            orders=self._orders,
            fills=self._fills,
            equity=last.equity,
            live_equity=live_last.decided.equity,
            differences=self._policy.listed(priced, self._effects, nothing=nothing),
            costs=by_cause({each: each.cost for each in priced}),
            evidence=self._compared.evidence,
        )

    def _revisions(self) -> Mapping[date, Mapping[str, Difference]]:
        """Note the closes that the live run saw otherwise than today."""
        revised: dict[date, dict[str, Difference]] = {}
        for evening in self._live.evenings:
            day = evening.decided.day
            for asset, seen in evening.decided.closes.items():
                today = self._close(asset, day)
                if seen != decimal_of(today):
                    size = f" ({100 * (today / float(seen) - 1):+.2f} %)"
                    words = f"{asset} close {plain(seen)} live, today {plain(decimal_of(today))}{size}"
                    revised.setdefault(day, {})[asset] = self._found(day, "bar", Cause.REVISION, words)
        return revised

    def _book(self, ours: Step | None, theirs: Step | None) -> None:
        """Carry one change of targets through the account: the orders of both runs are sized, then executed."""
        sides = [(run, step) for run, step in ((self._backtest, ours), (self._live, theirs)) if step]
        if theirs:
            self._book_outside((theirs.sized or theirs.evening).place)
        pairs = self._sizer.pairs(ours, theirs, under_way=any(_is_under_way(*side) for side in sides)) if sides else []
        for pair in pairs:
            self._orders += 1
            self._fills += any(pair.executions)
            # What the last evening planned could not be executed yet.
            if any(step.evening is not run.evenings[-1] for run, step in sides):
                self._books.book(pair)
            self._effects.extend(self._policy.effects(pair))

    def _book_outside(self, before: int | None) -> None:
        """Book what happened beside the orders, up to a place of the live journal, or all that is left."""
        while self._outside and (before is None or self._outside[0].place < before):
            each = self._outside.pop(0)
            if isinstance(each, Execution):
                self._book_stray(each)
            else:
                self._gaps.add_held(each.asset, self._incident(each), float(each.loss))

    def _book_stray(self, stray: Execution) -> None:
        fill = stray.fill
        if fill.restores:
            words, cause = f"fee of {plain(fill.fee)} {fill.fee_asset} for buying back after a reset", Cause.INCIDENT
        else:
            words = f"{fill.side} {plain(fill.quantity)} {fill.asset} at {plain(fill.price)}: no such order was sent"
            cause = None
        origin = self._found(fill.at.date(), "fill", cause, words)
        cash, held = changes_of([stray])
        self._gaps.add_cash(origin, -cash)
        for asset, change in held.items():
            self._gaps.add_held(asset, origin, -change)

    def _incident(self, each: Incident) -> Difference:
        cause = Cause.INCIDENT if Cause.INCIDENT in self._policy.causes else None
        return Difference(day=each.day, kind="order" if each.asset else "account", cause=cause, what=each.what)

    def _found(self, day: date, kind: str, cause: Cause | None, what: str) -> Difference:
        cause = cause if cause in self._policy.causes else None
        origin = Difference(day=day, kind=kind, cause=cause, what=what)
        self._origins[origin] = None
        return origin

    def _close(self, asset: str, day: date) -> float:
        """Give today's close; of an asset that today's data lack, the last one that the live run saw."""
        bars = self._history.series.get(asset)
        close = bars.close_at(day) if bars is not None else None
        if close is None:
            close = next((seen for at, seen in reversed(self._seen.get(asset, ())) if at <= day), 0.0)
        return close

    def _closes(self, day: date) -> dict[str, float]:
        return {asset: self._close(asset, day) for asset in self._assets}


def _is_under_way(run: RunSteps, step: Step) -> bool:
    """Tell whether orders of earlier steps were executed after this one was sized."""
    place = (step.sized or step.evening).place
    earlier = (each for each in run.steps if each.decided.day < step.decided.day)
    return any(done.place > place for each in earlier for done in each.executions)
