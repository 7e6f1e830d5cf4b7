"""Buy and hold: the benchmark, and the smallest strategy there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from pydantic import Field, StrictFloat

from engine.core.market import History
from engine.core.strategy import Decision, Holdings, MarketName, StrategyParams, Universe


class HoldParams(StrategyParams):
    """Parameters: the one asset that is bought on the first day and never sold."""

    name: str = "hold"
    core: MarketName = Field("BTC", description="The asset that is held.")
    cash_reserve: StrictFloat = Field(0.005, ge=0, lt=1, description="Fraction of equity never invested.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldState:
    """Whether the asset was bought."""

    bought: bool = False

    @property
    def name(self) -> str:
        """The one state."""
        return "CORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryDay:
    """Nothing is observed: every day is as good as another."""

    first_day: date

    def at(self, day: date) -> date:
        """Give the day itself."""
        return day


class Hold:
    """Buys the core on the first decision day and keeps it."""

    Params: ClassVar[type[StrategyParams]] = HoldParams

    def __init__(self, params: HoldParams) -> None:
        self.universe = Universe(
            core=params.core, assets=(params.core,), basket={params.core: 1.0}, cash_reserve=params.cash_reserve
        )
        self._targets: Mapping[str, float] = {params.core: 1 - params.cash_reserve}

    def observe(self, history: History) -> EveryDay:
        """Start on the first day with a bar."""
        return EveryDay(first_day=history[self.universe.core].first_day)

    def start(self) -> HoldState:
        """Start without the asset."""
        return HoldState()

    def decide(self, state: HoldState, facts: date, holdings: Holdings) -> Decision[HoldState]:  # noqa: ARG002
        """Buy once."""
        reason = "hold" if state.bought else "start"
        return Decision(
            state=HoldState(bought=True), reason=reason, targets=self._targets, trade=not state.bought, evidence={}
        )
