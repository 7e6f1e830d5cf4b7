"""The claim court once more, from its specification alone: dictionaries and loops over days, no column and no FFT.

Days are ordinals, a series is a mapping of days to values, what is undefined is absent or None. It shares no line with
`engine/`; Student's t and the exact binomial come from scipy, the signals from `oracle`, the days of
publication from `slow_series`.
Here stand the record, its events and the tests; `slow_claims` says which claim is which of them.
"""

import bisect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib import import_module
from statistics import fmean, median, pstdev
from typing import Any

from tests.support.oracle import DEFAULTS, IndexFact, WeekFact, evaluate_index, evaluate_weeks
from tests.support.slow_series import SlowSeries

stats: Any = import_module("scipy.stats")
ALTS = ("ETH", "SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE")
Values = Mapping[int, float]
Found = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything up to `end`.

    Attributes:
        closes: by name and day; lows: of the index, by day; series: what is no price, with its days of publication.
    """

    closes: Mapping[str, Values]
    lows: Values
    series: Mapping[str, SlowSeries]
    end: int

    @cached_property
    def first(self) -> int:
        """The first day of the grid."""
        return min(*self.closes["RUT"], *self.closes["BTC"])

    @cached_property
    def grid(self) -> range:
        """Every day."""
        return range(self.first, self.end + 1)

    @cached_property
    def fridays(self) -> list[int]:
        """The Fridays of the grid."""
        return [day for day in self.grid if date.fromordinal(day).weekday() == 4]

    @cached_property
    def filled(self) -> dict[str, dict[int, float]]:
        """Each price with its last close on every day from the first to the last of its file."""
        found: dict[str, dict[int, float]] = {}
        for name, closes in self.closes.items():
            found[name] = {}
            if not closes:
                continue
            last = math.nan
            for day in range(min(closes), max(closes) + 1):
                last = closes.get(day, last)
                found[name][day] = last
        found["ALT"] = self._typical_alt()
        return found

    def _typical_alt(self) -> dict[int, float]:
        level: dict[int, float] = {}
        sorted_days = {coin: sorted(self.closes[coin]) for coin in ALTS if coin in self.closes}
        for day in self.grid:
            returns = []
            for coin, days in sorted_days.items():
                closes = self.closes[coin]
                if day in closes and day - 1 in closes and bisect.bisect_left(days, day) >= 30:
                    returns.append(math.log(closes[day] / closes[day - 1]))
            if len(returns) >= 3:
                if not level:
                    level[day - 1] = 1.0
                level[day] = level[day - 1] * math.exp(fmean(returns))
            elif level:
                return level
        return level

    def x(self, name: str, day: int) -> float | None:
        """Give the last close dated up to the day."""
        over, _, under = name.partition("/")
        above = self.filled.get(over, {}).get(day)
        if not under or above is None:
            return above
        below = self.filled.get(under, {}).get(day)
        return None if below is None else above / below

    def gain(self, name: str, since: int, until: int) -> float | None:
        """Give the log return."""
        before, after = self.x(name, since), self.x(name, until)
        return None if before is None or after is None else math.log(after / before)

    def week(self, name: str, friday: int, weeks: int = 1) -> float | None:
        """Give the return of the weeks up to a Friday."""
        return self.gain(name, friday - 7 * weeks, friday)

    def ahead(self, name: str, friday: int, weeks: int) -> float | None:
        """Give the return of the weeks after a Friday."""
        return self.gain(name, friday, friday + 7 * weeks)

    def observed(self, name: str, day: int) -> float | None:
        """Give the last value dated up to a day, up to six days past the last row."""
        series = self.series[name]
        place = bisect.bisect_right(series.dates, date.fromordinal(day)) - 1
        if place < 0 or day > series.dates[-1].toordinal() + 6:
            return None
        return series.values[place]

    def known(self, name: str, day: int) -> float | None:
        """Give the last value that was known at the day's end."""
        return self.series[name].last(date.fromordinal(day))

    def liquidity(self, day: int, of: Callable[[str, int], float | None]) -> float | None:
        """Give net liquidity by one of the two clocks."""
        parts = [of(name, day) for name in ("WALCL", "WTREGEN", "RRPONTSYD")]
        if day < date(2013, 9, 23).toordinal():
            parts[2] = 0.0
        if None in parts:
            return None
        assets, treasury, repo = (part or 0.0 for part in parts)
        return assets - treasury - 1000 * repo

    def liquidity_change(self, friday: int, weeks: int, of: Callable[[str, int], float | None]) -> float | None:
        """Give the change of the log of net liquidity."""
        now, then = self.liquidity(friday, of), self.liquidity(friday - 7 * weeks, of)
        return None if now is None or then is None or min(now, then) <= 0 else math.log(now / then)

    def observed_change(self, name: str, friday: int) -> float | None:
        """Give the change from Friday to Friday."""
        now, then = self.observed(name, friday), self.observed(name, friday - 7)
        return None if now is None or then is None else now - then

    def rate_level(self, day: int) -> float | None:
        """Give the median of three weeks of the known rate."""
        rates = [self.known("DFF", day - back) for back in range(21)]
        return None if None in rates else median(rate for rate in rates if rate is not None)

    def in_state(self, which: str, day: int) -> bool | None:
        """Tell whether a state holds; None where it is not defined."""
        if which == "new high":
            if self.x("RUT", day) is None:
                return None
            return any(day - 28 < made <= day for made in self.records)
        now, then = self.rate_level(day), self.rate_level(day - (63 if which == "unchanged" else 182))
        if now is None or then is None:
            return None
        change = round(now - then, 10)
        return {"hiking": change >= 0.2, "cutting": change <= -0.2, "unchanged": abs(change) < 0.05}[which]

    @cached_property
    def records(self) -> list[int]:
        """The records of the index."""
        return records_of(self.closes["RUT"])

    @cached_property
    def index_facts(self) -> list[IndexFact]:
        """The strategy's breakout, session by session."""
        closes = {date.fromordinal(day): close for day, close in sorted(self.closes["RUT"].items())}
        return evaluate_index(closes, DEFAULTS["strategy"]["breakout"])

    @cached_property
    def week_facts(self) -> list[WeekFact]:
        """The weekly MACD of Bitcoin."""
        closes = {date.fromordinal(day): close for day, close in sorted(self.closes["BTC"].items())}
        return evaluate_weeks(closes, DEFAULTS["strategy"]["macd"])

    def flow_weeks(self, name: str, *, known: bool) -> dict[int, float]:
        """Give the flow of each Friday's week."""
        series = self.series[name]
        if not series.dates:
            return {}
        days = [day.toordinal() for day in (series.known if known else series.dates)]
        sums: dict[int, float] = {}
        for friday in self.fridays:
            if friday < days[0] or friday - 7 >= days[-1] or friday - 7 < days[0]:
                continue
            sums[friday] = sum(
                value for day, value in zip(days, series.values, strict=True) if friday - 7 < day <= friday
            )
        return sums


