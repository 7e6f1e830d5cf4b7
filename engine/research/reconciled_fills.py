"""The fills of one change of targets in two runs, carried into the gaps between the accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.fills import Costs
from engine.core.market import History
from engine.core.money import plain
from engine.core.order import Fill, Side
from engine.research.attribution import AccountGaps, Cause, add
from engine.research.episodes import Episode, Execution
from engine.research.exchange_model import mark_at
from engine.research.findings import Finding
from engine.research.reconciled_orders import FindingOf, OrderGap

NOISE = 1e-9
MOST_LEFT = 0.01
"""Of the cash that buys were cut to, a venue leaves less than this: commission, a margin for the ask, lot steps."""
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
        costs: the backtest's.
        least_notional: by asset; less is dust.
        decisions: the finding that each differing decision goes back to.
    """

    gaps: AccountGaps[Finding]
    history: History
    costs: Costs
    least_notional: Mapping[str, Decimal]
    decisions: Mapping[date, Finding]
    found: FindingOf

    def book(self, asset: str, gap: OrderGap, ours: Episode | None, theirs: Episode | None) -> None:
        """Book what both runs executed of one asset for one change of targets."""
        mine, other = (episode.executions_of(asset) if episode else [] for episode in (ours, theirs))
        bought, live_bought = _signed(mine), _signed(other)
        price, live_price = _average(mine), _average(other)
        if not bought:
            price = live_price
        quantities = self._executed(asset, gap, ours, theirs, bought, live_bought, price)
        fee = float(sum(each.fill.fee for each in mine))
        rate = fee / (abs(bought) * price) if bought else float(self.costs.commission)
        # A fee goes by the size of a trade; where one run buys what the other sells, by the difference of sizes.
        more = bought - live_bought
        turn = (abs(bought) - abs(live_bought)) / more if more else 0.0
        for finding, amount in quantities.items():
            self.gaps.add_held(asset, finding, amount)
            self.gaps.add_cash(finding, -amount * price * (1 + rate * turn))
        for each in other:
            self._book_price(each.fill, price=price, rate=rate, is_paired=bool(bought), theirs=theirs)
        self._book_fees(asset, other, rate)

    def _executed(
        self,
        asset: str,
        gap: OrderGap,
        ours: Episode | None,
        theirs: Episode | None,
        bought: float,
        live_bought: float,
        price: float,
    ) -> dict[Finding, float]:
        """Give the difference in what was executed, in amounts that add up to it."""
        amounts = dict(gap.amounts)
        short = gap.quantity - bought
        if ours is not None and abs(short) > NOISE * abs(gap.quantity):
            cause = Cause.PRICE if bought else Cause.TIMING
            why = "cut to the cash" if bought else "waits for a bar, or its cash"
            add(amounts, self.found(ours.decided.day, "order", cause, f"{asset} {why} in the backtest"), -short)
        elif short:
            add(amounts, next(iter(amounts), self._nothing(ours, asset)), -short)
        live_short = gap.live_quantity - live_bought
        if theirs is not None and abs(live_short) > NOISE * abs(gap.live_quantity):
            finding = self._shortfall(asset, theirs, gap.live_quantity, live_bought, price)
            add(amounts, finding, live_short)
        elif live_short:
            add(amounts, next(iter(amounts), self._nothing(theirs, asset)), live_short)
        return amounts

    def _nothing(self, episode: Episode | None, asset: str) -> Finding:
        day = episode.decided.day if episode else date.min
        return self.found(day, "order", Cause.FILTERS, f"{asset} rounded to lot step and minimum notional")

    def _shortfall(self, asset: str, theirs: Episode, ordered: float, done: float, price: float) -> Finding:
        """Say why the live run executed something else than it ordered."""
        day = theirs.decided.day
        words = f"{asset}: {abs(done):.8g} of {abs(ordered):.8g} executed live"
        most = abs(ordered) + float(theirs.again.get(asset, 0))
        if done * ordered < 0 or abs(done) > most:
            return self.found(day, "fill", Cause.UNEXPLAINED, words)
        close = price or float(theirs.decided.closes.get(asset, 0))
        if abs(ordered - done) * close <= float(self.least_notional.get(asset, 0)):
            return self.found(day, "fill", Cause.FILTERS, f"{words}; the rest is below the minimum notional")
        incidents = [each for each in theirs.incidents if each.asset == asset]
        if incidents:
            return self.found(day, "fill", Cause.INCIDENT, f"{words}; {incidents[-1].what}")
        if asset not in theirs.sent:
            blocked = [each for each in theirs.incidents if each.asset != asset]
            cause = Cause.INCIDENT if blocked else Cause.TIMING
            return self.found(day, "fill", cause, f"{words}; not sent yet")
        if theirs.executions_of(asset) and ordered > 0 and _are_cut_to_cash(theirs.executions):
            return self.found(day, "fill", Cause.PRICE, f"{words}; cut to the cash")
        return self.found(day, "fill", Cause.UNEXPLAINED, words)

    def _book_price(self, fill: Fill, *, price: float, rate: float, is_paired: bool, theirs: Episode | None) -> None:
        """Part the difference in price: what comes of the instant, of the venue, and of nothing that is known."""
        day, sign = fill.at.date(), 1 if fill.side is Side.BUY else -1
        quantity, paid = float(fill.quantity), float(fill.price)
        reference = self._reference(fill)
        low, high = self._range(fill)
        believed = paid if fill.market_price is not None else min(max(paid, low), high)
        if not is_paired:
            # Nothing to compare with: the price is part of what the decision, or its lack, came to.
            price = reference = believed
        elif reference is None:
            reference = price
        words = f"{fill.side} {fill.asset} at {plain(fill.price)}"
        stated = float(fill.notional) - quantity * paid
        if abs(stated) > NOISE * quantity * paid:
            finding = self.found(day, "fill", Cause.UNEXPLAINED, f"{words}: comes to {plain(fill.notional)} on record")
            self.gaps.add_cash(finding, sign * stated)
        steps = (
            (price, reference, self._instant_cause(fill, theirs), f"{words}, in the backtest {price:.8g}: the instant"),
            (reference, believed, *self._venue_cause(fill, words, reference)),
            (believed, paid, Cause.UNEXPLAINED, f"{words}: the day's bar is from {low:.8g} to {high:.8g}"),
        )
        for before, after, cause, what in steps:
            if before != after:
                cost = quantity * (sign + rate) * (after - before)
                self.gaps.add_cash(self.found(day, "fill", cause, what), cost)

    def _instant_cause(self, fill: Fill, theirs: Episode | None) -> Cause:
        """A fill that something held up is late because of that; buys wait for the sells before them."""
        held_up = [
            each for each in (theirs.incidents if theirs else ()) if each.asset == fill.asset or fill.side is Side.BUY
        ]
        return Cause.INCIDENT if held_up else Cause.TIMING

    def _venue_cause(self, fill: Fill, words: str, reference: float) -> tuple[Cause, str]:
        if fill.market_price is not None:
            return Cause.BASIS, f"{words}, on the market {plain(fill.market_price)}"
        return Cause.PRICE, f"{words}, by the day's bar {reference:.8g}"

    def _reference(self, fill: Fill) -> float | None:
        """Give the price that the backtest's rule makes of the fill's instant; None on a day without a bar."""
        mark = fill.market_price
        if mark is None and fill.asset in self.history.series:
            mark = mark_at(self.history[fill.asset], fill.at)
        if mark is None:
            return None
        slippage = float(self.costs.slippage)
        return float(mark) * (1 + slippage if fill.side is Side.BUY else 1 - slippage)

    def _range(self, fill: Fill) -> tuple[float, float]:
        bars = self.history.series.get(fill.asset)
        position = None if bars is None else bars.position_on(fill.at.date())
        if bars is None or position is None:
            return float(fill.price), float(fill.price)
        beyond = BEYOND_THE_BAR + float(self.costs.slippage)
        return float(bars.low[position]) * (1 - beyond), float(bars.high[position]) * (1 + beyond)

    def _book_fees(self, asset: str, executions: Sequence[Execution], rate: float) -> None:
        if not executions:
            return
        cash, held = changes_of(executions)
        worth = sum(float(each.fill.quantity * each.fill.price) for each in executions)
        taken = -cash - float(sum(_sign(each.fill) * each.fill.notional for each in executions))
        coins = {name: -change for name, change in held.items()}
        coins[asset] = coins.get(asset, 0.0) + _signed(executions)
        fill = executions[0].fill
        assets = ", ".join(dict.fromkeys(each.fill.fee_asset for each in executions))
        words = f"{fill.side} {asset}: fee in {assets}"
        size = taken + coins[asset] * worth / abs(_signed(executions))
        cause = Cause.FEES if abs(size) <= MOST_FEE * worth else Cause.UNEXPLAINED
        finding = self.found(fill.at.date(), "fill", cause, words)
        self.gaps.add_cash(finding, taken - rate * worth)
        for name, amount in coins.items():
            self.gaps.add_held(name, finding, amount)


