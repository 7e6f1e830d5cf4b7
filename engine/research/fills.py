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
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from engine.core.fills import Costs
from engine.core.market import History
from engine.core.money import ONE, ZERO, floor_to_step, plain, sizing
from engine.core.order import Fill, Side
from engine.core.planner import Planner
from engine.research.differences import Cause, Difference, Found
from engine.research.exchange_model import mark_at
from engine.research.gaps import AccountGaps, add
from engine.research.policy import Pair, Policy
from engine.research.steps import Execution, Step

NOISE = 1e-9
MOST_FEE = 0.01
"""Of the notional: no venue here takes more."""
BEYOND_THE_BAR = 0.01
"""By how much a fill may be outside its day's low and high: the spread, and bars that are another venue's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBooks:
    """Books pairs of fills.

    Attributes:
        gaps: between the accounts; grows.
        history: today's bars.
        planner: the backtest's.
    """

    gaps: AccountGaps
    history: History
    planner: Planner
    policy: Policy
    found: Found

    def book(self, pair: Pair) -> None:
        """Book what both runs executed of one asset for one change of targets, and put it into the pair."""
        asset, (mine, other) = pair.asset, pair.executions
        faults = [self.found(day, "fill", None, what) for day, what in self.policy.fill_faults(pair)]
        fault = faults[0] if faults else None
        bought, live_bought = signed(mine), signed(other)
        price = average(mine) or average(other)
        pair.executed.update(pair.planned)
        self._short_in_backtest(pair, bought)
        self._short(pair, live_bought, fault)
        fee = float(sum(each.fill.fee for each in mine))
        rate = fee / (abs(bought) * price) if bought else float(self._costs.commission)
        # A fee goes by the size of a trade; where one run buys what the other sells, by the difference of sizes.
        more = bought - live_bought
        turn = (abs(bought) - abs(live_bought)) / more if more else 0.0
        for origin, amount in pair.executed.items():
            self.gaps.add_held(asset, origin, amount)
            self.gaps.add_cash(origin, -amount * price * (1 + rate * turn))
        for each in other:
            self._book_price(each.fill, pair.theirs, price=price if bought else None, rate=rate, fault=fault)
        self._book_fees(asset, other, rate, fault)

    @property
    def _costs(self) -> Costs:
        return self.planner.costs

    def _short_in_backtest(self, pair: Pair, bought: float) -> None:
        """Book what the backtest ordered and did not execute; its record proves why."""
        short, step, done, asset = bought - pair.quantity, pair.ours, pair.executions[0], pair.asset
        if step and short:
            held_up = any(each.asset == asset for each in step.incidents) or asset not in step.sent
            is_proven = held_up or (bool(done) and self._is_cut(done[-1]))
            cause = (Cause.PRICE if done else Cause.TIMING) if is_proven else None
            why = "cut to the cash" if done else "waits for a bar, or its cash"
            add(pair.executed, self.found(step.decided.day, "order", cause, f"{asset} {why} in the backtest"), short)

    def _is_cut(self, done: Execution) -> bool:
        """Tell whether a buy of the backtest is what its rule makes of the cash there was."""
        fill, instrument = done.fill, self.planner.instruments[done.fill.asset]
        with sizing():
            most = floor_to_step(done.before.cash / (fill.price * (ONE + self._costs.commission)), instrument.lot_step)
        return fill.side is Side.BUY and fill.quantity == most

    def _short(self, pair: Pair, bought: float, fault: Difference | None) -> None:
        """Book what the live run ordered and did not execute, or executed beyond it."""
        short, step = pair.live_quantity - bought, pair.theirs
        if step and short:
            cause, words = self.policy.why_short(pair, step, done=bought)
            add(pair.executed, fault or self.found(step.decided.day, "fill", cause, words), short)

    def _book_price(
        self, fill: Fill, step: Step | None, *, price: float | None, rate: float, fault: Difference | None
    ) -> None:
        """Part the difference in price: what comes of the instant, of the venue, and of nothing that is known.

        Args:
            price: the backtest's; None where it has none, and the price is part of what the decision came to.
        """
        day, sign = fill.at.date(), 1 if fill.side is Side.BUY else -1
        quantity, paid = float(fill.quantity), float(fill.price)
        low, high = self._range(fill)
        mark = fill.market_price if Cause.BASIS in self.policy.causes else None
        believed = paid if mark is not None else min(max(paid, low), high)
        words = f"{fill.side} {fill.asset} at {plain(fill.price)}"
        stated = float(fill.notional) - quantity * paid
        if abs(stated) > NOISE * quantity * paid:
            on_record = self.found(day, "fill", None, f"{words}: comes to {plain(fill.notional)} on record")
            self.gaps.add_cash(on_record, sign * stated)
        ours = believed if price is None else price
        at_instant = believed if price is None else self._price_at(fill, mark) or price
        venue = (
            f"{words}, by the day's bar {at_instant:.8g}" if mark is None else f"{words}, on the market {plain(mark)}"
        )
        found = partial(self.found, day, "fill")
        instant = partial(found, self._why_late(fill, step), f"{words}, in the backtest {ours:.8g}: the instant")
        at_venue = partial(found, Cause.PRICE if mark is None else Cause.BASIS, venue)
        beyond = partial(found, None, f"{words}: the day's bar is from {low:.8g} to {high:.8g}")
        for before, after, origin in (
            (ours, at_instant, instant),
            (at_instant, believed, at_venue),
            (believed, paid, beyond),
        ):
            if before != after:
                is_instant = origin is instant
                blamed = origin() if is_instant or fault is None else fault
                self.gaps.add_cash(blamed, quantity * (sign + rate) * (after - before))

    def _why_late(self, fill: Fill, step: Step | None) -> Cause:
        """A fill that something held up is late because of that; buys wait for the sells before them."""
        held_up = any(each.asset == fill.asset or fill.side is Side.BUY for each in (step.incidents if step else ()))
        return Cause.INCIDENT if held_up and Cause.INCIDENT in self.policy.causes else Cause.TIMING

    def _price_at(self, fill: Fill, mark: Decimal | None) -> float | None:
        """Give the price that the backtest's rule makes of the fill's instant; None on a day without a bar."""
        if mark is None and fill.asset in self.history.series:
            mark = mark_at(self.history[fill.asset], fill.at)
        slippage = self._costs.slippage if fill.side is Side.BUY else -self._costs.slippage
        with sizing():
            return None if mark is None else float(mark * (ONE + slippage))

    def _range(self, fill: Fill) -> tuple[float, float]:
        bars = self.history.series.get(fill.asset)
        position = None if bars is None else bars.position_on(fill.at.date())
        if bars is None or position is None:
            return float(fill.price), float(fill.price)
        beyond = BEYOND_THE_BAR + float(self._costs.slippage)
        return float(bars.low[position]) * (1 - beyond), float(bars.high[position]) * (1 + beyond)

    def _book_fees(self, asset: str, executions: Sequence[Execution], rate: float, fault: Difference | None) -> None:
        if not executions:
            return
        cash, held = changes_of(executions)
        worth = sum(float(each.fill.quantity * each.fill.price) for each in executions)
        taken = -cash - float(sum(_sign(each.fill) * each.fill.notional for each in executions))
        coins = {name: -change for name, change in held.items()}
        coins[asset] = coins.get(asset, 0.0) + signed(executions)
        fill = executions[0].fill
        words = f"{fill.side} {asset}: fee in {', '.join(dict.fromkeys(each.fill.fee_asset for each in executions))}"
        size = taken + coins[asset] * worth / abs(signed(executions))
        origin = fault or self.found(
            fill.at.date(), "fill", Cause.FEES if abs(size) <= MOST_FEE * worth else None, words
        )
        self.gaps.add_cash(origin, taken - rate * worth)
        for name, amount in coins.items():
            self.gaps.add_held(name, origin, amount)


def changes_of(executions: Sequence[Execution]) -> tuple[float, dict[str, float]]:
    """Give what executions changed: in cash, and in each holding."""
    cash = ZERO
    held: dict[str, Decimal] = {}
    for each in executions:
        cash += each.after.cash - each.before.cash
        for asset in dict.fromkeys((*each.before.positions, *each.after.positions)):
            change = each.after.quantity(asset) - each.before.quantity(asset)
            held[asset] = held.get(asset, ZERO) + change
    return float(cash), {asset: float(change) for asset, change in held.items() if change}


def signed(executions: Sequence[Execution]) -> float:
    """Give the quantity that was executed; a sale is below 0."""
    return float(sum(_sign(each.fill) * each.fill.quantity for each in executions))


def _sign(fill: Fill) -> int:
    return 1 if fill.side is Side.BUY else -1


def average(executions: Sequence[Execution]) -> float:
    """Give the average price; 0 of nothing."""
    prices = {each.fill.price for each in executions}
    if len(prices) == 1:
        return float(prices.pop())
    quantity = float(sum(each.fill.quantity for each in executions))
    return sum(float(each.fill.quantity * each.fill.price) for each in executions) / quantity if quantity else 0.0
