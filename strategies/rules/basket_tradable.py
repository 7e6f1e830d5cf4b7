"""At least one asset of the basket can be traded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from engine.core.calendar import Ordinals
from engine.core.changes import Change, SetParameter
from engine.core.columns import row_starts
from engine.core.market import BarSeries, History
from engine.core.reading import Reading
from engine.core.rule import Position, Rule, RuleCase, RuleParams
from strategies.signals.days import row_on
from strategies.signals.setting import RotationSetting
from strategies.signals.tradable import tradable_matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Tradable:
    """The basket assets that can be traded on a day, in trading order; since: as in a reading.

    Attributes:
        weights: of each in the basket, adding up to 1, where they are worked out on the day.
    """

    assets: tuple[str, ...]
    since: date
    weights: tuple[tuple[str, float], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyTradable:
    """The assets that can be traded, by decision day."""

    core: BarSeries
    assets: tuple[str, ...]
    bars: tuple[BarSeries, ...]
    matrix: NDArray[np.bool_]
    since: Ordinals
    seen: dict[tuple[bytes, int], Tradable]

    def at(self, day: date) -> Tradable:
        """Give those of a decision day."""
        row = row_on(self.core, day)
        flags, since = self.matrix[row], self.since.item(row)
        known = flags.tobytes(), since
        if known not in self.seen:
            assets = tuple(compress(self.assets, flags.tolist()))
            self.seen[known] = Tradable(assets=assets, since=date.fromordinal(since))
        return self.seen[known]


class BasketTradable(Rule[RuleParams, Tradable, DailyTradable]):
    """Holds on a day on which at least one basket asset has a bar, and bars enough before."""

    # What was held shows it.
    is_drawn = False
    setting: RotationSetting

    @property
    def title(self) -> str:
        """Name it."""
        return "basket tradable"

    def observe(self, history: History) -> DailyTradable:
        """Mark the days on which each asset can be traded."""
        core, assets = history[self.setting.core], tuple(self.setting.basket)
        matrix = tradable_matrix(history, assets, core, min_history_days=self.setting.min_history_days)
        return DailyTradable(
            core=core,
            assets=assets,
            bars=tuple(history[asset] for asset in assets),
            matrix=matrix,
            since=core.ordinals[row_starts(np.any(matrix, axis=1))],
            seen={},
        )

    def read(self, facts: Tradable, position: Position) -> Reading:
        """Count the assets."""
        count = float(len(facts.assets))
        return Reading(holds=count > 0, value=count, threshold=1.0, distance=count - 1, since=facts.since)

    def looks_at(self, position: Position) -> object:
        """Give nothing."""
        return None

    def sentence(self, reading: Reading) -> str:
        """Say how many, and what is wanted of one."""
        sentence = f"{reading.value:.0f} of {len(self.setting.basket)} basket assets are tradable"
        wanted = f": each wants {self.setting.min_history_days} daily bars and one of this day"
        return sentence if reading.holds else f"{sentence}{wanted}"

    def changes(self, case: RuleCase[DailyTradable], *, holds: bool) -> Iterable[Change]:
        """Propose so few days of history that the oldest asset has them."""
        counts = [place + 1 for bars in case.observed.bars if (place := bars.position_on(case.day)) is not None]
        if holds and counts:
            key, before = "strategy.min_history_days", self.setting.min_history_days
            yield SetParameter(key=key, before=before, after=max(counts)).as_change()

    def unmoved(self, case: RuleCase[DailyTradable]) -> str:
        """Say so where no asset has a bar."""
        has_bar = any(bars.position_on(case.day) is not None for bars in case.observed.bars)
        return "" if has_bar else "no basket asset has a bar of this day, so none could be bought"
