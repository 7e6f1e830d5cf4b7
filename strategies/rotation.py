"""The rotation: hold the core, rotate into a basket when the index breaks out and the core's weekly MACD crosses.

Three parts: parameters, what is observed of each day, and the decision. The signals are in `strategies/signals/`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import compress
from math import fsum
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, StrictFloat, StrictInt, model_validator

from engine.core.errors import DataError
from engine.core.events import Evidence
from engine.core.market import BarSeries, History
from engine.core.reading import Reading
from engine.core.rule import ByDay, Position, Rules, Setting
from engine.core.strategy import Decision, Holdings, MarketName, StrategyParams, Universe
from strategies.rules import confirmation
from strategies.signals.breakout import NEVER, BreakoutColumns, BreakoutParams, Breakouts
from strategies.signals.known import NOTHING, last_complete_weeks, last_known_bars
from strategies.signals.macd import MacdParams, WeeklyMacd, weekly_macd
from strategies.signals.tradable import tradable_matrix

WEIGHT_TOLERANCE = 1e-9
"""Weights typed as decimals add up to 1 within this."""


class RotationParams(StrategyParams):
    """Parameters of the rotation, as in the configuration."""

    name: str = "rotation"
    core: MarketName = Field("BTC", description="The asset held outside rotations.")
    index: MarketName = Field("RUT", description="The index whose breakout is awaited.")
    basket: dict[MarketName, StrictFloat] = Field(default_factory=lambda: {"ETH": 0.5}, description="Fixed weights.")
    basket_equal: tuple[MarketName, ...] = Field(
        ("SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE"),
        description="These share equally what the basket leaves of 1.",
    )
    min_history_days: StrictInt = Field(30, ge=1, description="Daily bars after which an asset is tradable.")
    breakout: BreakoutParams = BreakoutParams()
    macd: MacdParams = MacdParams()
    hold_weeks: StrictInt = Field(18, ge=1, le=5200, description="Weeks after which a rotation ends.")
    exit_to: Literal["core", "cash"] = Field("core", description="Where a rotation ends.")
    cash_reserve: StrictFloat = Field(0.005, ge=0, lt=1, description="Fraction of equity never invested.")
    rebalance_drift: StrictFloat | None = Field(
        None, gt=0, lt=1, description="Trade back to the targets when a weight is further off; null: never."
    )
    confirmations: tuple[JsonValue, ...] = Field((), description="Further conditions that must hold at entry.")

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        for asset, weight in self.basket.items():
            if not 0 < weight <= 1:
                raise ValueError(
                    f"strategy.basket.{asset} {weight} is not allowed; a weight above 0 and up to 1 is wanted"
                )
        total = fsum(self.basket.values())
        if total > 1 + WEIGHT_TOLERANCE:
            raise ValueError(f"strategy.basket: weights add up to {total:g}; at most 1 is allowed")
        if not self.basket_equal and abs(total - 1) > WEIGHT_TOLERANCE:
            raise ValueError(f"strategy.basket: weights add up to {total:g}; 1 is wanted when basket_equal is empty")
        twice = [asset for asset in self.basket_equal if asset in self.basket or self.basket_equal.count(asset) > 1]
        # With nothing left to share, basket_equal is idle, whatever it names.
        if twice and total < 1 - WEIGHT_TOLERANCE:
            raise ValueError(
                f"strategy.basket_equal: {twice[0]} is given twice; each asset may stand in the basket once"
            )
        if self.index in {self.core, *self.basket_weights()}:
            raise ValueError(f"strategy.index: {self.index} is also an asset to trade; the index is only looked at")
        for choice in self.confirmations:
            confirmation(choice)
        return self

    def basket_weights(self) -> dict[str, float]:
        """Give the weight of each basket asset, in trading order, adding up to 1."""
        weights = dict(self.basket)
        rest = 1 - fsum(self.basket.values())
        if rest > WEIGHT_TOLERANCE:
            weights |= dict.fromkeys(self.basket_equal, rest / len(self.basket_equal))
        return weights


class Regime(StrEnum):
    """The strategy's states."""

    CORE = "CORE"
    ROTATED = "ROTATED"
    CASH = "CASH"


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationState:
    """What the strategy remembers.

    Attributes:
        started: whether the core has been bought.
        targets: the weights set at the last change, in trading order.
        entry_day, entry_session: of the rotation in being; None outside one.
        exit_day: of the last rotation; crosses up to it are spent.
    """

    regime: Regime = Regime.CORE
    started: bool = False
    targets: tuple[tuple[str, float], ...] = ()
    entry_day: date | None = None
    entry_session: date | None = None
    exit_day: date | None = None

    @property
    def name(self) -> str:
        """The regime's name."""
        return self.regime.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationFacts:
    """What is known at the end of one day.

    Attributes:
        session, index_close: the last session of the index; ceiling: None where undefined.
        support, breakout_session: None outside a breakout; loss_session: the latest loss of support, None before any.
        run_length, run_level: closes in a row above a level that is not confirmed yet; 0 and None without any.
        week: the Sunday of the last complete week, with its macd and signal; cross_week: the latest golden cross.
        tradable: basket assets that can be traded, in trading order.
        confirmations: what each of them says, those in groups too.
    """

    day: date
    session: date
    index_close: float
    ceiling: float | None
    in_breakout: bool
    support: float | None
    breakout_session: date | None
    loss_session: date | None
    run_length: int
    run_level: float | None
    week: date
    macd: float
    signal: float
    above_signal: bool
    cross_week: date | None
    tradable: tuple[str, ...]
    confirmations: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RotationObservations:
    """The facts of every day, as columns; row D was made of what was known at D's end."""

    first_day: date
    core: BarSeries
    index: BarSeries
    breakout: BreakoutColumns
    weekly: WeeklyMacd
    session_positions: NDArray[np.int64]
    week_positions: NDArray[np.int64]
    assets: tuple[str, ...]
    tradable: NDArray[np.bool_]
    confirmations: tuple[ByDay[Reading], ...]

    def at(self, day: date) -> RotationFacts:
        """Give the facts of one decision day.

        Raises:
            KeyError: the day has no bar of the core.
        """
        row = self.core.position_on(day)
        if row is None:
            raise KeyError(f"{day} has no bar of {self.core.symbol}")
        s, w = int(self.session_positions[row]), int(self.week_positions[row])
        breakout, weekly = self.breakout, self.weekly
        in_breakout, run_length = bool(breakout.in_breakout[s]), int(breakout.run_length[s])
        ceiling = float(breakout.ceiling[s])
        return RotationFacts(
            day=day,
            session=date.fromordinal(int(self.index.ordinals[s])),
            index_close=float(self.index.close[s]),
            ceiling=ceiling if ceiling == ceiling else None,  # noqa: PLR0124 - NaN is not itself
            in_breakout=in_breakout,
            support=float(breakout.support[s]) if in_breakout else None,
            breakout_session=_date_or_none(int(breakout.breakout_session[s])),
            loss_session=_date_or_none(int(breakout.loss_session[s])),
            run_length=run_length,
            run_level=float(breakout.run_level[s]) if run_length else None,
            week=date.fromordinal(int(weekly.sundays[w])),
            macd=float(weekly.macd[w]),
            signal=float(weekly.signal[w]),
            above_signal=bool(weekly.above[w]),
            cross_week=_date_or_none(int(weekly.cross[w])),
            tradable=tuple(compress(self.assets, self.tradable[row].tolist())),
            confirmations=tuple(column.at(day) for column in self.confirmations),
        )


