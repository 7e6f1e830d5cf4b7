"""What a symbol costs at an instant, made of daily bars: the mark, the best bid and ask, the levels of the book.

The mark is the open of the day's bar at 00:00:00 UTC and moves in a straight line to its close at 24:00; bid and ask
are the mark worsened by the slippage, as `engine.core.fills` does, on the symbol's tick. So an order at the day's
first instant costs what it costs in history, to one tick.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.core.calendar import EPOCH_ORDINAL
from engine.core.market import BarSeries
from engine.core.money import ONE, ZERO, decimal_of, floor_to_step, sizing
from engine.practice.clock import DAY
from engine.practice.rules import SymbolRules

THIN_SHARES = (Decimal("0.5"), Decimal("0.3"), Decimal("0.2"))
"""How a thin book spreads its quantity over three levels, each a little worse than the one before."""
LEVEL_STEP = Decimal("0.0002")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Best bid and ask, quote currency, on the tick."""

    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A price level of the book and the quantity that stands there, base units."""

    price: Decimal
    quantity: Decimal


class Market:
    """One symbol: its rules, its prices over time, and what the practice master has done to it.

    Attributes:
        rules: what orders have to obey; replaced when a largest quantity is changed.
        bars: daily bars, final or not: the clock says what of them may be seen.
        halted: a status that the practice master has set, `HALT` or `BREAK`; None while the bars decide.
        is_delisted: whether the exchange does not know the symbol any more.
        depth: base units on each side of a book made thin; None while it is deep enough for any order.
    """

    def __init__(self, rules: SymbolRules, bars: BarSeries, slippage: Decimal) -> None:
        self.rules = rules
        self.bars = bars
        self.halted: str | None = None
        self.depth: Decimal | None = None
        self.is_delisted = False
        self._slippage = slippage
        self.first = day_start(bars.first_day)
        self.end = day_start(bars.last_day) + DAY
        self._day: int | None = None
        self._day_prices: tuple[Decimal, Decimal] | None = None
        self._quoted_at: int | None = None
        self._quote: Quote | None = None

    def is_listed(self, at: int) -> bool:
        """Tell whether the exchange knows the symbol at `at`: from its first bar on, until it is delisted."""
        return at >= self.first and not self.is_delisted

    def status(self, at: int) -> str:
        """Give the symbol's status: it trades on days that have a bar."""
        if self.halted is not None:
            return self.halted
        return "BREAK" if self.open_and_close(at) is None else "TRADING"

    def open_and_close(self, at: int) -> tuple[Decimal, Decimal] | None:
        """Give open and close of the day of `at`; None where it has no bar."""
        day = at // DAY
        if day != self._day:
            position = self.bars.position_on(date.fromordinal(EPOCH_ORDINAL + day))
            self._day_prices = (
                None
                if position is None
                else (decimal_of(self.bars.open.item(position)), decimal_of(self.bars.close.item(position)))
            )
            self._day = day
        return self._day_prices

    def mark(self, at: int) -> Decimal | None:
        """Give the mark at `at`; None on a day without a bar."""
        prices = self.open_and_close(at)
        return None if prices is None else mark_between(*prices, at % DAY)

    def last_price(self, at: int) -> Decimal:
        """Give the mark, or on a day without a bar the last close before; the symbol is listed."""
        mark = self.mark(at)
        if mark is None:
            close = self.bars.close_at(date.fromordinal(EPOCH_ORDINAL + at // DAY))
            mark = ZERO if close is None else decimal_of(close)
        return on_tick(mark, self.rules.tick, ROUND_FLOOR)

    def quote(self, at: int) -> Quote | None:
        """Give best bid and ask at `at`; None on a day without a bar."""
        if at != self._quoted_at:
            mark = self.mark(at)
            self._quote = None if mark is None else self._worsened(mark)
            self._quoted_at = at
        return self._quote

    def levels(self, at: int, *, buying: bool) -> Sequence[Level]:
        """Give the levels that a taker meets, best first; none on a day without a bar."""
        quote = self.quote(at)
        if quote is None:
            return ()
        best = quote.ask if buying else quote.bid
        if self.depth is None:
            return (Level(price=best, quantity=self.rules.maximum_quantity),)
        step = max(self.rules.tick, on_tick(best * LEVEL_STEP, self.rules.tick, ROUND_FLOOR))
        prices = [best + step * worse if buying else best - step * worse for worse in range(len(THIN_SHARES))]
        quantities = [floor_to_step(self.depth * share, self.rules.lot_step) for share in THIN_SHARES]
        return tuple(
            Level(price=price, quantity=quantity)
            for price, quantity in zip(prices, quantities, strict=True)
            if quantity > 0 and price > 0
        )

    def limit_market_quantity(self, maximum: Decimal) -> None:
        """Change the largest quantity of a market order, as the exchange does from day to day."""
        self.rules = replace(self.rules, market_maximum_quantity=maximum)

    def limit_position(self, maximum: Decimal | None) -> None:
        """Change the most that an account may hold and buy of the coin; None: without a limit."""
        self.rules = replace(self.rules, maximum_position=maximum)

    def named(self, base: str) -> "Market":
        """Give the same market under another coin's name."""
        return Market(replace(self.rules, base=base), self.bars, self._slippage)

    def _worsened(self, mark: Decimal) -> Quote:
        tick = self.rules.tick
        with sizing():
            ask = on_tick(mark * (ONE + self._slippage), tick, ROUND_CEILING)
            bid = on_tick(mark * (ONE - self._slippage), tick, ROUND_FLOOR)
        return Quote(bid=max(bid, tick), ask=max(ask, tick))


def day_start(day: date) -> int:
    """Give the first instant of a UTC day in milliseconds since 1970."""
    return (day.toordinal() - EPOCH_ORDINAL) * DAY


def mark_between(open_: Decimal, close: Decimal, since_midnight: int) -> Decimal:
    """Give the price on the straight line from open to close, `since_midnight` in milliseconds."""
    if since_midnight == 0:
        return open_
    with sizing():
        return open_ + (close - open_) * since_midnight / DAY


def on_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    """Round a price to the tick."""
    return (price / tick).to_integral_value(rounding) * tick
