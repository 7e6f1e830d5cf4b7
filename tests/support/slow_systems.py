"""Every system by the specification's table, one day at a time; it shares no code with `strategies/`.

A system is a function of the world and a day. It gives the state, and the value where there is one.
"""

import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from math import fsum, log, sqrt
from pathlib import Path
from statistics import median
from typing import TypeAlias

from tests.support.oracle import DEFAULTS, IndexFact, evaluate_index
from tests.support.slow_series import (
    DAY,
    SlowSeries,
    basket_of,
    cut_to,
    last_month_ends,
    last_sunday,
    over,
    read_closes,
    read_rows,
    read_values,
)

Said: TypeAlias = tuple[str, float | None]
LIT, UNLIT, UNKNOWN = "lit", "unlit", "unknown"
NOT_KNOWN: Said = (UNKNOWN, None)


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    if len(set(values)) == 1:
        return 0.0
    middle = mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def distance(values: Sequence[float]) -> float:
    return round(values[-1] / mean(values) - 1, 10)


def zscore(values: Sequence[float]) -> float | None:
    spread = deviation(values)
    return None if spread == 0 else (values[-1] - mean(values)) / spread


def said(lit: bool, value: float | None = None) -> Said:
    return (LIT if lit else UNLIT), (None if value is None else round(value, 10))


