"""Weekly MACD timing: hold the core while its weekly MACD is above the signal line, else cash."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, StrictFloat

from engine.core.changes import Change
from engine.core.explaining import Asked
from engine.core.explanation import Case
from engine.core.market import History
from engine.core.rule import Named, Position
from engine.core.strategy import Decision, Holdings, MarketName, StrategyParams, Universe
from strategies.rules.macd_above import MacdAbove
from strategies.signals.days import DailyMacd, DailyMacds, OncePerHistory, WeekFacts
from strategies.signals.macd import MacdParams

ABOVE = "macd_above"


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


class MacdTiming:
    """In the core above the signal line, in cash below."""

    Params: ClassVar[type[StrategyParams]] = MacdTimingParams

    def __init__(self, params: MacdTimingParams) -> None:
        self._core, self._macd = params.core, params.macd
        self._above = MacdAbove(OncePerHistory(DailyMacds(params.macd, core=params.core)), core=params.core)
        self._invested: Mapping[str, float] = {params.core: 1 - params.cash_reserve}
        self.universe = Universe(
            core=params.core, assets=(params.core,), basket={params.core: 1.0}, cash_reserve=params.cash_reserve
        )

    def observe(self, history: History) -> DailyMacd:
        """Compute the weekly MACD."""
        return self._above.observe(history)

    def verify(self, history: History) -> None:
        """Hold the MACD to that of `ta`."""
        from strategies.signals.macd_by_ta import hold_to_ta  # noqa: PLC0415 - a quarter of a second, for checks alone

        hold_to_ta(history[self._core], self._macd)

    def start(self) -> TimingState:
        """Start in cash, undecided."""
        return TimingState()

    def decide(self, state: TimingState, facts: WeekFacts, holdings: Holdings) -> Decision[TimingState]:  # noqa: ARG002
        """Follow the side of the signal line that the last week closed on."""
        reading = self._above.of_week(facts)
        above = bool(reading.holds)
        if state.invested is None:
            reason = "start"
        elif above == state.invested:
            reason = "hold"
        else:
            reason = "golden_cross" if above else "death_cross"
        return Decision(
            state=TimingState(invested=above),
            reason=reason,
            targets=self._invested if above else {},
            trade=reason != "hold",
            evidence={"macd": {"week": facts.week, "macd": facts.macd, "signal": facts.signal}},
            rules={ABOVE: reading},
        )

    def asked(self, case: Case[TimingState, WeekFacts]) -> Sequence[Asked]:
        """Give the one rule: it must hold to enter, and not to leave."""
        core, invested = self.universe.core, case.state.invested
        if not isinstance(case.observations, DailyMacd):
            return ()
        above = Named(name=ABOVE, rule=self._above), case.observations
        if invested:
            return (Asked(name=f"leave {core} for cash", rules=(above,), needs="none"),)
        return (Asked(name=f"enter {core}", rules=(above,), needs="all", awaited=True),)

    def drawn(self) -> Mapping[str, MacdAbove]:
        """Give the one rule."""
        return {ABOVE: self._above}

    def position(self, case: Case[TimingState, WeekFacts]) -> Position:
        """Give what is held."""
        return Position(day=case.day, holdings=case.holdings)

    def without(self, names: Collection[str]) -> Change | None:  # noqa: ARG002 - the form of every strategy of rules
        """Give nothing: there is but one."""
        return None
