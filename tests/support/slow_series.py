"""Series by the specification's words, day by day, in plain Python; it shares no code with the engine's.

What a value is known on is a decision day here: every hour of publication in New York is on the same UTC day, and what
is known at 24:00 UTC is known on the day that ends then.
"""

import bisect
import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from pandas.tseries.holiday import USFederalHolidayCalendar

DAY = timedelta(days=1)
STALE_AFTER = {"daily": 14, "weekly": 21, "monthly": 100}
SLOWER = ("daily", "weekly", "monthly")
US_CLOSES = ("IWM", "SPY", "QQQ", "GLD", "SLV", "NVDA", "VIX", "RUT")


@cache
def holidays() -> frozenset[date]:
    """Give the federal holidays."""
    return frozenset(stamp.date() for stamp in USFederalHolidayCalendar().holidays("1986-01-01", "2030-12-31"))


def is_business_day(day: date) -> bool:
    return day.weekday() < 5 and day not in holidays()


def from_business_day(day: date) -> date:
    """Give the day itself, or the next business day."""
    while not is_business_day(day):
        day += DAY
    return day


def next_business_day(day: date) -> date:
    return from_business_day(day + DAY)


def first_weekday_after(day: date, weekday: int) -> date:
    day += DAY
    while day.weekday() != weekday:
        day += DAY
    return day


def first_of_next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _financial_conditions(day: date) -> date:
    wednesday = first_weekday_after(day, 2)
    near = any(wednesday - back * DAY in holidays() for back in range(3))
    return from_business_day(wednesday + DAY if near else wednesday)


def _money(day: date) -> date:
    tuesday = first_weekday_after(first_of_next_month(day) - DAY, 1)
    return from_business_day(tuesday + 21 * DAY)


def _dollar(day: date) -> date:
    return from_business_day(first_weekday_after(day, 0))


def _balance_sheet(day: date) -> date:
    return from_business_day(first_weekday_after(day, 3))


PUBLISHED: Mapping[str, tuple[str, Callable[[date], date]]] = {
    **dict.fromkeys(("IWM_ADJCLOSE", "IWN_ADJCLOSE", "IWC_ADJCLOSE", "CPER_CLOSE"), ("daily", lambda day: day)),
    **dict.fromkeys(("WALCL", "WTREGEN"), ("weekly", _balance_sheet)),
    "RRPONTSYD": ("daily", lambda day: day),
    **dict.fromkeys(("DFF", "HY_OAS", "DGS2"), ("daily", next_business_day)),
    "NFCI": ("weekly", _financial_conditions),
    "M2SL": ("monthly", _money),
    "DXY": ("daily", _dollar),
    **dict.fromkeys(("BTC_ETF_FLOW", "ETH_ETF_FLOW"), ("daily", lambda day: day + DAY)),
}
"""How often each has a value, and the decision day on which a date's value is known first."""


@dataclass(frozen=True)
class SlowSeries:
    """Values with their dates, and the decision day on which each was known first."""

    kind: str
    dates: Sequence[date]
    values: Sequence[float]
    known: Sequence[date]
    _weeks: dict[date, float | None] = field(default_factory=dict)

    def last_position(self, day: date) -> int | None:
        """Give the position of the last value, None where it is stale or there is none."""
        position = bisect.bisect_right(self.known, day) - 1
        if position < 0 or (day - self.dates[position]).days > STALE_AFTER[self.kind]:
            return None
        return position

    def last_n(self, day: date, count: int) -> list[float] | None:
        position = self.last_position(day)
        if position is None or position + 1 < count:
            return None
        return list(self.values[position + 1 - count : position + 1])

    def last(self, day: date) -> float | None:
        values = self.last_n(day, 1)
        return None if values is None else values[0]

    def so_far(self, day: date) -> list[float] | None:
        """Give all values up to the last one."""
        position = self.last_position(day)
        return None if position is None else list(self.values[: position + 1])

    def on(self, day: date) -> int | None:
        """Give the position of the value of the day itself."""
        position = bisect.bisect_right(self.known, day) - 1
        return position if position >= 0 and self.dates[position] == day else None

    def change(self, day: date, weeks: int) -> float | None:
        now = self.last_position(day)
        if now is None:
            return None
        wanted = self.dates[now] - 7 * weeks * DAY
        before = bisect.bisect_right(self.dates, wanted) - 1
        if before < 0 or (wanted - self.dates[before]).days > STALE_AFTER[self.kind]:
            return None
        return self.values[now] - self.values[before]

    def of_week(self, sunday: date) -> float | None:
        if sunday not in self._weeks:
            self._weeks[sunday] = self._of_period(sunday - 6 * DAY, sunday)
        return self._weeks[sunday]

    def weekly(self, day: date, weeks: int) -> list[float] | None:
        sunday = last_sunday(day)
        return whole([self.of_week(sunday - 7 * back * DAY) for back in range(weeks - 1, -1, -1)])

    def monthly(self, day: date, months: int) -> list[float] | None:
        ends = last_month_ends(day, months)
        return whole([self._of_period(end.replace(day=1), end) for end in ends])

    def of_month(self, end: date) -> float | None:
        return self._of_period(end.replace(day=1), end)

    def _of_period(self, first: date, last: date) -> float | None:
        position = bisect.bisect_right(self.known, last) - 1
        return self.values[position] if position >= 0 and self.known[position] >= first else None


