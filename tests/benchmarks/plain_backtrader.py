"""The rotation as a plain backtrader script: what the engine's speed is measured against.

One file, nothing of the engine. By default it does as backtrader's documentation does: pandas frames as feeds, all the
history there is, Cerebro as it comes, orders in `next()` that fill at the next open. `--lean` is the same script by
somebody who has profiled it. README.md says where its equity may differ from the engine's.
"""

import argparse
import bisect
import math
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import backtrader as bt

LOT_STEPS = {
    "BTC": 0.00001,
    "ETH": 0.0001,
    "SOL": 0.001,
    "BNB": 0.001,
    "XRP": 0.1,
    "ADA": 0.1,
    "AVAX": 0.01,
    "LINK": 0.01,
    "DOGE": 1.0,
}
OTHER_LOT_STEP = 0.00001
MINIMUM_NOTIONAL = 5.0
CORE, INDEX = "BTC", "RUT"
COMMISSION = 0.001
SLIPPAGE = 0.0005
DEFAULT_EQUAL = ("SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")


class Breakout:
    """The breakout of the index, fed one session at a time."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self.closes: list[float] = []
        self.support: float | None = None
        self.lost_on = date.min
        self.ready = False
        self.losses = 0
        self.run_length = 0
        self.run_level = 0.0

    def add(self, day: date, close: float) -> None:
        ceiling, recent = self._ceiling(day)
        self.ready = self.ready or ceiling is not None
        self.days.append(day)
        self.closes.append(close)
        if self.support is not None:
            self.losses = self.losses + 1 if close < self.support else 0
            if self.losses >= 3:
                self.support, self.lost_on, self.run_length = None, day, 0
                return
        if self.run_length and close > self.run_level:
            self.run_length += 1
        elif ceiling is not None and close > ceiling and self._may_start(ceiling, recent):
            self.run_length, self.run_level = 1, ceiling
        else:
            self.run_length = 0
        if self.run_length == 3:
            self.support, self.losses, self.run_length = self.run_level, 0, 0

    def _ceiling(self, day: date) -> tuple[float | None, int]:
        year = day.year - 5
        leap_day = (day.month, day.day) == (2, 29)
        first = bisect.bisect_left(self.days, date(year, 2, 28) if leap_day else day.replace(year=year))
        oldest_recent = day - timedelta(weeks=26)
        last = bisect.bisect_right(self.days, oldest_recent)
        recent = bisect.bisect_left(self.days, oldest_recent)
        return (max(self.closes[first:last]) if last - first >= 252 else None), recent

    def _may_start(self, ceiling: float, recent: int) -> bool:
        if self.support is None:
            return True
        return ceiling > self.support and sum(close > ceiling for close in self.closes[recent:-1]) < 3


class WeeklyCross:
    """The weekly MACD of the core and its last golden cross, fed one daily bar at a time."""

    def __init__(self) -> None:
        self.weeks = 0
        self.warm_after = date.max
        self.above = False
        self.cross: date | None = None
        self.fast = self.slow = self.signal = 0.0
        self.sunday: date | None = None
        self.close = 0.0

    def add(self, day: date, close: float) -> None:
        if self.sunday is not None and day > self.sunday:
            self._end_week(self.sunday)
        self.sunday = day + timedelta(days=6 - day.weekday())
        self.close = close
        if day == self.sunday:
            self._end_week(day)

    def _end_week(self, sunday: date) -> None:
        self.weeks += 1
        close = self.close
        self.sunday = None
        if self.weeks == 1:
            self.fast = self.slow = close
        self.fast += (close - self.fast) * 2 / 13
        self.slow += (close - self.slow) * 2 / 27
        macd = self.fast - self.slow
        self.signal = macd if self.weeks == 1 else self.signal + (macd - self.signal) * 2 / 10
        if self.weeks == 100:
            self.warm_after = sunday
        above = macd > self.signal
        if above and not self.above and self.weeks > 100:
            self.cross = sunday
        self.above = above


class Rotation(bt.Strategy):  # type: ignore[misc] # backtrader is untyped
    params: tuple[Any, ...] = (("weights", {}), ("first_day", date(2018, 1, 1)))

    def __init__(self) -> None:
        self.core = self.getdatabyname(CORE)
        self.index = self.getdatabyname(INDEX)
        self.coins = [data for data in self.datas if data is not self.index]
        self.breakout = Breakout()
        self.cross = WeeklyCross()
        self.index_bars = self.core_bars = 0
        self.state = ""
        self.rotations: list[dict[str, Any]] = []
        self.exit_day = date.min
        self.retry: deque[Any] = deque()

    def prenext(self) -> None:
        # Without this nothing happens until the coin that was listed last has a bar.
        self.next()

    def next(self) -> None:
        if len(self.index) > self.index_bars:
            self.index_bars = len(self.index)
            self.breakout.add(self.index.datetime.date(0), self.index.close[0])
        # A step comes for every date of any feed, and a feed without a bar on it still shows its former one.
        if len(self.core) == self.core_bars:
            return
        self.core_bars = len(self.core)
        day = self.core.datetime.date(0)
        self.cross.add(day, self.core.close[0])
        if day >= self.p.first_day and day > self.cross.warm_after and self.breakout.ready:
            self.decide(day)

    def decide(self, day: date) -> None:
        if self.state == "":
            self.state = "CORE"
            self.change_to({CORE: 1.0})
        elif self.state == "CORE":
            if self.breakout.support is not None and self.cross_in_force(day):
                self.enter(day)
        elif self.breakout.lost_on > self.rotations[-1]["session"]:
            self.leave(day, "support_lost")
        elif day >= self.rotations[-1]["entry"] + timedelta(weeks=18):
            self.leave(day, "time_exit")
        if self.retry:
            self.buy_again()

    def cross_in_force(self, day: date) -> bool:
        cross = self.cross.cross
        return self.cross.above and cross is not None and cross > self.exit_day and day <= cross + timedelta(weeks=8)

    def enter(self, day: date) -> None:
        tradable = {
            data._name: self.p.weights[data._name]
            for data in self.coins
            # The length first: with preloaded feeds, row 0 of a feed that has not begun is its very last bar.
            if data._name in self.p.weights and len(data) >= 30 and data.datetime.date(0) == day
        }
        if not tradable:
            return
        self.state = "ROTATED"
        self.rotations.append(
            {
                "entry": day,
                "session": self.index.datetime.date(0),
                "exit": None,
                "reason": "open",
                "equity": self.broker.getvalue(),
                "core": self.core.close[0],
            }
        )
        total = sum(tradable.values())
        self.change_to({name: weight / total for name, weight in tradable.items()})

    def leave(self, day: date, reason: str) -> None:
        rotation = self.rotations[-1]
        rotation.update(exit=day, reason=reason)
        rotation["return"] = self.broker.getvalue() / rotation["equity"] - 1
        self.state, self.exit_day = "CORE", day
        self.change_to({CORE: 1.0})

    def change_to(self, targets: Mapping[str, float]) -> None:
        self.retry.clear()
        for order in list(self.broker.get_orders_open()):
            self.cancel(order)
        equity = self.broker.getvalue()
        buys = []
        for data in self.coins:
            held = self.getposition(data).size
            if data._name not in targets:
                if held:
                    self.sell(data=data, size=held)
                continue
            close = data.close[0]
            wanted = equity * 0.995 * targets[data._name] - held * close
            if wanted < 0:
                self.trade(self.sell, data, -wanted / close)
            else:
                buys.append((data, wanted / (close * (1 + COMMISSION + SLIPPAGE))))
        for data, size in buys:
            self.trade(self.buy, data, size)

    def trade(self, side: Any, data: Any, size: float) -> None:
        step = LOT_STEPS.get(data._name, OTHER_LOT_STEP)
        size = math.floor(size / step) * step
        if size > 0 and size * data.close[0] >= MINIMUM_NOTIONAL:
            side(data=data, size=size)

    def notify_order(self, order: Any) -> None:
        if order.status == order.Margin:
            # An open above the last close refuses the whole buy: try again with what the cash pays for.
            self.retry.append(order.data)

    def buy_again(self) -> None:
        while self.retry:
            data = self.retry.popleft()
            self.trade(self.buy, data, self.broker.getcash() * 0.99 / data.close[0] / (1 + COMMISSION + SLIPPAGE))


def pandas_feed(path: Path, last: date) -> Any:
    # Here and not at the top: the lean variant does without pandas.
    import pandas as pd

    frame = pd.read_csv(path, index_col="date", parse_dates=True)
    return bt.feeds.PandasData(dataname=frame.loc[: pd.Timestamp(last)])


def csv_feed(path: Path, first: date, last: date) -> Any:
    return bt.feeds.GenericCSVData(
        dataname=str(path),
        dtformat="%Y-%m-%d",
        openinterest=-1,
        fromdate=datetime.combine(first, time.min),
        todate=datetime.combine(last, time.max),
    )


def run(
    folder: Path, *, weights: Mapping[str, float], first_day: date, last_day: date, lean: bool
) -> tuple[float, Sequence[Mapping[str, Any]]]:
    # The core's feed begins at its first bar, because the EMA and the count of weeks do; the index needs the five years
    # of a ceiling and some more for a breakout under way; a coin needs thirty bars.
    needed_from = {CORE: date.min, INDEX: first_day - timedelta(weeks=8 * 52)}
    cerebro = bt.Cerebro(stdstats=not lean)
    for name in dict.fromkeys((CORE, INDEX, *weights)):
        path = folder / f"{name}.csv"
        first = needed_from.get(name, first_day - timedelta(days=60))
        cerebro.adddata(csv_feed(path, first, last_day) if lean else pandas_feed(path, last_day), name=name)
    cerebro.broker.setcash(100_000)
    cerebro.broker.setcommission(commission=COMMISSION)
    # slip_out: a fill may lie outside the bar's range, as it does where the open is also the high.
    cerebro.broker.set_slippage_perc(SLIPPAGE, slip_open=True, slip_out=True)
    cerebro.addstrategy(Rotation, weights=weights, first_day=first_day)
    strategy = cerebro.run()[0]
    return cerebro.broker.getvalue(), strategy.rotations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of NAME.csv: date,open,high,low,close,volume")
    parser.add_argument("--equal", default=",".join(DEFAULT_EQUAL), help="coins that share what ETH leaves")
    parser.add_argument("--from", dest="first_day", type=date.fromisoformat, default=date(2018, 1, 1))
    parser.add_argument("--to", dest="last_day", type=date.fromisoformat, default=date(2100, 1, 1))
    parser.add_argument("--lean", action="store_true", help="CSV feeds, only the history needed, no observers")
    arguments = parser.parse_args()
    equal = arguments.equal.split(",")
    weights = {"ETH": 0.5, **dict.fromkeys(equal, 0.5 / len(equal))}
    equity, rotations = run(
        arguments.folder,
        weights=weights,
        first_day=arguments.first_day,
        last_day=arguments.last_day,
        lean=arguments.lean,
    )
    print(f"final equity {equity:.2f}")
    print(f"rotations {len(rotations)}")
    for rotation in rotations:
        change = f"{rotation['return']:+.2%}" if rotation["exit"] else ""
        print(f"{rotation['entry']} {rotation['exit'] or '-'} {rotation['reason']} {change}")


if __name__ == "__main__":
    main()
