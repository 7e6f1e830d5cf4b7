"""What the rotation has beyond its default, once more from the specification alone, on top of the plain oracle.

Exits, re-entry, weights, universe, sizing by volatility and tranches; slow and plain on purpose, a day at a time, and
without a line of `engine/` or `strategies/`. Of the systems it knows a few, for `confirmation_lost`.
"""

import bisect
import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from tests.support.oracle import (
    DAYS_A_YEAR,
    ONE_DAY,
    ONE_WEEK,
    Account,
    IndexFact,
    Machine,
    WeekFact,
    exact_of,
    is_tradable,
    sunday_of,
)

DEFAULT_EXITS = ("support_lost", "time_exit")
VOLATILITY_DAYS = 60
INDEX_FRESH_DAYS = 14


class Lit(NamedTuple):
    """Whether a confirmation holds, None where it is not known; doubtful: something in it is not known."""

    holds: bool | None
    doubtful: bool

    @property
    def is_unlit(self) -> bool:
        return not self.holds and not self.doubtful


@dataclass
class Plan:
    """A change of targets in parts."""

    reason: str
    day: date
    start: dict[str, Decimal]
    end: dict[str, Decimal]
    count: int
    done: int = 1


class FurtherMachine(Machine):
    """The machine with everything else that the strategy's section may say."""

    plan: Plan | None = None
    worth: list[Decimal]
    day: date
    account: Account

    @staticmethod
    def weights_of(strategy: Mapping[str, Any]) -> dict[str, Decimal]:
        name, values = named(strategy.get("universe", "listed"))
        if name == "liquid":
            return {asset: Decimal(1) for asset in values["candidates"]}
        weighing, given = named(strategy.get("weights", "fixed"))
        if weighing == "fixed" or given.get("keep_fixed"):
            return Machine.weights_of(strategy)
        return {asset: Decimal(1) for asset in (*strategy["basket"], *strategy["basket_equal"])}

    # A day.

    def decide(self, day: date, account: Account) -> dict[str, Any]:
        self.day, self.account = day, account
        is_killed = self.killed
        if self.state == "ROTATED":
            self.worth.append(account.equity())
        decision = super().decide(day, account)
        if decision["state"] != "ROTATED" and self.state == "ROTATED":
            self.worth = [account.equity()]
        if self.killed and not is_killed:
            self.plan = None
        return decision

    def move(
        self, day: date, index: IndexFact, week: WeekFact, cross_in_force: bool
    ) -> tuple[str, dict[str, Decimal] | None]:
        before, in_force = self.state, dict(self.targets)
        reason, targets = super().move(day, index, week, cross_in_force)
        if targets is not None:
            end = self.sized(targets, day)
            counts = self.strategy.get("tranches", {})
            count = counts.get("entry", 1) if self.state == "ROTATED" else 1
            count = counts.get("exit", 1) if before == "ROTATED" else count
            self.plan = Plan(reason, day, in_force, end, count) if count > 1 else None
            return reason, end if self.plan is None else self._part(self.plan)
        if self.plan is None:
            return reason, None
        due = min(self.plan.count, (day - self.plan.day).days // 7 + 1)
        if due == self.plan.done:
            return reason, None
        self.plan.done = due
        plan = self.plan
        if due == plan.count:
            self.plan = None
        return plan.reason, self._part(plan)

    def _part(self, plan: Plan) -> dict[str, Decimal]:
        none = Decimal(0)
        if plan.done == plan.count:
            return plan.end
        between = {
            asset: plan.start.get(asset, none)
            + (plan.end.get(asset, none) - plan.start.get(asset, none)) * plan.done / plan.count
            for asset in self.account.assets
        }
        return {asset: weight for asset, weight in between.items() if weight}

    def drop(self, asset: str) -> None:
        super().drop(asset)
        if self.plan is not None:
            self.plan.start.pop(asset, None)
            self.plan.end.pop(asset, None)

    # Exits.

    def exit_reason(self, day: date) -> str | None:
        seen: dict[str, int] = {}
        for choice in self.strategy.get("exits", DEFAULT_EXITS):
            name, values = named(choice)
            seen[name] = seen.get(name, 0) + 1
            if getattr(self, f"_{name}")(day, **values):
                return name if seen[name] == 1 else f"{name}#{seen[name]}"
        return None

    def _support_lost(self, day: date) -> bool:
        return any(self.rotations[-1]["entry_session"] < session <= day for session in self.losses)

    def _time_exit(self, day: date) -> bool:
        return bool(day >= self.rotations[-1]["entry_day"] + self.strategy["hold_weeks"] * ONE_WEEK)

    def _macd_death_cross(self, day: date) -> bool:
        week = self.week_facts[bisect.bisect_right(self.weeks, day) - 1]
        return bool(week.week > self.rotations[-1]["entry_day"] and week.macd <= week.signal)

    def _trailing_support(self, day: date, weeks: int = 10, sessions: int = 3) -> bool:
        known = self.index_facts[: bisect.bisect_right(self.sessions, day)]
        last = known[-sessions:]
        if len(last) < sessions or last[0].session <= self.rotations[-1]["entry_day"]:
            return False
        return all(self._is_below(fact, weeks) for fact in last)

    def _is_below(self, fact: IndexFact, weeks: int) -> bool:
        sunday = sunday_of(fact.session) - ONE_WEEK
        closes = [self.weekly_index.get(sunday - n * ONE_WEEK) for n in range(weeks)]
        there = [close for close in closes if close is not None]
        return len(there) == weeks and fact.close < min(there)

    @cached_property
    def weekly_index(self) -> dict[date, float]:
        return {sunday_of(fact.session): fact.close for fact in self.index_facts}

    def _basket_drawdown(self, day: date, limit: float = 0.3) -> bool:
        return round(float(1 - self.worth[-1] / max(self.worth)), 10) >= limit

    def _basket_stop(self, day: date, limit: float = 0.2) -> bool:
        return self.worth[-1] <= (1 - exact_of(limit)) * self.worth[0]

    def _confirmation_lost(self, day: date, of: Any, days: int = 7) -> bool:
        decided = self.core_days[: bisect.bisect_right(self.core_days, day)][-days:]
        return (
            len(decided) == days
            and decided[0] > self.rotations[-1]["entry_day"]
            and all(self.lit(of, each).is_unlit for each in decided)
        )

    @property
    def core_days(self) -> Sequence[date]:
        return self.bar_days[self.strategy["core"]]

    # Systems and groups.

    def lit(self, choice: Any, day: date) -> Lit:
        name, values = named(choice)
        if name in ("all", "any", "at_least"):
            members = values["of"] if name == "at_least" else values
            inner = [self.lit(member, day) for member in members]
            least = values["n"] if name == "at_least" else 1 if name == "any" else len(inner)
            return Lit(sum(each.holds is True for each in inner) >= least, any(each.doubtful for each in inner))
        if name == "not":
            one = self.lit(values, day)
            # Of a group that holds, or a system that is lit, the contrary is known.
            return Lit(None if one.doubtful and not one.holds else not one.holds, one.doubtful)
        holds = getattr(self, f"_lit_{name}")(day, **values)
        return Lit(holds, holds is None)

    def _lit_blue_sky(self, day: date) -> bool | None:
        known = self.index_facts[: bisect.bisect_right(self.sessions, day)]
        if not known or (day - known[-1].session).days > INDEX_FRESH_DAYS:
            return None
        return known[-1].close >= max(fact.close for fact in known)

    def _lit_season(self, day: date, months: Sequence[int] = (6, 7, 8)) -> bool:
        return day.month not in months

    def _lit_altseason(self, day: date, days: int = 90, share: float = 0.75) -> bool | None:
        before, core = day - timedelta(days=days), self.strategy["core"]
        coins = [asset for asset in self.weights if asset != core]
        grown = {asset: self._growth(asset, before, day) for asset in (core, *coins)}
        known = [ratio for asset in coins if (ratio := grown[asset]) is not None]
        benchmark = grown[core]
        if benchmark is None or len(known) < min(3, len(coins)) or not known:
            return None
        return round(sum(ratio > benchmark for ratio in known) / len(known), 10) >= share

    def _growth(self, asset: str, before: date, day: date) -> float | None:
        bars = self.markets[asset]
        return bars[day].close / bars[before].close if day in bars and before in bars else None

    # The cross.

    def cross_in_force(self, week: WeekFact, day: date) -> bool:
        if super().cross_in_force(week, day):
            return True
        if self.strategy.get("reentry") != "breakout_again" or self.state == "ROTATED" or self.last_exit is None:
            return False
        index = self.index_facts[bisect.bisect_right(self.sessions, day) - 1]
        return (
            self.rotations[-1]["exit_reason"] == "support_lost"
            and self.breakout_in_force(index, day)
            and index.breakout_session is not None
            and index.breakout_session > self.last_exit
            and week.cross_week is not None
            and week.macd > week.signal
            and day <= week.cross_week + self.strategy["macd"]["valid_weeks"] * ONE_WEEK
        )

    # The basket.

    def basket_targets(self, day: date) -> dict[str, Decimal]:
        weights = self._shares(day)
        total = sum(weights.values(), Decimal(0))
        invested = 1 - exact_of(self.strategy["cash_reserve"])
        return {asset: weights[asset] / total * invested for asset in self.weights if asset in weights}

    def _shares(self, day: date) -> dict[str, Decimal]:
        name, values = named(self.strategy.get("weights", "fixed"))
        chosen = self._chosen(day)
        is_liquid = named(self.strategy.get("universe", "listed"))[0] == "liquid"
        if name == "fixed" and not is_liquid:
            return {asset: self.weights[asset] for asset in chosen}
        if not values.get("keep_fixed"):
            return self._weighed(name, values, chosen, day)
        fixed = {asset: exact_of(weight) for asset, weight in self.strategy["basket"].items()}
        left = 1 - sum(fixed.values(), Decimal(0))
        kept = {asset: weight for asset, weight in fixed.items() if asset in chosen}
        shared = self._weighed(name, values, [asset for asset in chosen if asset not in fixed], day) if left else {}
        total = sum(shared.values(), Decimal(0))
        return {**kept, **{asset: left * weight / total for asset, weight in shared.items()}}

    def _chosen(self, day: date) -> list[str]:
        least = self.strategy["min_history_days"]
        tradable = [asset for asset in self.weights if is_tradable(self.bar_days[asset], day, least)]
        name, values = named(self.strategy.get("universe", "listed"))
        if name == "listed":
            return tradable
        days, top = values.get("days", 90), values.get("top", 8)
        turnover: dict[str, float] = {}
        for asset in tradable:
            last = self._bars_up_to(asset, day)[-days:]
            if len(last) == days:
                worths = [self.markets[asset][each].close * self.volumes[asset][each] for each in last]
                turnover[asset] = sum(worths) / days
        ranked = sorted(turnover, key=lambda asset: -turnover[asset])[:top]
        return [asset for asset in tradable if asset in ranked]

    def _weighed(self, name: str, values: Mapping[str, Any], assets: Sequence[str], day: date) -> dict[str, Decimal]:
        days = values.get("days", 90)
        if name == "inverse_volatility":
            deviations = {asset: deviation(self._log_returns(asset, day)[-days:]) for asset in assets}
            return {asset: exact_of(1 / each) for asset, each in deviations.items() if each}
        if name == "momentum":
            growth = {}
            for asset in assets:
                bars = self._bars_up_to(asset, day)
                if len(bars) > days:
                    growth[asset] = self.markets[asset][bars[-1]].close / self.markets[asset][bars[-1 - days]].close
            best = sorted(growth, key=lambda asset: -growth[asset])[: values.get("top", 3)]
            return {asset: Decimal(1) for asset in assets if asset in best}
        return {asset: Decimal(1) for asset in assets}

    def _bars_up_to(self, asset: str, day: date) -> Sequence[date]:
        days = self.bar_days[asset]
        return days[: bisect.bisect_right(days, day)]

    def _log_returns(self, asset: str, day: date) -> list[float]:
        closes = [self.markets[asset][each].close for each in self._bars_up_to(asset, day)]
        return [math.log(later / earlier) for earlier, later in pairwise(closes)]

    @cached_property
    def volumes(self) -> dict[str, dict[date, float]]:
        found = {}
        for asset in self.weights:
            with (self.csv_dir / f"{asset}.csv").open(newline="", encoding="utf-8") as lines:
                found[asset] = {
                    date.fromisoformat(row["date"]): float(row["volume"] or 0) for row in csv.DictReader(lines)
                }
        return found

    # Sizing.

    def sized(self, targets: dict[str, Decimal], day: date) -> dict[str, Decimal]:
        wanted = self.settings["risk"].get("volatility_target")
        if wanted is None or not targets:
            return targets
        returns = []
        for n in range(VOLATILITY_DAYS):
            on = day - n * ONE_DAY
            moves = {asset: self._growth(asset, on - ONE_DAY, on) for asset in targets}
            there = {asset: move - 1 for asset, move in moves.items() if move is not None}
            if there:
                total = sum(float(targets[asset]) for asset in there)
                returns.append(sum(float(targets[asset]) * move for asset, move in there.items()) / total)
        spread = deviation(returns)
        if not spread:
            return targets
        factor = exact_of(min(1.0, wanted / (spread * math.sqrt(DAYS_A_YEAR))))
        return {asset: weight * factor for asset, weight in targets.items()}


def named(choice: Any) -> tuple[str, Any]:
    """Give the name of a choice and what is below it."""
    if isinstance(choice, str):
        return choice, {}
    ((name, values),) = choice.items()
    return name, {} if values is None else values


def deviation(values: Sequence[float]) -> float:
    """Give the sample deviation; 0 where all values are equal, or there are fewer than two."""
    if len(values) < 2 or len(set(values)) == 1:
        return 0.0
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