class Rotation:
    """Core, basket and back."""

    Params: ClassVar[type[StrategyParams]] = RotationParams

    def __init__(self, params: RotationParams) -> None:
        self.params = params
        self._weights = params.basket_weights()
        self._breakouts = Breakouts(params.breakout)
        setting = Setting(core=params.core, index=params.index, basket=self._weights)
        self.confirmations = Rules([confirmation(choice)(setting) for choice in params.confirmations])
        assets = dict.fromkeys((params.core, *self._weights))
        self.universe = Universe(
            core=params.core,
            assets=tuple(assets),
            indices=(params.index,),
            series=self.confirmations.needs,
            basket=self._weights,
            cash_reserve=params.cash_reserve,
            min_history_days=params.min_history_days,
        )

    def observe(self, history: History) -> RotationObservations:
        """Compute breakout, weekly MACD and tradability for every day.

        Raises:
            DataError: the core has a week without a bar or too few weeks, or the index never has a ceiling.
        """
        core, index = history[self.params.core], history[self.params.index]
        if not len(index):
            raise DataError(f"{index.symbol}: has no bars; the breakout needs daily bars of the index")
        weekly = weekly_macd(core, self.params.macd)
        breakout = self._breakouts.of(index)
        sessions = last_known_bars(index, core)
        assets = tuple(self._weights)
        return RotationObservations(
            first_day=max(
                weekly.first_day(core.symbol, self.params.macd.warmup_weeks),
                _first_ceiling(index, breakout),
                _first_known(core, sessions, index),
            ),
            core=core,
            index=index,
            breakout=breakout,
            weekly=weekly,
            session_positions=sessions,
            week_positions=last_complete_weeks(weekly.sundays, core),
            assets=assets,
            tradable=tradable_matrix(history, assets, core, min_history_days=self.params.min_history_days),
            confirmations=self.confirmations.observe(history),
        )

    def start(self) -> RotationState:
        """Start in CORE, nothing bought."""
        return RotationState()

    def decide(self, state: RotationState, facts: RotationFacts, holdings: Holdings) -> Decision[RotationState]:
        """Decide one day by the state machine."""
        cross_in_force = self._cross_in_force(state, facts)
        after, reason = self._next(state, facts, holdings, cross_in_force=cross_in_force)
        return Decision(
            state=after,
            reason=reason,
            targets=dict(after.targets),
            trade=reason != "hold",
            evidence=_evidence(facts, cross_in_force=cross_in_force),
        )

    def _next(
        self, state: RotationState, facts: RotationFacts, holdings: Holdings, *, cross_in_force: bool
    ) -> tuple[RotationState, str]:
        if not state.started:
            return replace(state, started=True, targets=self._core_targets()), "start"
        if state.regime is Regime.ROTATED:
            reason = self._exit_reason(state, facts)
            if reason:
                return self._exited(state, facts), reason
        elif cross_in_force and self._may_enter(facts, holdings):
            return self._entered(state, facts), "entry"
        elif state.regime is Regime.CASH and cross_in_force:
            return replace(state, regime=Regime.CORE, targets=self._core_targets()), "golden_cross"
        return state, "rebalance" if self._has_drifted(state, holdings) else "hold"

    def _cross_in_force(self, state: RotationState, facts: RotationFacts) -> bool:
        cross = facts.cross_week
        return (
            cross is not None
            and facts.above_signal
            and facts.day <= cross + timedelta(weeks=self.params.macd.valid_weeks)
            and (state.exit_day is None or cross > state.exit_day)
        )

    def _may_enter(self, facts: RotationFacts, holdings: Holdings) -> bool:
        return (
            holdings.entries_allowed
            and self._breakout_in_force(facts)
            and self.confirmations.all_hold(self.confirmations.read(facts.confirmations, Position(holdings=holdings)))
            and bool(facts.tradable)
        )

    def _breakout_in_force(self, facts: RotationFacts) -> bool:
        if not facts.in_breakout or facts.breakout_session is None:
            return False
        valid_weeks = self.params.breakout.valid_weeks
        return valid_weeks is None or facts.day <= facts.breakout_session + timedelta(weeks=valid_weeks)

    def _exit_reason(self, state: RotationState, facts: RotationFacts) -> str:
        if state.entry_day is None or state.entry_session is None:
            raise ValueError("a ROTATED state without an entry day")
        if facts.loss_session is not None and facts.loss_session > state.entry_session:
            return "support_lost"
        if facts.day >= state.entry_day + timedelta(weeks=self.params.hold_weeks):
            return "time_exit"
        return ""

    def _entered(self, state: RotationState, facts: RotationFacts) -> RotationState:
        return replace(
            state,
            regime=Regime.ROTATED,
            targets=self._basket_targets(facts.tradable),
            entry_day=facts.day,
            entry_session=facts.session,
        )

    def _exited(self, state: RotationState, facts: RotationFacts) -> RotationState:
        to_cash = self.params.exit_to == "cash"
        return replace(
            state,
            regime=Regime.CASH if to_cash else Regime.CORE,
            targets=() if to_cash else self._core_targets(),
            entry_day=None,
            entry_session=None,
            exit_day=facts.day,
        )

    def _core_targets(self) -> tuple[tuple[str, float], ...]:
        return ((self.params.core, 1 - self.params.cash_reserve),)

    def _basket_targets(self, tradable: Sequence[str]) -> tuple[tuple[str, float], ...]:
        total = fsum(self._weights[asset] for asset in tradable)
        invested = 1 - self.params.cash_reserve
        return tuple((asset, self._weights[asset] / total * invested) for asset in tradable)

    def _has_drifted(self, state: RotationState, holdings: Holdings) -> bool:
        drift = self.params.rebalance_drift
        if drift is None or holdings.orders_waiting:
            return False
        targets: Mapping[str, float] = dict(state.targets)
        weights = holdings.weights()
        return any(
            abs(weights.get(asset, 0.0) - targets.get(asset, 0.0)) > drift
            for asset in {*targets, *weights}.difference(holdings.stuck)
        )


