"""Each row of the registry once more, by the tests of `slow_study`; and the verdicts by the page's own words."""

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import fmean, median, pstdev
from typing import Any

import numpy as np

from tests.support import slow_study as slow
from tests.support.slow_study import Found, World, stats

Row = tuple[float | None, ...]


def chance(test: str) -> Any:
    """Give the generator of a test."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([20260101, zlib.crc32(test.encode())])))


def _gains(world: World, name: str, days_ahead: int) -> dict[int, float]:
    found = {}
    for day in world.grid:
        gain = world.gain(name, day, day + days_ahead)
        if gain is not None:
            found[day] = gain
    return found


def _event(world: World, events: Iterable[int], name: str, days_ahead: int) -> Found:
    return slow.value(_gains(world, name, days_ahead), events, width=days_ahead, sign=1)


def _state(world: World, which: str, name: str, sign: int) -> Found:
    rows = ((world.in_state(which, friday - 7), world.week(name, friday)) for friday in world.fridays)
    return slow.state(rows, sign=sign)


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _rows(world: World, *of: Callable[[int], float | None]) -> list[Row]:
    return [tuple(each(friday) for each in of) for friday in world.fridays]


def _money(world: World, _: int) -> Found:
    series = world.series["M2SL"]
    rows: list[Row] = []
    for place in range(12, len(series.dates)):
        month = series.dates[place]
        last = min(date(month.year + month.month // 12, month.month % 12 + 1, 1).toordinal() - 1, world.end)
        rows.append((math.log(series.values[place] / series.values[place - 12]), world.gain("ALT", last - 182, last)))
    months = len(slow.joined(rows)[0])
    return {**slow.shift(rows, margin=6, width=12), "n": months // 6}


def _flow_after_ether(world: World, draws: int) -> Found:
    flow = world.flow_weeks("ETH_ETF_FLOW", known=False)
    rows = _rows(world, lambda f: world.week("ETH", f - 7), flow.get, lambda f: flow.get(f - 7))
    return slow.assoc(chance("000-18a"), rows, draws)


def _ether_after_flow(world: World, draws: int) -> Found:
    flow = world.flow_weeks("ETH_ETF_FLOW", known=True)
    rows = _rows(world, lambda f: flow.get(f - 7), lambda f: world.week("ETH", f), lambda f: world.week("ETH", f - 7))
    return slow.assoc(chance("000-18b"), rows, draws)


def _correlation_comes_back(world: World, _: int) -> Found:
    sessions = sorted(world.closes["RUT"])
    moves = {now: tuple(world.gain(name, before, now) for name in ("BTC", "RUT")) for before, now in pairwise(sessions)}
    values = {}
    last = min(world.end, sessions[-1] + 6) - 180
    for day in range(min(world.closes["BTC"]) + 395, last + 1):
        found = []
        for since in (day, day + 90):
            x, y = slow.joined(moves[each] for each in range(since + 1, since + 91) if each in moves)
            found.append(slow.correlation(x, y))
        values[day] = found[1] - found[0]
    return slow.value(values, slow.shocks(world), width=180, sign=1)


def _phases(world: World, _: int) -> Found:
    pairs = ("GLD/SPY", "QQQ/SPY", "RUT/SPY", "SLV/GLD", "ALT/BTC", "COPPER/GLD")
    columns = slow.joined([world.week(name, friday, 26) for name in pairs] for friday in world.fridays)
    z = [[(each - fmean(column)) / pstdev(column) for each in column] for column in columns]
    scores = [[(a + b) / 2 for a, b in zip(z[2 * k], z[2 * k + 1], strict=True)] for k in range(3)]
    steps = len(scores[0])

    def count(second: int, third: int) -> tuple[int, int]:
        labels = []
        for t in range(steps):
            three = (scores[0][t], scores[1][(t - second) % steps], scores[2][(t - third) % steps])
            labels.append(three.index(max(three)))
        changes = [(a, b) for a, b in pairwise(labels) if a != b]
        return sum(change in ((0, 1), (1, 2), (2, 0)) for change in changes), len(changes)

    hits, changes = count(0, 0)
    draws = chance("001-12a").integers(26, steps - 26, endpoint=True, size=(1999, 2)).tolist()
    null = [ordered / total for ordered, total in (count(*pair) for pair in draws)]
    return {
        "n": changes,
        "effect": hits / changes,
        "interval": slow.rate_interval(hits, changes),
        **slow.by_count(hits / changes, null),
    }


def _peak_after_cross(world: World, _: int) -> Found:
    values = {}
    for day in world.grid:
        prices = [world.x("BTC", day + 7 * k) for k in range(27)]
        if None not in prices:
            known = [price for price in prices if price is not None]
            values[day] = float(16 <= known.index(max(known)) <= 21)
    return slow.value(values, slow.crosses(world), width=182, sign=1)


def _month_end(year: int, month: int) -> int:
    return date(year + month // 12, month % 12 + 1, 1).toordinal() - 1


def _summer_months(world: World, draws: int) -> Found:
    years = []
    for year in range(1990, date.fromordinal(world.end).year + 1):
        gains = []
        for month in range(1, 13):
            before = date(year, month, 1).toordinal() - 1
            gains.append(world.gain("BTC", before, _month_end(year, month)))
        if None not in gains:
            years.append([gain for gain in gains if gain is not None])
    if not years:
        return {"n": 0}

    def statistic(of: Sequence[Sequence[float]]) -> float:
        return fmean(fmean(year[4:8]) - fmean([*year[:4], *year[8:]]) for year in of)

    turns = chance("001-20a").integers(0, 12, (draws, len(years))).tolist()
    null = [
        statistic([[year[(m - turn) % 12] for m in range(12)] for year, turn in zip(years, row, strict=True)])
        for row in turns
    ]
    return _about(statistic(years), null, n=len(years))


def _about(effect: float, null: Sequence[float], *, n: int) -> Found:
    mean = fmean(null)
    interval = (effect - (slow.quantile(null, 0.975) - mean), effect - (slow.quantile(null, 0.025) - mean))
    return {"n": n, "effect": effect, "interval": interval, **slow.by_count(effect, null)}


def _summer_fall(world: World, draws: int) -> Found:
    closes, years = world.closes["BTC"], []
    for year in range(1990, date.fromordinal(world.end).year + 1):
        begins = [date(year, 3, 1), date(year, 6, 1), date(year, 9, 1), date(year, 12, 1), date(year + 1, 3, 1)]
        if begins[0].toordinal() < min(closes) or begins[-1].toordinal() - 1 > world.end:
            continue
        falls = []
        for first, after in pairwise(begins):
            high, deepest = 0.0, 0.0
            for day in range(first.toordinal(), after.toordinal()):
                if day in closes:
                    high = max(high, closes[day])
                    deepest = min(deepest, closes[day] / high - 1)
            falls.append(deepest)
        years.append(falls)
    if not years:
        return {"n": 0}

    def statistic(odd: Sequence[int]) -> float:
        return fmean(
            falls[q] - fmean(fall for k, fall in enumerate(falls) if k != q)
            for falls, q in zip(years, odd, strict=True)
        )

    null = [statistic(row) for row in chance("001-22a").integers(0, 4, (draws, len(years))).tolist()]
    return _about(statistic([1] * len(years)), null, n=len(years))


def _horse_race(world: World, draws: int) -> Found:
    series = world.series["M2SL"]

    def money(friday: int) -> float | None:
        rows = series.last_n(date.fromordinal(friday), 13)
        return None if rows is None else math.log(rows[-1] / rows[0])

    y, *predictors = slow.joined(
        _rows(
            world,
            lambda f: world.ahead("ALT", f, 13),
            money,
            lambda f: world.liquidity_change(f, 13, world.known),
            *(lambda f, name=name: world.week(name, f, 13) for name in ("RUT", "SPY", "GLD")),
        )
    )
    errors = []
    for x in predictors:
        column = []
        for i in range(169, len(y)):
            seen, then = x[: i - 12], y[: i - 12]
            fit = stats.linregress(seen, then)
            column.append(y[i] - fit.intercept - fit.slope * x[i])
        errors.append(column)
    gains = [m * m - r * r for m, r in zip(errors[0], errors[2], strict=True)]
    effect = fmean(gains)
    means = [
        fmean(gains[t] for t in row)
        for part in slow.parts(draws)
        for row in slow.drawn_rows(chance("002-1a"), part, len(gains), 26)
    ]
    interval = (slow.quantile(means, 0.025), slow.quantile(means, 0.975))
    judged = slow.by_count(effect, [mean - effect for mean in means])
    return {"n": len(gains) // 13, "effect": effect, "interval": interval, **judged}


def _shared_liquidity(world: World, _: int) -> Found:
    rows = _rows(
        world,
        lambda f: world.liquidity_change(f, 13, world.observed),
        lambda f: world.week("ALT", f, 13),
        lambda f: world.week("RUT", f, 13),
    )
    whole = list(zip(*slow.joined(rows), strict=True))
    both = [slow.shift([(row[0], row[k]) for row in whole], margin=26, width=13) for k in (1, 2)]
    up, low = max(each["p_up"] for each in both), max(each["p_lo"] for each in both)
    return {
        "n": both[0]["n"],
        "effect": min(each["effect"] for each in both),
        "p_up": up,
        "p_lo": low,
        "p": min(1.0, 2 * min(up, low)),
        "interval": None,
    }


def _bitcoin_first(world: World, _: int) -> Found:
    values = {}
    for day in world.grid:
        if world.gain("BTC", day, day + 182) is None or world.gain("ALT", day, day + 182) is None:
            continue
        up = []
        for name in ("BTC", "ALT"):
            gains = (world.gain(name, day, day + k) for k in range(1, 183))
            up.append(next((k for k, gain in enumerate(gains) if (gain or 0) >= math.log(1.2)), 999))
        values[day] = 1.0 if up[0] < up[1] else 0.0 if up[0] > up[1] else 0.5
    return slow.value(values, slow.breaks(world), width=182, sign=1)


def _tops_near_highs(world: World, _: int) -> Found:
    closed, _open = slow.tops(world.closes["BTC"], world.end)
    first = max(min(world.closes[name]) for name in ("BTC", "RUT"))
    last = max(world.closes["RUT"]) + 6
    days = list(range(first, min(world.end, last) + 1))
    near = {day: float(any(day - 30 < made <= day for made in world.records)) for day in days}
    if not closed:
        return {"n": 0}
    base, share = fmean(near.values()), fmean(near[top] for top in closed)
    moved = [
        fmean(near[days[(top - days[0] + s) % len(days)]] for top in closed) - base
        for s in range(365, len(days) - 365 + 1)
    ]
    return {
        **slow.s_test(share - base, moved, steps=len(days), width=365),
        "n": len(closed),
        "effect": share,
        "events": closed,
        "interval": slow.rate_interval(round(share * len(closed)), len(closed)),
    }


def _halved(world: World, _: int) -> Found:
    closes, share = world.filled["BTC"], slow.of_high(world, "RUT")
    days = [day for day in range(min(closes), world.end - 365 + 1) if day in share]
    halved = [any(closes[day + k] <= closes[day] / 2 for k in range(1, 366)) for day in days]
    weak = [k for k, day in enumerate(days) if share[day] <= 0.9]
    strong = [k for k, day in enumerate(days) if share[day] >= 0.98]
    steps = len(days)

    def statistic(s: int) -> float:
        return sum(halved[(k + s) % steps] for k in weak) / len(weak) - sum(
            halved[(k + s) % steps] for k in strong
        ) / len(strong)

    starts = [day for day in slow.entries([d for d in world.grid if d in share and share[d] <= 0.9], 30) if day in days]
    moved = [statistic(s) for s in range(365, steps - 365 + 1)]
    return {
        **slow.s_test(statistic(0), moved, steps=steps, width=365),
        "n": len(starts),
        "effect": statistic(0),
        "events": starts,
    }


def _longer_cycle(world: World, _: int) -> Found:
    closes = world.closes["BTC"]
    closed, still_open = slow.tops(closes, world.end)
    highest = min(day for day in closes if closes[day] == max(closes.values()))
    ends = sorted({*closed, *(still_open or [highest])})
    spans = []
    for before, top in pairwise(ends):
        between = [day for day in sorted(closes) if before <= day <= top]
        spans.append(top - min(between, key=lambda day: closes[day]))
    if len(spans) < 2:
        return {"n": max(0, len(spans) - 1)}
    return {"n": len(spans) - 1, "effect": spans[-1] - fmean(spans[:-1]), "events": ends[1:]}


def _near_rallies(world: World, _: int) -> Found:
    starts = [start for start, _ in slow.rallies(world.closes["BTC"])]
    days = range(min(world.closes["BTC"]), world.end - 182 + 1)
    values = {day: float(min(abs(day - start) for start in starts)) for day in days}
    return slow.value(values, slow.highs(world, 90), width=182, sign=-1, apart=126)


def _alike(world: World, _: int) -> Found:
    fridays = world.fridays
    windows: dict[int, list[float]] = {}
    for at in range(25, len(fridays)):
        cells = [world.week(name, friday) for friday in fridays[at - 25 : at + 1] for name in ("RUT", "BTC")]
        outcome = world.ahead("ALT", fridays[at], 26)
        if None not in cells and outcome is not None:
            windows[at] = [cell for cell in cells if cell is not None]
    pairs: list[Row] = []
    for at, window in windows.items():
        earlier = [other for other in windows if other <= at - 52]
        if len(earlier) >= 104:
            near = min(earlier, key=lambda other: math.dist(windows[other], window))
            pairs.append((world.ahead("ALT", fridays[near], 26), world.ahead("ALT", fridays[at], 26)))
    return slow.shift(pairs, margin=52, width=26) if pairs else {"n": 0}


def _inevitable(world: World, _: int) -> Found:
    found = slow.hit(_gains(world, "ALT", 126), slow.highs(world, 90), width=126)
    if not found["n"]:
        return found
    hits, n = found["hits"], found["n"]
    up, low = float(stats.binom.sf(hits - 1, n, 0.9)), float(stats.binom.cdf(hits, n, 0.9))
    return {**found, "p_up": up, "p_lo": low, "p": min(1.0, 2 * min(up, low)), "nu": None}


def _chain(world: World, draws: int) -> Found:
    first = min(world.filled["ALT"])
    since = [friday for friday in world.fridays if friday >= first]

    def small(friday: int) -> float | None:
        return _less(world.week("RUT", friday), world.week("SPY", friday))

    def bonds(friday: int) -> float | None:
        change = world.observed_change("HY_OAS", friday)
        return None if change is None else -change

    links = {
        "HY_OAS>SPY": [(bonds(f), world.week("SPY", f)) for f in since],
        "SPY>RUT-SPY": [(world.week("SPY", f), small(f)) for f in since],
        "RUT-SPY>ALT": [(small(f), world.week("ALT", f)) for f in since],
    }
    found = [slow.net(chance(f"004-11a/{name}"), rows, draws) for name, rows in links.items()]
    up, low = max(each["p_up"] for each in found), max(each["p_lo"] for each in found)
    return {
        "n": min(each["n"] for each in found),
        "effect": min(each["effect"] for each in found),
        "p_up": up,
        "p_lo": low,
        "p": min(1.0, 2 * min(up, low)),
        "interval": None,
    }


def _before_ether(world: World, draws: int) -> Found:
    gains = _gains(world, "ALT", 126)
    days = sorted(gains)
    sets = [
        [days.index(day) for day in slow.thinned((each for each in found if each in gains), 126)]
        for found in (slow.highs(world, 90), slow.ether_highs(world))
    ]
    if not all(sets):
        return {"n": 0}

    def mean(places: Sequence[int], moved: int) -> float:
        return fmean(gains[days[(place + moved) % len(days)]] for place in places)

    effect = mean(sets[0], 0) - mean(sets[1], 0)
    moves = chance("004-12a").integers(0, len(days), (draws, 2)).tolist()
    return _about(effect, [mean(sets[0], a) - mean(sets[1], b) for a, b in moves], n=min(map(len, sets)))


def _longest_rally(world: World, _: int) -> Found:
    spans = [top - start for start, top in slow.rallies(world.closes["BTC"])]
    if len(spans) < 2:
        return {"n": max(0, len(spans) - 1)}
    return {"n": len(spans) - 1, "effect": spans[-1] - median(spans[:-1])}


def _recovery(world: World, _: int) -> Found:
    share, found = slow.of_high(world, "RUT"), slow.dips(world.closes["BTC"])
    days = [day for day in range(min(world.closes["BTC"]), world.end + 1) if day in share]
    found = [dip for dip in found if dip[0] in share]
    near = [share[day] >= 0.98 for day in days]
    places = [days.index(day) for day, _ in found]

    def statistic(s: int) -> float:
        sides: tuple[list[int], list[int]] = ([], [])
        for place, (_, lasted) in zip(places, found, strict=True):
            sides[near[(place - s) % len(days)]].append(lasted)
        return median(sides[1]) - median(sides[0]) if all(sides) else math.nan

    events = [day for place, (day, _) in zip(places, found, strict=True) if near[place]]
    n = min(len(events), len(found) - len(events))
    if not n:
        return {"n": 0, "events": events}
    moved = [each for each in map(statistic, range(365, len(days) - 365 + 1)) if not math.isnan(each)]
    return {
        **slow.s_test(statistic(0), moved, steps=len(days), width=365),
        "n": n,
        "effect": statistic(0),
        "events": events,
    }


def _early_profit(world: World, _: int) -> Found:
    values = {}
    for day in world.grid:
        first, second = world.gain("ALT", day, day + 91), world.gain("ALT", day + 91, day + 182)
        if first is not None and second is not None:
            values[day] = first - second
    return slow.value(values, slow.thinned(slow.highs(world, 90), 182), width=182, sign=1)


Slow = Callable[[World, int], Found]


def _states() -> dict[str, Slow]:
    table = {
        "000-4a": ("hiking", "ALT", -1),
        "000-4b": ("hiking", "RUT", -1),
        "000-20a": ("unchanged", "RUT", 1),
        "002-5e": ("new high", "ALT", 1),
        "002-14a": ("cutting", "ALT", 1),
        "002-14b": ("cutting", "RUT", 1),
        "003-9c": ("new high", "ETH", 1),
        "003-10b": ("new high", "ALT/BTC", 1),
    }
    return {test: lambda world, _, of=of: _state(world, *of) for test, of in table.items()}  # type: ignore[misc]


def _events() -> dict[str, Slow]:
    ath: Callable[[World], list[int]] = lambda world: slow.highs(world, 90)  # noqa: E731
    year: Callable[[World], list[int]] = lambda world: slow.highs(world, 365)  # noqa: E731
    table: dict[str, tuple[Callable[[World], list[int]], str, int]] = {
        "000-10a": (lambda _: [date(2024, 11, 5).toordinal()], "ALT", 126),
        "001-15b": (slow.treasury_falls, "ALT", 91),
        "001-17b": (slow.crosses, "BTC", 126),
        "002-5a": (ath, "ALT", 126),
        "002-5b": (year, "ALT", 126),
        "002-5c": (slow.breaks, "ALT", 126),
        "002-5d": (slow.month_highs, "ALT", 126),
        "002-7a": (slow.gaps, "ALT", 182),
        "003-6a": (slow.retests, "BTC", 182),
        "003-9a": (ath, "ETH", 126),
        "003-9b": (ath, "ETH/BTC", 126),
        "003-10a": (ath, "ALT/BTC", 126),
        "004-1a": (ath, "QQQ", 126),
        "004-6a": (slow.breaks, "ALT/BTC", 182),
    }
    found: dict[str, Slow] = {
        test: lambda world, _, of=of: _event(world, of[0](world), of[1], of[2])  # type: ignore[misc]
        for test, of in table.items()
    }
    found["003-8a"] = lambda world, _: slow.hit(_gains(world, "BTC", 126), year(world), width=126)
    found["004-7a"] = lambda world, _: slow.hit(_gains(world, "ALT", 126), ath(world), width=126)
    return found


def _columns() -> dict[str, Callable[[World], Sequence[Callable[[int], float | None]]]]:
    def small(world: World) -> Callable[[int], float | None]:
        return lambda f: _less(world.week("RUT", f), world.week("SPY", f))

    since = date(2013, 10, 1).toordinal()
    return {
        "000-5a": lambda w: (lambda f: w.observed_change("DGS2", f), lambda f: w.week("ALT", f)),
        "000-5b": lambda w: (lambda f: w.observed_change("NFCI", f), lambda f: w.week("ALT", f)),
        "000-13a": lambda w: (lambda f: w.week("RUT", f), lambda f: w.week("ALT", f)),
        "000-13b": lambda w: (lambda f: w.week("RUT", f), lambda f: w.week("ALT", f)),
        "001-5a": lambda w: (
            lambda f: w.week("RUT", f),
            lambda f: w.week("ALT", f),
            lambda f: w.week("SPY", f),
            lambda f: w.liquidity_change(f, 1, w.observed),
        ),
        "002-3a": lambda w: (lambda f: w.observed_change("NFCI", f), lambda f: w.week("RUT", f)),
        "002-3b": lambda w: (
            lambda f: w.liquidity_change(f, 1, w.observed) if f >= since else None,
            lambda f: w.week("RUT", f),
        ),
        "003-3a": lambda w: (lambda f: w.week("VIX", f), small(w)),
        "004-14a": lambda w: (lambda f: w.observed_change("HY_OAS", f), small(w)),
    }


def _assocs() -> dict[str, Slow]:
    def run(test: str, of: Callable[[World], Sequence[Callable[[int], float | None]]]) -> Slow:
        against = 0.5 if test == "000-13a" else 0.0
        return lambda world, draws: slow.assoc(chance(test), _rows(world, *of(world)), draws, against=against)

    return {test: run(test, of) for test, of in _columns().items()}


def _shift(*of: Callable[[World, int], float | None]) -> Slow:
    return lambda world, _: slow.shift(
        [tuple(each(world, friday) for each in of) for friday in world.fridays], margin=26, width=13
    )


TESTS: Mapping[str, Slow] = {
    **_states(),
    **_events(),
    **_assocs(),
    "000-6a": _money,
    "000-18a": _flow_after_ether,
    "000-18b": _ether_after_flow,
    "000-19a": _shift(lambda w, f: w.week("BTC", f, 13), lambda w, f: w.ahead("ALT/BTC", f, 13)),
    "001-7a": _correlation_comes_back,
    "001-8a": lambda w, draws: slow.lead(
        chance("001-8a"), _rows(w, lambda f: w.week("RUT", f), lambda f: w.week("ALT", f)), draws
    ),
    "001-12a": _phases,
    "001-15a": _shift(lambda w, f: w.liquidity_change(f, 13, w.known), lambda w, f: w.ahead("ALT", f, 13)),
    "001-17a": _peak_after_cross,
    "001-20a": _summer_months,
    "001-22a": _summer_fall,
    "002-1a": _horse_race,
    "002-4a": _shared_liquidity,
    "002-6a": _bitcoin_first,
    "002-8a": _tops_near_highs,
    "002-9a": _halved,
    "002-19a": _longer_cycle,
    "003-4a": _near_rallies,
    "003-15a": _alike,
    "004-5a": lambda w, draws: slow.net(
        chance("004-5a"), _rows(w, lambda f: w.week("RUT", f), lambda f: w.week("ALT", f)), draws
    ),
    "004-7b": _inevitable,
    "004-11a": _chain,
    "004-12a": _before_ether,
    "004-16a": _longest_rally,
    "004-17a": _recovery,
    "004-21a": _early_profit,
}
"""Every test that has a number by days or weeks; those of section 7 stand in `slow_rotations`."""
