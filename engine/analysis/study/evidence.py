"""Section 7: the rotations by both signals, by each alone, late, at random, and by placebos, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from engine.analysis.study.aligned import aligned_with_chance
from engine.analysis.study.excess import Basket, Span, against
from engine.analysis.study.record import BTC, COPPER, RUT, US, Record
from engine.analysis.study.rotations import (
    MOST_WEEKS_LATE,
    RULES,
    Driver,
    Signals,
    delayed,
    driver_of,
    index_of,
    macd_columns,
    placebo_steps,
    rotations,
)
from engine.core.calendar import DAYS_A_WEEK, Ordinals
from engine.core.market import BarSeries, History
from strategies.rotation import RotationParams
from strategies.signals.days import DailyMacds

LEAST_SESSIONS = 300
INVERTED = "1/VIX"
PLACEBOS = ("SPY", "QQQ", "GLD", INVERTED, COPPER, "SLV", "NVDA")


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """What the strategy is tried on.

    Attributes:
        params: of the rotation; costs: commission and slippage together, as a fraction.
        days: the decision days, as ordinals.
    """

    record: Record
    params: RotationParams
    costs: float
    days: Ordinals

    def basket(self) -> Basket:
        """Give what is bought at an entry."""
        bars = self.record.bars
        weights = self.params.basket_weights()
        return Basket(
            weights=weights,
            bars={asset: bars[asset] for asset in weights if asset in bars and len(bars[asset])},
            core=bars[BTC],
            costs=self.costs,
            least_bars=self.params.min_history_days,
            days=self.days,
        )

    def signals(self, basket: Basket) -> Signals:
        """Observe what the strategy knows on each day."""
        history = History(series=self.record.bars)
        macd = DailyMacds(self.params.macd, core=BTC)(history)
        crossed, cross = macd_columns(macd, self.days)
        return Signals(
            days=self.days,
            driver=self.driver(self.record.bars[RUT]),
            crossed=crossed,
            cross=cross,
            tradable=basket.tradable(),
            hold_days=DAYS_A_WEEK * self.params.hold_weeks,
        )

    def driver(self, bars: BarSeries) -> Driver:
        """Observe one index as the strategy does."""
        history = History(series={BTC: self.record.bars[BTC], "index": bars})
        return driver_of(history, self.days, core=BTC, index="index", params=self.params.breakout)

    def placebos(self) -> Mapping[str, BarSeries]:
        """Give the other series that the rule is driven by, those that are long enough."""
        found = {}
        for name in PLACEBOS:
            of = "VIX" if name == INVERTED else name
            if of not in (*US, COPPER) or of not in self.record.prices:
                continue
            line = self.record.prices[of]
            if len(line) > LEAST_SESSIONS:
                closes = np.exp(-line.values if name == INVERTED else line.values)
                found[name] = index_of(name, line.ordinals, closes)
        return found


def evidence_of(tried: Tried) -> dict[str, Any]:
    """Play the rotations in all these ways, and give what each is worth."""
    basket = tried.basket()
    signals = tried.signals(basket)
    spans = {name: rotations(signals, enters) for name, enters in RULES.items()}
    both = spans["both"]
    total, count = basket.total(both), len(tried.days)
    driven = driven_by(tried, signals)
    totals = {name: basket.total(found) for name, found in driven.items()}
    order = ranked(totals)
    shifted = [
        basket.total(rotations(signals.with_driver(signals.driver.moved(steps)), RULES["both"]))
        for steps in placebo_steps(count)
    ]
    return {
        "first_day": _iso(tried, 0),
        "last_day": _iso(tried, count - 1),
        "ablation": {name: _ablation(tried, basket, found) for name, found in spans.items()},
        **aligned_with_chance(basket, both, partial(_iso, tried)),
        "delay": [_delay(basket, both, weeks, count) for weeks in range(MOST_WEEKS_LATE + 1)],
        "placebo": {
            name: {
                "n": len(found),
                "total_excess": totals[name],
                "entries": [_iso(tried, span.entry) for span in found],
            }
            for name, found in driven.items()
        },
        "placebo_rank": {"rank": order.index(RUT) + 1, "of": len(order), "order": order},
        "shifted_r2k": against(total, shifted),
    }


def driven_by(tried: Tried, signals: Signals) -> dict[str, tuple[Span, ...]]:
    """Play the rule by the index, and by each placebo in its place."""
    drivers = {RUT: signals.driver, **{name: tried.driver(bars) for name, bars in tried.placebos().items()}}
    return {name: rotations(signals.with_driver(driver), RULES["both"]) for name, driver in drivers.items()}


def ranked(totals: Mapping[str, float]) -> list[str]:
    """Give the names, the highest total first; the index stands behind what it ties with."""
    return sorted(totals, key=lambda name: (-totals[name], name == RUT))


def _iso(tried: Tried, at: int) -> str:
    return date.fromordinal(int(tried.days[at])).isoformat()


def _ablation(tried: Tried, basket: Basket, spans: Sequence[Span]) -> dict[str, Any]:
    total = basket.total(spans)
    return {
        "n": len(spans),
        "total_excess": total,
        "mean_excess": total / len(spans) if spans else None,
        "rotations": [
            {
                "entry": _iso(tried, span.entry),
                "exit": None if span.open else _iso(tried, span.exit),
                "excess": basket.excess(span),
            }
            for span in spans
        ],
    }


def _delay(basket: Basket, spans: Sequence[Span], weeks: int, days: int) -> dict[str, Any]:
    late = delayed(spans, weeks, days)
    total = basket.total(late)
    return {"weeks": weeks, "n": len(late), "total_excess": total, "mean_excess": total / len(late) if late else None}
