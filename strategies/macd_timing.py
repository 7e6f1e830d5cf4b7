"""Weekly MACD timing: hold the core while its weekly MACD is above the signal line, else cash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictFloat

from engine.core.market import BarSeries, History
from engine.core.strategy import Decision, Holdings, MarketName, StrategyParams, Universe
from strategies.signals.known import last_complete_weeks
from strategies.signals.macd import MacdParams, WeeklyMacd, weekly_macd


class MacdTimingParams(StrategyParams):
    """Parameters: the asset, and the MACD that times it (`valid_weeks` is not used)."""

    name: str = "macd_timing"
    core: MarketName = Field("BTC", description="The asset that is timed.")
    macd: MacdParams = MacdParams()
    cash_reserve: StrictFloat = Field(0.005, ge=0, lt=1, description="Fraction of equity never invested.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingState:
    """Whether the core is held; None before the first decision."""

    invested: bool | None = None

    @property
    def name(self) -> str:
        """`CORE` or `CASH`; the state before the first decision is cash."""
        return "CORE" if self.invested else "CASH"


@dataclass(frozen=True, slots=True, kw_only=True)
class MacdFacts:
    """The MACD of the last week that has ended."""

    week: date
    macd: float
    signal: float
    above: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MacdByDay:
    """Facts by decision day."""

    core: BarSeries
    weekly: WeeklyMacd
    week_positions: NDArray[np.int64]
    first_day: date

    def at(self, day: date) -> MacdFacts:
        """Give the last complete week's MACD."""
        row = self.core.position_on(day)
        if row is None:
            raise KeyError(f"{day} has no bar of {self.core.symbol}")
        week = int(self.week_positions[row])
        return MacdFacts(
            week=date.fromordinal(int(self.weekly.sundays[week])),
            macd=float(self.weekly.macd[week]),
            signal=float(self.weekly.signal[week]),
            above=bool(self.weekly.above[week]),
        )


class MacdTiming:
    """In the core above the signal line, in cash below."""

    Params: ClassVar[type[StrategyParams]] = MacdTimingParams

    def __init__(self, params: MacdTimingParams) -> None:
        self._macd = params.macd
        self._invested: Mapping[str, float] = {params.core: 1 - params.cash_reserve}
        self.universe = Universe(
            core=params.core, assets=(params.core,), basket={params.core: 1.0}, cash_reserve=params.cash_reserve
        )

    def observe(self, history: History) -> MacdByDay:
        """Compute the weekly MACD."""
        core = history[self.universe.core]
        weekly = weekly_macd(core, self._macd)
        return MacdByDay(
            core=core,
            weekly=weekly,
            week_positions=last_complete_weeks(weekly.sundays, core),
            first_day=weekly.first_day(core.symbol, self._macd.warmup_weeks),
        )

    def start(self) -> TimingState:
        """Start in cash, undecided."""
        return TimingState()

    def decide(self, state: TimingState, facts: MacdFacts, holdings: Holdings) -> Decision[TimingState]:  # noqa: ARG002
        """Follow the side of the signal line that the last week closed on."""
        if state.invested is None:
            reason = "start"
        elif facts.above == state.invested:
            reason = "hold"
        else:
            reason = "golden_cross" if facts.above else "death_cross"
        return Decision(
            state=TimingState(invested=facts.above),
            reason=reason,
            targets=self._invested if facts.above else {},
            trade=reason != "hold",
            evidence={"macd": {"week": facts.week, "macd": facts.macd, "signal": facts.signal}},
        )
