"""A paper run against the backtest of its days: every difference with its cause and what it cost.

In a laboratory the exchange's rules are known and parity demands exactness. A real run met prices that no bar tells, so
its fills are facts. The gap between the two accounts is kept in amounts by difference, in cash and in each holding, and
carried on by the linear rules of `attribution`: whatever happens, the amounts add up to the gap. What a fill costs is

    quantity     what one run ordered or got and the other did not, at the backtest's price
    timing       the straight line from the day's open to its close, at the live instant, against the backtest's price
    basis        the fill against the real market's price at that instant, where that is on record
    price        the fill against that line, where it is not: spread, slippage, and how straight the line was
    fees         what was taken beyond the backtest's rate, or in a coin

and what no record accounts for is unexplained: a price that was not traded that day, a quantity without a reason, a
balance that its fills do not come to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.fills import Costs
from engine.core.market import History
from engine.core.money import decimal_of, plain
from engine.research.attribution import AccountGaps, Cause
from engine.research.episodes import Episode, Evening, Execution, RunHistory
from engine.research.findings import BASIS_POINTS, Finding, Reconciliation
from engine.research.reconciled_fills import FillBooks, changes_of
from engine.research.reconciled_orders import OrderSizer, lot_steps

NOISE_BP = 1e-5
"""Floats do not add up to the last digit; a rest beyond this is no rounding."""
NOTHING_BP = 1e-6
QUIET_CAUSES = (Cause.FILTERS, Cause.PRICE, Cause.FEES, Cause.TIMING, Cause.BASIS)
"""Differences of these are not worth a line where they cost nothing."""
CostsAt = Callable[[int], Costs]
"""Gives the costs that the live run planned with at a place of its journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What both runs trade by.

    Attributes:
        costs: the backtest's; live_costs: those that the live run planned with.
        least_notional: by asset; less is dust.
        trading_order: assets as they are traded.
    """

    costs: Costs
    live_costs: CostsAt
    least_notional: Mapping[str, Decimal]
    trading_order: Sequence[str]


def reconcile(
    backtest: RunHistory,
    live: RunHistory,
    *,
    history: History,
    rules: Rules,
    decisions: Sequence[Finding],
    causes: Mapping[date, Finding],
    evidence: int = 0,
) -> Reconciliation:
    """Attribute the gap between two runs that began with the same account.

    Args:
        history: today's bars, those of the backtest.
        decisions, causes: what `compare_decisions` found, and what each differing day goes back to.
        evidence: days whose evidence alone differs.

    Raises:
        ValueError: a run has decided nothing.
    """
    if not backtest.evenings or not live.evenings:
        raise ValueError("a run without decisions has nothing to reconcile")
    return _Reconciler(backtest, live, history, rules, decisions, causes).reconcile(evidence)


class _Reconciler:
    def __init__(
        self,
        backtest: RunHistory,
        live: RunHistory,
        history: History,
        rules: Rules,
        decisions: Sequence[Finding],
        causes: Mapping[date, Finding],
    ) -> None:
        self._backtest = backtest
        self._live = live
        self._history = history
        self._rules = rules
        self._gaps: AccountGaps[Finding] = AccountGaps()
        self._findings: dict[Finding, None] = dict.fromkeys(decisions)
        self._revised: dict[date, dict[str, Finding]] = {}
        self._seen: dict[str, list[tuple[date, float]]] = {}
        for evening in live.evenings:
            for asset, close in evening.decided.closes.items():
                self._seen.setdefault(asset, []).append((evening.decided.day, float(close)))
        self._orders = self._fills = 0
        self._sizer = OrderSizer(
            gaps=self._gaps,
            closes=self._closes,
            costs=rules.costs,
            live_costs=rules.live_costs,
            least_notional=rules.least_notional,
            lot_steps=lot_steps(live.episodes),
            revised=self._revised,
            decisions=causes,
            found=self._found,
        )
        self._fill_books = FillBooks(
            gaps=self._gaps,
            history=history,
            costs=rules.costs,
            least_notional=rules.least_notional,
            decisions=causes,
            found=self._found,
        )

    def reconcile(self, evidence: int) -> Reconciliation:
        self._compare_closes()
        ours, theirs = ({each.decided.day: each for each in run.episodes} for run in (self._backtest, self._live))
        for day in sorted({*ours, *theirs}):
            self._book(ours.get(day), theirs.get(day))
        for stray in self._live.strays:
            self._book_stray(stray)
        for incident in self._live.incidents:
            finding = self._found(incident.day, "order" if incident.asset else "account", Cause.INCIDENT, incident.what)
            if incident.loss:
                self._gaps.add_held(incident.asset, finding, float(incident.loss))
        self._check_records()
        return self._result(evidence)

    def _result(self, evidence: int) -> Reconciliation:
        last, live_last = self._backtest.evenings[-1].decided, self._live.evenings[-1]
        closes = self._closes(last.day)
        costs = {finding: -amount for finding, amount in self._gaps.equity(closes).items()}
        for asset, finding in self._revised.get(last.day, {}).items():
            held = live_last.ledger.quantity(asset)
            recorded = live_last.decided.closes[asset]
            costs[finding] = costs.get(finding, 0.0) + float(held * (recorded - decimal_of(closes[asset])))
        rest = float(live_last.decided.equity - last.equity) - sum(costs.values())
        due = self._equity_due(live_last)
        if due is not None and due != live_last.decided.equity:
            words = f"the equity on record is {plain(live_last.decided.equity)}, and its fills come to {plain(due)}"
            finding = self._found(last.day, "account", Cause.UNEXPLAINED, words)
            costs[finding] = float(live_last.decided.equity - due)
            rest -= costs[finding]
        if abs(rest) * BASIS_POINTS > NOISE_BP * float(last.equity):
            finding = self._found(last.day, "account", Cause.UNEXPLAINED, "what is left of the gap")
            costs[finding] = rest
        nothing = NOTHING_BP * float(last.equity) / BASIS_POINTS
        listed = [
            finding
            for finding in dict.fromkeys((*self._findings, *costs))
            if finding.cause not in QUIET_CAUSES or abs(costs.get(finding, 0.0)) > nothing
        ]
        return Reconciliation(
            first_day=self._backtest.evenings[0].decided.day,
            last_day=last.day,
            days=len({each.decided.day for each in self._backtest.evenings}),
            orders=self._orders,
            fills=self._fills,
            equity=last.equity,
            live_equity=live_last.decided.equity,
            findings=sorted(
                ((finding, costs.get(finding, 0.0)) for finding in listed), key=lambda each: each[0].day, reverse=True
            ),
            evidence=evidence,
        )

    def _compare_closes(self) -> None:
        """Note the closes that the live run saw otherwise than today."""
        for evening in self._live.evenings:
            day = evening.decided.day
            for asset, seen in evening.decided.closes.items():
                today = self._close(asset, day)
                if seen != decimal_of(today):
                    size = f" ({100 * (today / float(seen) - 1):+.2f} %)"
                    words = f"{asset} close {plain(seen)} live, today {plain(decimal_of(today))}{size}"
                    finding = self._found(day, "bar", Cause.REVISION, words)
                    self._revised.setdefault(day, {})[asset] = finding

    def _book(self, ours: Episode | None, theirs: Episode | None) -> None:
        """Carry one change of targets through the account: the orders of both runs are sized, then executed."""
        planned = (*(ours.assets if ours else ()), *(theirs.assets if theirs else ()))
        known = (*self._rules.trading_order, *planned)
        assets = [asset for asset in dict.fromkeys(known) if asset in planned]
        gaps = {asset: self._sizer.gap(asset, ours, theirs) for asset in assets}
        for asset, gap in gaps.items():
            self._orders += 1
            self._fills += bool((ours and ours.executions_of(asset)) or (theirs and theirs.executions_of(asset)))
            self._fill_books.book(asset, gap, ours, theirs)

    def _book_stray(self, stray: Execution) -> None:
        fill = stray.fill
        if fill.restores:
            words, cause = f"fee of {plain(fill.fee)} {fill.fee_asset} for buying back after a reset", Cause.INCIDENT
        else:
            words = f"{fill.side} {plain(fill.quantity)} {fill.asset} at {plain(fill.price)}: no such order was sent"
            cause = Cause.UNEXPLAINED
        finding = self._found(fill.at.date(), "fill", cause, words)
        cash, held = changes_of([stray])
        self._gaps.add_cash(finding, -cash)
        for asset, change in held.items():
            self._gaps.add_held(asset, finding, -change)

    def _check_records(self) -> None:
        """Say where the record stops to agree with itself, once; what it comes to at the end is counted there."""
        for evening in self._live.evenings[:-1]:
            due, decided = self._equity_due(evening), evening.decided
            if decided.cash != evening.ledger.cash:
                words = (
                    f"the cash on record is {plain(decided.cash)}, and the fills come to {plain(evening.ledger.cash)}"
                )
            elif due is not None and due != decided.equity:
                words = f"the equity on record is {plain(decided.equity)}, and the fills come to {plain(due)}"
            else:
                continue
            self._found(decided.day, "account", Cause.UNEXPLAINED, words)
            return

    def _equity_due(self, evening: Evening) -> Decimal | None:
        """Give what the account is worth at the closes on record; None where one is missing."""
        closes, ledger = evening.decided.closes, evening.ledger
        if any(asset not in closes for asset in ledger.positions):
            return None
        return ledger.equity(closes)

    def _found(self, day: date, kind: str, cause: Cause, what: str) -> Finding:
        finding = Finding(day=day, kind=kind, cause=cause, what=what)
        self._findings[finding] = None
        return finding

    def _close(self, asset: str, day: date) -> float:
        """Give today's close; of an asset that today's data lack, the last one that the live run saw."""
        bars = self._history.series.get(asset)
        close = bars.close_at(day) if bars is not None else None
        if close is None:
            close = next((seen for at, seen in reversed(self._seen.get(asset, ())) if at <= day), 0.0)
        return close

    def _closes(self, day: date) -> dict[str, float]:
        return {asset: self._close(asset, day) for asset in (*self._rules.trading_order, *self._seen, *self._gaps.held)}