def last_sunday(day: date) -> date:
    return day if day.weekday() == 6 else day - (day.weekday() + 1) * DAY


def last_month_ends(day: date, months: int) -> list[date]:
    """Give the last days of the latest complete months, the latest last."""
    end = day if (day + DAY).month != day.month else day.replace(day=1) - DAY
    ends = [end]
    while len(ends) < months:
        ends.append(ends[-1].replace(day=1) - DAY)
    return ends[::-1]


def whole(values: Sequence[float | None]) -> list[float] | None:
    present = [value for value in values if value is not None]
    return present if len(present) == len(values) else None


def over(first: SlowSeries, second: SlowSeries) -> SlowSeries:
    """Give the ratio."""
    places = {day: place for place, day in enumerate(second.dates)}
    pairs = [(place, places[day]) for place, day in enumerate(first.dates) if day in places]
    return SlowSeries(
        kind=max(first.kind, second.kind, key=SLOWER.index),
        dates=[first.dates[a] for a, _ in pairs],
        values=[first.values[a] / second.values[b] for a, b in pairs],
        known=[max(first.known[a], second.known[b]) for a, b in pairs],
    )


def cut_to(first: SlowSeries, second: SlowSeries) -> SlowSeries:
    """Give the first on the dates that both have."""
    common = set(second.dates)
    kept = [place for place, day in enumerate(first.dates) if day in common]
    return SlowSeries(
        kind=first.kind,
        dates=[first.dates[place] for place in kept],
        values=[first.values[place] for place in kept],
        known=[first.known[place] for place in kept],
    )


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_closes(path: Path) -> SlowSeries:
    """Read a file of bars."""
    rows = read_rows(path)
    days = [date.fromisoformat(row["date"]) for row in rows]
    return SlowSeries("daily", days, [float(row["close"]) for row in rows], days)


def read_values(path: Path) -> SlowSeries:
    """Read a file of values."""
    kind, published = PUBLISHED[path.stem]
    rows = [row for row in read_rows(path) if row["value"]]
    days = [date.fromisoformat(row["date"]) for row in rows]
    return SlowSeries(kind, days, [float(row["value"]) for row in rows], [published(day) for day in days])


def basket_of(coins: Sequence[SlowSeries], *, min_history_days: int) -> SlowSeries:
    """Give the basket's index: the product of 1 + the mean return of the coins tradable the day before."""
    least = min(3, len(coins))
    places = [{day: place for place, day in enumerate(coin.dates)} for coin in coins]
    day, last = min(coin.dates[0] for coin in coins), max(coin.dates[-1] for coin in coins)
    days, values, level = [], [], 1.0
    while day <= last:
        returns = []
        for coin, place in zip(coins, places, strict=True):
            before = place.get(day - DAY)
            if before is not None and before + 1 >= min_history_days and day in place:
                returns.append(coin.values[place[day]] / coin.values[before] - 1)
        if len(returns) >= least:
            level *= 1 + sum(returns) / len(returns)
            days.append(day)
            values.append(level)
        day += DAY
    return SlowSeries("daily", days, values, days)