def records_of(closes: Values) -> list[int]:
    """Give the days whose close is above every earlier one; the first is none."""
    found, high = [], math.inf
    for number, (day, close) in enumerate(sorted(closes.items())):
        if number and close > high:
            found.append(day)
        high = close if not number else max(high, close)
    return found


# Events.


def highs(world: World, least: int) -> list[int]:
    return [now for before, now in zip(world.records, world.records[1:], strict=False) if now - before >= least]


def breaks(world: World) -> list[int]:
    return [fact.session.toordinal() for fact in world.index_facts if fact.breakout_session == fact.session]


def retests(world: World) -> list[int]:
    facts, found = world.index_facts, []
    for at, fact in enumerate(facts):
        if fact.breakout_session != fact.session or fact.support is None:
            continue
        for later in facts[at + 1 :]:
            day = later.session.toordinal()
            if day > fact.session.toordinal() + 182:
                break
            if world.lows[day] <= 1.02 * fact.support and later.close > fact.support:
                found.append(day)
                break
            if later.lost or later.breakout_session == later.session:
                break
    return found


def crosses(world: World) -> list[int]:
    found = {fact.cross_week.toordinal() for fact in world.week_facts if fact.cross_week is not None}
    return sorted(day for day in found if day <= world.end)


def month_highs(world: World) -> list[int]:
    closes = world.closes["RUT"]
    last_of: dict[tuple[int, int], int] = {}
    for day in sorted(closes):
        on = date.fromordinal(day)
        last_of[on.year, on.month] = day
    found, high = [], None
    for (year, month), day in last_of.items():
        weekday = date(year + month // 12, month % 12 + 1, 1).toordinal() - 1
        while date.fromordinal(weekday).weekday() > 4:
            weekday -= 1
        if weekday > max(closes):
            continue
        if high is not None and closes[day] > high:
            found.append(day)
        high = closes[day] if high is None else max(high, closes[day])
    return found


def entries(days: Iterable[int], quiet: int) -> list[int]:
    inside = set(days)
    return sorted(day for day in inside if not any(day - back in inside for back in range(1, quiet + 1)))


def thinned(days: Iterable[int], apart: int) -> list[int]:
    kept: list[int] = []
    for day in sorted(days):
        if not kept or day >= kept[-1] + apart:
            kept.append(day)
    return kept


def treasury_falls(world: World) -> list[int]:
    found = []
    for day in world.grid:
        now, then = world.known("WTREGEN", day), world.known("WTREGEN", day - 28)
        if day >= date(2013, 1, 1).toordinal() and now is not None and then is not None and now - then <= -100_000:
            found.append(day)
    return entries(found, 28)


def ether_highs(world: World) -> list[int]:
    found = []
    for friday in world.fridays:
        now, before = world.x("ETH", friday), [world.x("ETH", friday - 7 * k) for k in range(1, 21)]
        if now is not None and None not in before and all(now > each for each in before if each is not None):
            found.append(friday)
    return entries(found, 126)


def shocks(world: World) -> list[int]:
    line = world.filled["BTC"]
    days = sorted(line)
    returns = [math.log(line[day] / line[day - 1]) for day in days[1:]]
    deviations, found = [], []
    for at in range(30, len(days)):
        deviations.append(pstdev(returns[at - 30 : at]))
        if len(deviations) < 365:
            continue
        ordered = sorted(deviations)
        place = 0.9 * (len(ordered) - 1)
        below = math.floor(place)
        above = ordered[min(below + 1, len(ordered) - 1)]
        if deviations[-1] > ordered[below] + (place - below) * (above - ordered[below]):
            found.append(days[at])
    return entries(found, 90)


def of_high(world: World, name: str) -> dict[int, float]:
    """Give a price over its highest so far, by day."""
    found, high = {}, 0.0
    for day, price in sorted(world.filled[name].items()):
        high = max(high, price)
        found[day] = price / high
    return found


def gaps(world: World) -> list[int]:
    shares = [of_high(world, name) for name in ("RUT", "BTC", "ALT")]
    found = [
        day
        for day in world.grid
        if all(day in share for share in shares)
        and shares[0][day] >= 0.98
        and shares[1][day] <= 0.9
        and shares[2][day] <= 0.9
    ]
    return entries(found, 30)


def tops(closes: Values, end: int) -> tuple[list[int], list[int]]:
    """Give the bear market tops, and the open ones."""
    closed, still_open = [], []
    for top in records_of(closes):
        higher = [day for day in closes if day > top and closes[day] > closes[top]]
        until = min(higher) if higher else end + 1
        if not any(top < day < until and close <= closes[top] / 2 for day, close in closes.items()):
            continue
        if (until if higher else end) - top > 365:
            closed.append(top)
        elif not higher:
            still_open.append(top)
    return closed, still_open


def rallies(closes: Values) -> list[tuple[int, int]]:
    """Give the start and the top so far of each rally."""
    found: list[tuple[int, int]] = []
    days, since, place = sorted(closes), 0, 0
    while True:
        # Looking for a low: the first close that doubles the lowest since the last top.
        start = None
        for place in range(since, len(days)):
            low = min(days[since : place + 1], key=lambda day: closes[day])
            if closes[days[place]] >= 2 * closes[low]:
                start = low
                break
        if start is None:
            return found
        # Looking for a top: the first close that halves the highest since the start.
        for later in range(place, len(days)):
            top = max(days[place : later + 1], key=lambda day: closes[day])
            if closes[days[later]] <= closes[top] / 2:
                found.append((start, top))
                since = days.index(top) + 1
                break
        else:
            return [*found, (start, max(days[place:], key=lambda day: closes[day]))]


def dips(closes: Values) -> list[tuple[int, int]]:
    """Give the day of each dip, and how many days it lasted."""
    found, days, at = [], sorted(closes), 0
    high = closes[days[0]]
    while at < len(days):
        high = max(high, closes[days[at]])
        if closes[days[at]] > 0.9 * high:
            at += 1
            continue
        begun = at
        back = [k for k in range(begun + 1, len(days)) if closes[days[k]] >= high]
        if back and days[back[0]] - days[begun] <= 365:
            found.append((days[begun], days[back[0]] - days[begun]))
            at = back[0]
            continue
        over = [k for k in range(begun + 1, len(days)) if days[k] - days[begun] >= 365]
        if not over:
            return found
        found.append((days[begun], 365))
        at = over[0]
        high = closes[days[at]]
    return found


# Tests.


def s_test(statistic: float, moved: Sequence[float], *, steps: int, width: int) -> Found:
    """Judge a statistic by all circular shifts of the driver."""
    nu = max(1, steps // width - 1)
    mean, deviation = fmean(moved), pstdev(moved)
    z = (statistic - mean) / deviation
    up = float(stats.t.sf(z, nu))
    low = float(stats.t.cdf(z, nu))
    reach = float(stats.t.ppf(0.975, nu))
    return {
        "p_up": up,
        "p_lo": low,
        "p": min(1.0, 2 * min(up, low)),
        "nu": nu,
        "interval": (statistic - mean - reach * deviation, statistic - mean + reach * deviation),
        "mde": (reach + float(stats.t.ppf(0.8, nu))) * deviation,
    }


def by_count(statistic: float, null: Sequence[float]) -> Found:
    """Judge a statistic by the share of a null's points on either side."""
    up = (1 + sum(point >= statistic - 1e-12 for point in null)) / (1 + len(null))
    low = (1 + sum(point <= statistic + 1e-12 for point in null)) / (1 + len(null))
    return {"p_up": up, "p_lo": low, "p": min(1.0, 2 * min(up, low))}


def value(values: Values, events: Iterable[int], *, width: int, sign: int, apart: int | None = None) -> Found:
    """Compare a daily value on days of events with its mean."""
    days = sorted(values)
    kept = thinned((day for day in events if day in values), apart or width)
    if not kept:
        return {"n": 0, "events": []}
    base = fmean(values.values())
    effect = fmean(values[day] for day in kept) - base
    places = [bisect.bisect_left(days, day) for day in kept]
    column, steps = [values[day] for day in days], len(days)
    moved = [
        fmean(column[(place + shift) % steps] for place in places) - base for shift in range(width, steps - width + 1)
    ]
    points = [values[day] for day in kept]
    points.remove(max(points, key=lambda point: sign * point))
    without = fmean(points) - base if points else None
    return {
        "n": len(kept),
        "effect": effect,
        "events": kept,
        "without_best": without,
        **s_test(effect, moved, steps=steps, width=width),
    }


def rate_interval(hits: int, trials: int) -> tuple[float, float]:
    """Give Clopper and Pearson's interval."""
    low = float(stats.beta.ppf(0.025, hits, trials - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def hit(gains: Values, events: Iterable[int], *, width: int) -> Found:
    """Compare the share of gains."""
    found = value({day: float(gain > 0) for day, gain in gains.items()}, events, width=width, sign=1)
    if not found["n"]:
        return found
    hits = sum(gains[day] > 0 for day in found["events"])
    return {
        **found,
        "effect": hits / found["n"],
        "hits": hits,
        "interval": rate_interval(hits, found["n"]),
        "without_best": None,
    }


def correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Give Pearson's correlation."""
    mx, my = fmean(x), fmean(y)
    over = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return over / math.sqrt(math.fsum((a - mx) ** 2 for a in x) * math.fsum((b - my) ** 2 for b in y))


def joined(rows: Iterable[Sequence[float | None]]) -> list[list[float]]:
    """Give the columns of the rows in which nothing is missing."""
    whole = [[cell for cell in row if cell is not None] for row in rows if None not in row]
    return [list(column) for column in zip(*whole, strict=True)]


def shift(rows: Iterable[Sequence[float | None]], *, margin: int, width: int) -> Found:
    """Correlate two persistent columns."""
    x, y = joined(rows)
    steps = len(x)
    effect = correlation(x, y)
    moved = [correlation([x[(t - s) % steps] for t in range(steps)], y) for s in range(margin, steps - margin + 1)]
    return {"n": steps // width, "effect": effect, **s_test(effect, moved, steps=steps, width=width)}


def state(rows: Iterable[tuple[bool | None, float | None]], *, sign: int) -> Found:
    """Compare weeks after Fridays in a state with the others."""
    inside, y = [], []
    for is_in, outcome in rows:
        if is_in is not None and outcome is not None:
            inside.append(is_in)
            y.append(outcome)

    def difference(where: Sequence[bool], of: Sequence[float]) -> float:
        yes = [each for each, is_in in zip(of, where, strict=True) if is_in]
        no = [each for each, is_in in zip(of, where, strict=True) if not is_in]
        return fmean(yes) - fmean(no) if yes and no else math.nan

    runs: list[list[int]] = []
    for week, is_in in enumerate(inside):
        if is_in:
            if week and inside[week - 1]:
                runs[-1].append(week)
            else:
                runs.append([week])
    steps, effect = len(y), difference(inside, y)
    spells = sum(len(run) >= 4 for run in runs)
    if math.isnan(effect):
        return {"n": spells}
    moved = [difference([inside[(t - s) % steps] for t in range(steps)], y) for s in range(26, steps - 26 + 1)]
    left = []
    for run in runs:
        kept = [week for week in range(steps) if week not in run]
        left.append(difference([inside[week] for week in kept], [y[week] for week in kept]))
    return {
        "n": spells,
        "effect": effect,
        "without_best": None if any(map(math.isnan, left)) else min(left, key=lambda each: sign * each),
        **s_test(effect, moved, steps=steps, width=13),
    }


def residuals(y: Sequence[float], controls: Sequence[Sequence[float]]) -> list[float]:
    """Give what is left of y after the controls and a constant are taken out, one after the other (Gram-Schmidt)."""
    basis: list[list[float]] = []
    for column in ([1.0] * len(y), *controls):
        basis.append(_less(column, basis))
    return _less(y, basis)


def _less(y: Sequence[float], basis: Sequence[Sequence[float]]) -> list[float]:
    left = list(y)
    for _ in range(2):
        for axis in basis:
            part = math.fsum(a * b for a, b in zip(left, axis, strict=True)) / math.fsum(a * a for a in axis)
            left = [a - part * b for a, b in zip(left, axis, strict=True)]
    return left


def drawn_rows(rng: Any, draws: int, n: int, block: float) -> list[list[int]]:
    """Draw resampled positions as the page writes the algorithm down, a step at a time."""
    starts, begins = rng.integers(0, n, (draws, n)).tolist(), rng.random((draws, n)).tolist()
    rows = []
    for start, begin in zip(starts, begins, strict=True):
        row: list[int] = []
        for t in range(n):
            row.append(start[t] if t == 0 or begin[t] < 1 / block else (row[-1] + 1) % n)
        rows.append(row)
    return rows


def parts(draws: int) -> list[int]:
    """Give the sizes of parts of at most 1,000."""
    return [min(1000, draws - begun) for begun in range(0, draws, 1000)]


def quantile(points: Sequence[float], share: float) -> float:
    """Give a point of a sample, linear between its values."""
    ordered = sorted(points)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def assoc(rng: Any, rows: Iterable[Sequence[float | None]], draws: int, *, against: float = 0.0) -> Found:
    """Correlate two weekly columns, given the others."""
    x, y, *controls = joined(rows)
    n = len(x)
    if controls:
        x, y = residuals(x, controls), residuals(y, controls)
    effect = correlation(x, y)
    null: list[float] = []
    pairs: list[float] = []
    for part in parts(draws):
        null += [correlation([x[t] for t in row], y) for row in drawn_rows(rng, part, n, 13)]
        pairs += [correlation([x[t] for t in row], [y[t] for t in row]) for row in drawn_rows(rng, part, n, 13)]
    if against:
        up = (1 + sum(point <= against for point in pairs)) / (1 + draws)
        low = (1 + sum(point >= against for point in pairs)) / (1 + draws)
        judged = {"p_up": up, "p_lo": low, "p": min(1.0, 2 * min(up, low))}
    else:
        judged = by_count(effect, null)
    return {"n": n, "effect": effect, "interval": (quantile(pairs, 0.025), quantile(pairs, 0.975)), **judged}


def lags(x: Sequence[float], y: Sequence[float], which: Iterable[int]) -> list[float]:
    """Give the correlation of x[t] and y[t + k] round the sample for each k."""
    n = len(x)
    return [correlation(x, [y[(t + k) % n] for t in range(n)]) for k in which]


def lead(rng: Any, rows: Iterable[Sequence[float | None]], draws: int) -> Found:
    """Look for the best lag."""
    x, y = joined(rows)
    found = lags(x, y, range(1, 27))
    null = [
        max(lags([x[t] for t in row], y, range(1, 27)))
        for part in parts(draws)
        for row in drawn_rows(rng, part, len(x), 13)
    ]
    judged = by_count(max(found), null)
    return {"n": len(x), "effect": max(found), "best_lag": found.index(max(found)) + 1, **judged, "p": judged["p_up"]}


def net(rng: Any, rows: Iterable[Sequence[float | None]], draws: int) -> Found:
    """Ask which of two moved first."""
    x, y = joined(rows)

    def of(driver: Sequence[float]) -> float:
        return math.fsum(lags(driver, y, range(1, 9))) - math.fsum(lags(driver, y, range(-8, 0)))

    effect = of(x)
    null = [of([x[t] for t in row]) for part in parts(draws) for row in drawn_rows(rng, part, len(x), 13)]
    mean = fmean(null)
    interval = (effect - (quantile(null, 0.975) - mean), effect - (quantile(null, 0.025) - mean))
    return {"n": len(x), "effect": effect, "interval": interval, **by_count(effect, null)}


def world_of_files(prices: Any, macro: Any, names: Iterable[str], series: Iterable[str], *, last: date) -> World:
    """Read a world from folders of CSV files, cut at a day, and at the last one of Bitcoin up to it."""
    from tests.support.slow_series import read_rows, read_values

    rows = {name: read_rows(prices / f"{name}.csv") for name in names}
    end = max(day for row in rows["BTC"] if (day := date.fromisoformat(row["date"]).toordinal()) <= last.toordinal())
    closes = {name: _column(found, "close", end) for name, found in rows.items()}
    closes["COPPER"] = _column(read_rows(macro / "COPPER_CLOSE.csv"), "value", end)
    values = {name: read_values(macro / f"{name}.csv") for name in series}
    return World(
        closes=closes,
        lows=_column(rows["RUT"], "low", end),
        series={name: cut(each, end) for name, each in values.items()},
        end=end,
    )


def cut(series: SlowSeries, end: int) -> SlowSeries:
    """Give the values dated up to a day."""
    stop = bisect.bisect_right(series.dates, date.fromordinal(end))
    return SlowSeries(series.kind, series.dates[:stop], series.values[:stop], series.known[:stop])


def _column(rows: Iterable[Mapping[str, str]], of: str, end: int) -> dict[int, float]:
    days = ((date.fromisoformat(row["date"]).toordinal(), row[of]) for row in rows)
    return {day: float(cell) for day, cell in days if cell and day <= end}