def _first_ceiling(index: BarSeries, breakout: BreakoutColumns) -> date:
    defined = np.flatnonzero(~np.isnan(breakout.ceiling))
    if not defined.size:
        raise DataError(
            f"{index.symbol}: its {len(index)} sessions from {index.first_day} to {index.last_day} give no ceiling; "
            "252 of them must be older than strategy.breakout.min_age_weeks"
        )
    return date.fromordinal(int(index.ordinals[defined[0]]))


def _first_known(core: BarSeries, session_positions: NDArray[np.int64], index: BarSeries) -> date:
    known = np.flatnonzero(session_positions > NOTHING)
    if not known.size:
        raise DataError(
            f"{index.symbol}: begins on {index.first_day}, after the last bar of {core.symbol} on {core.last_day}"
        )
    return date.fromordinal(int(core.ordinals[known[0]]))


def _date_or_none(ordinal: int) -> date | None:
    return None if ordinal == NEVER else date.fromordinal(ordinal)


def _evidence(facts: RotationFacts, *, cross_in_force: bool) -> Evidence:
    return {
        "index": {
            "session": facts.session,
            "close": facts.index_close,
            "in_breakout": facts.in_breakout,
            "support": facts.support,
            "ceiling": facts.ceiling,
            "breakout_session": facts.breakout_session,
            "loss_session": facts.loss_session,
            "run_length": facts.run_length,
            "run_level": facts.run_level,
        },
        "macd": {
            "week": facts.week,
            "macd": facts.macd,
            "signal": facts.signal,
            "above_signal": facts.above_signal,
            "cross_week": facts.cross_week,
            "in_force": cross_in_force,
        },
    }
