"""Section 7 of the claim court once more, day by day: the rotations by either signal, late, moved and by placebos."""

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import fmean
from typing import Any, NamedTuple

from tests.support.oracle import DEFAULTS, evaluate_index
from tests.support.slow_study import World, quantile

Weights = Mapping[str, float]
WEIGHTS: Weights = {"ETH": 0.5, **dict.fromkeys(("SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE"), 0.5 / 7)}
COSTS, HOLD_DAYS, VALID_DAYS, LEAST_BARS = 0.0015, 18 * 7, 8 * 7, 30


class Index(NamedTuple):
    """What an index says on a day: whether its breakout stands, since when, and whether a loss is known first."""

    stands: bool
    confirmed: int
    lost: bool


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the rule is played on.

    Attributes:
        opens: by name and day; days: the decision days.
    """

    world: World
    opens: Mapping[str, Mapping[int, float]]
    days: Sequence[int]

    @cached_property
    def coin_days(self) -> Mapping[str, list[int]]:
        """The days on which each has a bar."""
        return {coin: sorted(self.world.closes[coin]) for coin in (*WEIGHTS, "BTC") if coin in self.world.closes}

    def index(self, closes: Mapping[int, float]) -> list[Index]:
        """Follow an index through the decision days."""
        dated = {date.fromordinal(day): close for day, close in sorted(closes.items())}
        facts = evaluate_index(dated, DEFAULTS["strategy"]["breakout"])
        sessions = [fact.session.toordinal() for fact in facts]
        losses = [fact.session.toordinal() for fact in facts if fact.lost]
        found, before = [], self.days[0]
        for day in self.days:
            fact = facts[bisect.bisect_right(sessions, day) - 1]
            lost = bisect.bisect_right(losses, day) > bisect.bisect_right(losses, before)
            confirmed = fact.breakout_session.toordinal() if fact.breakout_session else 0
            found.append(Index(fact.support is not None, confirmed, lost))
            before = day
        return found

    def cross(self, day: int, last_exit: int) -> bool:
        """Tell whether a golden cross is in force."""
        weeks = self.world.week_facts
        week = weeks[bisect.bisect_right(weeks, date.fromordinal(day), key=lambda each: each.week) - 1]
        if week.cross_week is None or week.macd <= week.signal:
            return False
        return day <= week.cross_week.toordinal() + VALID_DAYS and week.cross_week.toordinal() > last_exit

    def basket(self, day: int) -> dict[str, float]:
        """Give the weights of the coins that can be traded."""
        here = {
            coin: weight
            for coin, weight in WEIGHTS.items()
            if day in self.world.closes.get(coin, {}) and bisect.bisect_right(self.coin_days[coin], day) >= LEAST_BARS
        }
        return {coin: weight / sum(here.values()) for coin, weight in here.items()}

    def play(self, index: Sequence[Index], rule: str) -> list[tuple[int, int, bool]]:
        """Play the states; entry and exit are places of days, and whether it ended."""
        found: list[tuple[int, int, bool]] = []
        entry, last_exit = None, 0
        for at in range(1, len(self.days)):
            day = self.days[at]
            if entry is None:
                small = index[at].stands and index[at].confirmed > last_exit
                crossed = self.cross(day, last_exit)
                enters = {
                    "both": index[at].stands and crossed,
                    "r2k": small,
                    "macd": crossed,
                    "either": small or crossed,
                }
                if enters[rule] and self.basket(day):
                    entry = at
            elif index[at].lost or day >= self.days[entry] + HOLD_DAYS:
                found.append((entry, at, True))
                entry, last_exit = None, day
        if entry is not None:
            found.append((entry, len(self.days) - 1, False))
        return found

    def price(self, name: str, day: int) -> float:
        """Give the open of the day after, or the last close known."""
        opens, closes = self.opens[name], self.world.closes[name]
        if day + 1 in opens:
            return opens[day + 1]
        return closes[self.coin_days[name][bisect.bisect_right(self.coin_days[name], day + 1) - 1]]

    def excess(self, entry: int, exit_: int) -> float:
        """Give what a rotation is worth."""
        weights = self.basket(self.days[entry])
        if entry == len(self.days) - 1 or not weights:
            return 0.0
        since, until = self.days[entry], self.days[exit_]
        basket = sum(weight * self.price(coin, until) / self.price(coin, since) for coin, weight in weights.items())
        core = self.price("BTC", until) / self.price("BTC", since)
        return math.log(basket) - math.log(core) + 4 * math.log(1 - COSTS)

    def total(self, spans: Sequence[tuple[int, int, bool]]) -> float:
        return sum(self.excess(entry, exit_) for entry, exit_, _ in spans)


def evidence(trial: Trial, *, shifts: int | None = None) -> dict[str, Any]:
    """Give what `strategy` in study.json holds.

    Args:
        shifts: how many of the 199 moved states are played; None: all.
    """
    count, closes = len(trial.days), trial.world.closes
    index = trial.index(closes["RUT"])
    iso: Callable[[int], str] = lambda at: date.fromordinal(trial.days[at]).isoformat()  # noqa: E731
    ablation: dict[str, dict[str, Any]] = {}
    for rule in ("both", "r2k", "macd", "either"):
        spans = trial.play(index, rule)
        ablation[rule] = {
            "n": len(spans),
            "total_excess": trial.total(spans),
            "rotations": [
                {"entry": iso(a), "exit": iso(b) if ended else None, "excess": trial.excess(a, b)}
                for a, b, ended in spans
            ],
        }
    both = trial.play(index, "both")
    at_random, means = [], []
    days = max(b - a for a, b, _ in both)
    looked_at = sorted({0, 1, 40, days - 1, days})
    for s in range(126, count - 126, 7):
        moved = [((a + s) % count, b - a) for a, b, _ in both]
        at_random.append(sum(trial.excess(a, min(a + length, count - 1)) for a, length in moved))
        means.append(
            [fmean(trial.excess(a, min(a + min(t, length), count - 1)) for a, length in moved) for t in looked_at]
        )
    delay = []
    for weeks in range(27):
        late = [(a + 7 * weeks, min(b + 7 * weeks, count - 1), True) for a, b, _ in both if a + 7 * weeks < count - 1]
        delay.append({"weeks": weeks, "n": len(late), "total_excess": trial.total(late)})
    placebo = {}
    for name in ("RUT", "SPY", "QQQ", "GLD", "1/VIX", "COPPER", "SLV", "NVDA"):
        of = closes.get(name.removeprefix("1/"), {})
        if len(of) > 300:
            driver = {day: 1 / close for day, close in of.items()} if name == "1/VIX" else of
            spans = trial.play(trial.index(driver), "both")
            placebo[name] = {
                "n": len(spans),
                "total_excess": trial.total(spans),
                "entries": [iso(a) for a, _, _ in spans],
            }
    steps = [126 + round(j * (count - 252) / 200) for j in range(1, 200)][:shifts]
    shifted = [trial.total(trial.play([index[(at - s) % count] for at in range(count)], "both")) for s in steps]
    total = ablation["both"]["total_excess"]
    columns = list(zip(*means, strict=True))
    return {
        "ablation": ablation,
        "aligned": {
            "days": days,
            "rotations": [
                {
                    "entry": iso(a),
                    "exit": iso(b) if ended else None,
                    "line": [trial.excess(a, day) for day in range(a, b + 1)],
                }
                for a, b, ended in both
            ],
            "mean": [fmean(trial.excess(a, min(a + t, b)) for a, b, _ in both) for t in range(days + 1)],
        },
        "band": {
            "looked_at": looked_at,
            "q05": [quantile(column, 0.05) for column in columns],
            "q95": [quantile(column, 0.95) for column in columns],
        },
        "random_entries": {
            "draws": len(at_random),
            "mean": fmean(at_random),
            "q05": quantile(at_random, 0.05),
            "q95": quantile(at_random, 0.95),
            "p_up": (1 + sum(each >= total - 1e-12 for each in at_random)) / (1 + len(at_random)),
            "rank": f"{sum(each < total for each in at_random)} of {len(at_random)} below",
        },
        "delay": delay,
        "placebo": placebo,
        "shifted": shifted,
    }