def changes_of(executions: Sequence[Execution]) -> tuple[float, dict[str, float]]:
    """Give what executions changed: in cash, and in each holding."""
    cash = Decimal(0)
    held: dict[str, Decimal] = {}
    for each in executions:
        cash += each.after.cash - each.before.cash
        for asset in dict.fromkeys((*each.before.positions, *each.after.positions)):
            change = each.after.quantity(asset) - each.before.quantity(asset)
            held[asset] = held.get(asset, Decimal(0)) + change
    return float(cash), {asset: float(change) for asset, change in held.items() if change}


def _are_cut_to_cash(executions: Sequence[Execution]) -> bool:
    """Tell whether the buys of a change of targets used up the cash, which they share where it is short."""
    buys = [each for each in executions if each.fill.side is Side.BUY]
    return float(buys[-1].after.cash) <= MOST_LEFT * float(buys[0].before.cash)


def _signed(executions: Sequence[Execution]) -> float:
    return float(sum(_sign(each.fill) * each.fill.quantity for each in executions))


def _sign(fill: Fill) -> int:
    return 1 if fill.side is Side.BUY else -1


def _average(executions: Sequence[Execution]) -> float:
    prices = {each.fill.price for each in executions}
    if len(prices) == 1:
        return float(prices.pop())
    quantity = float(sum(each.fill.quantity for each in executions))
    return sum(float(each.fill.quantity * each.fill.price) for each in executions) / quantity if quantity else 0.0