def quantile(values: Sequence[float], share: float) -> float:
    """Interpolate between the two ordered values at either side."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@dataclass(frozen=True)
class World:
    """The real series by their names."""

    prices: Path
    basket: tuple[str, ...]

    @cached_property
    def _series(self) -> dict[str, SlowSeries]:
        return {}

    def __getitem__(self, name: str) -> SlowSeries:
        if name not in self._series:
            self._series[name] = self._made(name)
        return self._series[name]

    def _made(self, name: str) -> SlowSeries:
        if "/" in name:
            first, second = name.split("/")
            return over(self[first], self[second])
        if name == "basket":
            return basket_of([self[coin] for coin in self.basket], min_history_days=30)
        bars = self.prices / f"{name}.csv"
        return read_closes(bars) if bars.exists() else read_values(self.prices.parent / "macro" / f"{name}.csv")

    @cached_property
    def volumes(self) -> list[float | None]:
        return [float(row["volume"]) if row["volume"] else None for row in read_rows(self.prices / "IWM.csv")]

    @cached_property
    def lows(self) -> list[float]:
        return [float(row["low"]) for row in read_rows(self.prices / "RUT.csv")]

    @cached_property
    def breakouts(self) -> list[IndexFact]:
        index = self["RUT"]
        return evaluate_index(dict(zip(index.dates, index.values, strict=True)), DEFAULTS["strategy"]["breakout"])

    @cached_property
    def shocks(self) -> tuple[date, list[date]]:
        """Give the first judged day of BTC and the days of its shocks."""
        core = self["BTC"]
        returns = [log(b / a) for a, b in pairwise(core.values)]
        volatility = [deviation(returns[end - 30 : end]) for end in range(30, len(returns) + 1)]
        judged, shocks = [], []
        for place in range(1460, len(volatility)):
            row = place + 30
            judged.append(core.dates[row])
            calm = volatility[place] <= quantile(volatility[place - 1460 : place + 1], 0.9)
            fall = 1 - core.values[row] / max(core.values[row - 29 : row + 1])
            if not calm or round(fall, 10) >= 0.25:
                shocks.append(core.dates[row])
        return judged[0], shocks

    @cached_property
    def phases(self) -> Mapping[date, int | None]:
        """Give the phase of each week by its Sunday, None in a week that is not known."""
        sunday, last = date(2010, 1, 3), date(2025, 12, 28)
        found: dict[date, int | None] = {}
        changes: dict[tuple[str, date], float | None] = {}
        row: list[int] = []
        phase: int | None = None
        while sunday <= last:
            scores = []
            for pairs in PHASES:
                zs = [self._scaled(pair, sunday, changes) for pair in pairs]
                known = [z for z in zs if z is not None]
                scores.append(sum(known) / len(known) if len(known) == len(zs) else None)
            whole = [score for score in scores if score is not None]
            if len(whole) < 3:
                row = []
                found[sunday] = None
            else:
                leader = whole.index(max(whole)) + 1
                row = [*row, leader] if row and row[-1] == leader else [leader]
                if phase is None or len(row) >= 4:
                    phase = leader
                found[sunday] = phase
            sunday += 7 * DAY
        return found

    def _scaled(self, pair: str, sunday: date, changes: dict[tuple[str, date], float | None]) -> float | None:
        weeks = [sunday - 7 * back * DAY for back in range(104)]
        for week in weeks:
            if (pair, week) not in changes:
                now, before = self[pair].of_week(week), self[pair].of_week(week - 26 * 7 * DAY)
                changes[pair, week] = None if now is None or before is None else log(now) - log(before)
        known = [change for change in (changes[pair, week] for week in weeks) if change is not None]
        now = changes[pair, sunday]
        if now is None or len(known) < 52 or deviation(known) == 0:
            return None
        return now / deviation(known)


PHASES = (("GLD/SPY", "QQQ/SPY"), ("IWM/SPY", "SLV/GLD"), ("basket/BTC", "BTC/SPY", "CPER_CLOSE/GLD"))


def blue_sky(world: World, day: date) -> Said:
    closes = world["RUT"].so_far(day)
    return NOT_KNOWN if closes is None else said(closes[-1] >= max(closes), closes[-1] / max(closes) - 1)


def record_after_drought(world: World, day: date) -> Said:
    index = world["RUT"]
    position = index.last_position(day)
    if position is None:
        return NOT_KNOWN
    highest, record, found = index.values[0], None, None
    for session, close in zip(index.dates[1 : position + 1], index.values[1 : position + 1], strict=True):
        if close > highest:
            if record is not None and (session - record).days >= 365:
                found = session
            highest, record = close, session
    if found is None:
        return UNLIT, None
    return said(day <= found + 7 * 26 * DAY, (day - found).days)


def monthly_record(world: World, day: date) -> Said:
    index = world["RUT"]
    end = last_month_ends(day, 1)[0]
    last, before = index.of_month(end), []
    while end > index.dates[0]:
        end = end.replace(day=1) - DAY
        close = index.of_month(end)
        if close is not None:
            before.append(close)
    return NOT_KNOWN if last is None or not before else said(last > max(before), last / max(before) - 1)


def _breakout(world: World, day: date) -> IndexFact:
    return world.breakouts[bisect.bisect_right(world["RUT"].dates, day) - 1]


def retest_held(world: World, day: date) -> Said:
    index, fact = world["RUT"], _breakout(world, day)
    if index.last_position(day) is None:
        return NOT_KNOWN
    if fact.support is None or fact.breakout_session is None:
        return UNLIT, None
    near, was_above = fact.support * 1.02, False
    place = index.dates.index(fact.breakout_session)
    while place < len(index.dates) and index.dates[place] <= day:
        session, close, low = index.dates[place], index.values[place], world.lows[place]
        in_time = session <= fact.breakout_session + 7 * 26 * DAY
        if was_above and in_time and low <= near and close > fact.support:
            return said(True, (day - session).days)
        was_above = was_above or close > near
        place += 1
    return UNLIT, None


def weekly_support(world: World, day: date) -> Said:
    fact, sunday = _breakout(world, day), last_sunday(day)
    if world["RUT"].last_position(day) is None:
        return NOT_KNOWN
    if fact.support is None or fact.breakout_session is None or sunday < fact.breakout_session:
        return UNLIT, None
    close = world["RUT"].of_week(sunday)
    return NOT_KNOWN if close is None else said(round(close / fact.support - 1, 10) > 0, close / fact.support - 1)


def value_record(world: World, day: date) -> Said:
    closes = world["IWN_ADJCLOSE"].so_far(day)
    if closes is None:
        return NOT_KNOWN
    # The last record is where the highest stands first; the very first close is none.
    place = closes.index(max(closes))
    if place == 0:
        return UNLIT, None
    since = len(closes) - 1 - place
    return said(since <= 9, since)


def _weekly_distance(name: str, weeks: int) -> Callable[[World, date], Said]:
    def system(world: World, day: date) -> Said:
        values = world[name].weekly(day, weeks)
        return NOT_KNOWN if values is None else said(distance(values) > 0, distance(values))

    return system


def nvda_tires(world: World, day: date) -> Said:
    ratio = world["NVDA/SPY"]
    values, longer = ratio.weekly(day, 20), ratio.weekly(day, 14)
    if values is None or longer is None:
        return NOT_KNOWN
    return said(distance(values) < 0 and round(longer[-1] / longer[0] - 1, 10) <= 0, distance(values))


def volume_thrust(world: World, day: date) -> Said:
    fund = world["IWM"]
    last = fund.last_position(day)
    if last is None or last < 59 or not all(world.volumes[last - 59 : last + 1]):
        return NOT_KNOWN
    found = []
    for place in range(last - 9, last + 1):
        if fund.values[place] > fund.values[place - 1]:
            before = [float(volume or 0) for volume in world.volumes[place - 50 : place]]
            found.append(float(world.volumes[place] or 0) / mean(before))
    return said(round(max(found), 10) >= 1.5, max(found)) if found else (UNLIT, None)


def participation(world: World, day: date) -> Said:
    values = world["IWC_ADJCLOSE/IWM_ADJCLOSE"].last_n(day, 100)
    return NOT_KNOWN if values is None else said(distance(values) > 0, distance(values))


def small_cap_weakness(world: World, day: date) -> Said:
    closes = world["RUT"].so_far(day)
    if closes is None:
        return NOT_KNOWN
    fall = 1 - closes[-1] / max(closes)
    return said(round(fall, 10) > 0.10, fall)


def small_cap_outflow(world: World, day: date) -> Said:
    return NOT_KNOWN


def eth_leads(world: World, day: date) -> Said:
    closes, ratio = world["ETH"].weekly(day, 26), world["ETH/BTC"].weekly(day, 20)
    if closes is None or ratio is None:
        return NOT_KNOWN
    return said(closes[-1] >= max(closes) or distance(ratio) > 0, distance(ratio))


def altseason(world: World, day: date) -> Said:
    def growth(name: str) -> float | None:
        now, before = (world[name].on(each) for each in (day, day - 90 * DAY))
        return None if now is None or before is None else world[name].values[now] / world[name].values[before]

    own = growth("BTC")
    coins = [each for each in map(growth, world.basket) if each is not None]
    if own is None or len(coins) < min(3, len(world.basket)):
        return NOT_KNOWN
    share = sum(coin > own for coin in coins) / len(coins)
    return said(round(share, 10) >= 0.75, share)


def alts_down_only(world: World, day: date) -> Said:
    basket = world["basket"]
    values, sunday, all_weeks = basket.weekly(day, 40), last_sunday(day), []
    if values is None:
        return NOT_KNOWN
    while sunday >= basket.dates[0]:
        all_weeks.append(basket.of_week(sunday))
        sunday -= 7 * DAY
    fall = 1 - values[-1] / max(value for value in all_weeks if value is not None)
    return said(round(fall, 10) > 0.5 and distance(values) < 0, fall)


def quiet_90(world: World, day: date) -> Said:
    first, shocks = world.shocks
    seen = [shock for shock in shocks if shock <= day]
    if seen:
        return said((day - seen[-1]).days >= 90, (day - seen[-1]).days)
    return (LIT, None) if day >= first + 90 * DAY else NOT_KNOWN


def correlation_back(world: World, day: date) -> Said:
    index, basket = world["RUT"], world["basket"]
    cut = world._series.setdefault("basket cut", cut_to(basket, index))
    other = world._series.setdefault("RUT cut", cut_to(index, basket))
    rows = cut.weekly(day, 27), other.weekly(day, 27)
    if rows[0] is None or rows[1] is None:
        return NOT_KNOWN
    first, second = ([log(b / a) for a, b in pairwise(row)] for row in (rows[0], rows[1]))
    if deviation(first) == 0 or deviation(second) == 0:
        return NOT_KNOWN
    a, b = mean(first), mean(second)
    together = fsum((x - a) * (y - b) for x, y in zip(first, second, strict=True))
    apart = sqrt(fsum((x - a) ** 2 for x in first) * fsum((y - b) ** 2 for y in second))
    return said(round(together / apart, 10) >= 0.3, together / apart)


def timeframes(world: World, day: date) -> Said:
    core = world["BTC"]
    rows = core.last_n(day, 50), core.weekly(day, 20), core.monthly(day, 10)
    held = [distance(row) > 0 for row in rows if row is not None]
    return said(sum(held) >= 2, sum(held)) if len(held) == 3 else NOT_KNOWN


def lag_gap(world: World, day: date) -> Said:
    closes, gaps = world["RUT"].so_far(day), []
    for name in ("BTC", "basket"):
        place = world[name].on(day)
        if place is None:
            return NOT_KNOWN
        gaps.append(1 - world[name].values[place] / max(world[name].values[: place + 1]))
    if closes is None:
        return NOT_KNOWN
    near = round(1 - closes[-1] / max(closes), 10) <= 0.03
    return said(near and all(round(gap, 10) >= 0.15 for gap in gaps), min(gaps))


def rate_cuts(world: World, day: date) -> Said:
    change = world["DFF"].change(day, 13)
    return NOT_KNOWN if change is None else said(round(change, 10) <= -0.15, change)


def tightening(world: World, day: date) -> Said:
    rate, assets = world["DFF"].change(day, 13), world["WALCL"].change(day, 13)
    if rate is None or assets is None:
        return NOT_KNOWN
    return said(round(rate, 10) >= 0.15 and round(assets, 10) < 0, rate)


def cheap_capital(world: World, day: date) -> Said:
    change = world["DGS2"].change(day, 13)
    return NOT_KNOWN if change is None else said(round(change, 10) < 0, change)


def net_liquidity(world: World, day: date) -> Said:
    changes = [world[name].change(day, 13) for name in ("WALCL", "WTREGEN", "RRPONTSYD")]
    assets, treasury, repo = changes
    if assets is None or treasury is None or repo is None:
        return NOT_KNOWN
    change = assets - treasury - 1000 * repo
    return said(round(change, 10) > 0, change)


def tga_full(world: World, day: date) -> Said:
    last = world["WTREGEN"].last(day)
    return NOT_KNOWN if last is None else said(last >= 800_000, last)


def tga_falls(world: World, day: date) -> Said:
    change = world["WTREGEN"].change(day, 4)
    return NOT_KNOWN if change is None else said(round(change, 10) < 0, change)


def reserve_management(world: World, day: date) -> Said:
    change = world["WALCL"].change(day, 4)
    return NOT_KNOWN if change is None else said(round(change, 10) >= 40_000, change)


def credit_easy(world: World, day: date) -> Said:
    spreads, conditions = world["HY_OAS"].last_n(day, 252), world["NFCI"].last(day)
    if spreads is None or conditions is None:
        return NOT_KNOWN
    return said(distance(spreads) <= 0 and round(conditions, 10) < 0, distance(spreads))


def m2_grows(world: World, day: date) -> Said:
    money = world["M2SL"]
    place = money.last_position(day)
    if place is None:
        return NOT_KNOWN
    year_before = money.dates[place].replace(year=money.dates[place].year - 1)
    if year_before not in money.dates:
        return NOT_KNOWN
    growth = money.values[place] / money.values[money.dates.index(year_before)] - 1
    return said(round(growth, 10) > 0.05, growth)


def calm(world: World, day: date) -> Said:
    values = world["VIX"].last_n(day, 252)
    if values is None:
        return NOT_KNOWN
    return said(round(values[-1] / median(values) - 1, 10) <= 0, values[-1] / median(values) - 1)


def risk_appetite(world: World, day: date) -> Said:
    scores = []
    for name, sign in (("VIX", -1), ("HY_OAS", -1), ("IWM/SPY", 1), ("basket/BTC", 1)):
        values = world[name].weekly(day, 52)
        score = None if values is None else zscore([sign * value for value in values])
        if score is None:
            return NOT_KNOWN
        scores.append(score)
    return said(round(mean(scores), 10) > 0, mean(scores))


def _flows(name: str) -> Callable[[World, date], Said]:
    def system(world: World, day: date) -> Said:
        values = world[name].last_n(day, 20)
        return NOT_KNOWN if values is None else said(round(fsum(values), 10) > 0, fsum(values))

    return system


def season(world: World, day: date) -> Said:
    return said(day.month not in (6, 7, 8), day.month)


def chain(world: World, day: date) -> Said:
    bonds = world["HY_OAS"].change(day, 13)
    rows = (world["SPY"].weekly(day, 40), world["IWM/SPY"].weekly(day, 20), world["basket/BTC"].weekly(day, 20))
    above = [distance(row) > 0 for row in rows if row is not None]
    if bonds is None or len(above) < 3:
        return NOT_KNOWN
    held = (round(bonds, 10) < 0) + sum(above)
    return said(held >= 3, held)


def phase(world: World, day: date) -> Said:
    found = world.phases[last_sunday(day)]
    return NOT_KNOWN if found is None else said(found in (2, 3), found)


SYSTEMS: Mapping[str, Callable[[World, date], Said]] = {
    each.__name__: each
    for each in (
        blue_sky, record_after_drought, monthly_record, retest_held, weekly_support, value_record, nvda_tires,
        volume_thrust, participation, small_cap_weakness, small_cap_outflow, eth_leads, altseason, alts_down_only,
        quiet_90, correlation_back, timeframes, lag_gap, rate_cuts, tightening, cheap_capital, net_liquidity, tga_full,
        tga_falls, reserve_management, credit_easy, m2_grows, calm, risk_appetite, season, chain, phase,
    )
} | {
    "small_over_large": _weekly_distance("IWM/SPY", 20),
    "small_over_nasdaq": _weekly_distance("IWM/QQQ", 20),
    "long_trend": _weekly_distance("BTC", 200),
    "eth_flows": _flows("ETH_ETF_FLOW"),
    "btc_flows": _flows("BTC_ETF_FLOW"),
}  # fmt: skip
