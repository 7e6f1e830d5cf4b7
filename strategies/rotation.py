"""The rotation: hold the core, rotate into a basket when the index breaks out and the core's weekly MACD crosses.

Three parts: parameters, what is observed of each day, and the decision. The rules are in `strategies/rules/`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import fsum
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, StrictFloat, StrictInt, model_validator

from engine.core.changes import Change, SetParameter
from engine.core.events import EvidenceValue
from engine.core.explaining import Asked
from engine.core.explanation import Case
from engine.core.market import History
from engine.core.reading import Readings
from engine.core.rule import ByDay, EveryDay, Named, Position, RuleParams, Rules
from engine.core.strategy import Decision, DelistingRule, Holdings, MarketName, StrategyParams, Universe
from strategies.rules import Choice, confirmation, exits
from strategies.rules.basket_tradable import BasketTradable
from strategies.rules.breakout import Breakout
from strategies.rules.golden_cross import GoldenCross
from strategies.rules.index_up_to_date import IndexUpToDate
from strategies.rules.weights_drifted import WeightsDrifted
from strategies.signals.breakout import BreakoutParams
from strategies.signals.days import (
    BreakoutFacts,
    DailyBreakout,
    DailyMacd,
    WeekFacts,
)
from strategies.signals.macd import MacdParams
from strategies.signals.setting import RotationSetting

WEIGHT_TOLERANCE = 1e-9
"""Weights typed as decimals add up to 1 within this."""


class RotationParams(StrategyParams):
    """Parameters of the rotation, as in the configuration."""

    late_keys: ClassVar[tuple[str, ...]] = ("exits", "delisted_after_days", "delisting_penalty")

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
    confirmations: tuple[Choice, ...] = Field((), description="Further conditions that must hold at entry.")
    exits: tuple[Choice, ...] = Field(("support_lost", "time_exit"), description="What ends a rotation, by rank.")
    delisted_after_days: StrictInt | None = Field(
        None,
        ge=1,
        le=36500,
        description="Days without a bar after which a backtest takes a held asset as delisted and sells it in the "
        "books; null: never.",
    )
    delisting_penalty: StrictFloat = Field(
        0.5, ge=0, lt=1, description="Fraction of its last close that a delisted asset loses."
    )

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
        exits(self.exits)
        return self

    def delisting(self) -> DelistingRule | None:
        """Give when a held asset counts as delisted; None: never."""
        if self.delisted_after_days is None:
            return None
        return DelistingRule(after_days=self.delisted_after_days, penalty=self.delisting_penalty)

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


class RotationFacts(NamedTuple):
    """What is known at the end of one day.

    Attributes:
        tradable: basket assets that can be traded, in trading order.
        entry, exits: what each of the entry rules and exits observed, in order.
    """

    day: date
    breakout: BreakoutFacts
    macd: WeekFacts
    tradable: tuple[str, ...]
    entry: tuple[object, ...]
    exits: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RotationObservations:
    """What the rules observed, by day.

    Attributes:
        columns: each once, breakout, MACD and tradable assets first; places: those of the entry rules and the exits.
    """

    first_day: date
    breakout: DailyBreakout
    macd: DailyMacd
    entry: tuple[ByDay[Any], ...]
    exits: tuple[ByDay[Any], ...]
    columns: tuple[ByDay[Any], ...]
    places: tuple[tuple[int, ...], tuple[int, ...]]

    def at(self, day: date) -> RotationFacts:
        """Give the facts of one decision day.

        Raises:
            KeyError: the day has no bar of the core.
        """
        breakout, macd, tradable, *others = (column.at(day) for column in self.columns)
        seen = (breakout, macd, tradable, *others)
        entry, exits_ = self.places
        return RotationFacts(
            day=day,
            breakout=breakout,
            macd=macd,
            tradable=tradable.assets,
            entry=tuple([seen[place] for place in entry]),
            exits=tuple([seen[place] for place in exits_]),
        )


class Rotation:
    """Core, basket and back."""

    Params: ClassVar[type[StrategyParams]] = RotationParams

    def __init__(self, params: RotationParams) -> None:
        self.params = params
        self._weights = params.basket_weights()
        setting = RotationSetting(
            core=params.core,
            index=params.index,
            basket=self._weights,
            breakout=params.breakout,
            macd=params.macd,
            hold_weeks=params.hold_weeks,
            min_history_days=params.min_history_days,
        )
        self._breakout, self._cross = Breakout(RuleParams(), setting), GoldenCross(RuleParams(), setting)
        self._stale = IndexUpToDate(RuleParams(), setting)
        self.entry = Rules(
            [
                Named(name="breakout", rule=self._breakout),
                Named(name="golden_cross", rule=self._cross),
                *(confirmation(choice)(setting) for choice in params.confirmations),
                Named(name="basket_tradable", rule=BasketTradable(RuleParams(), setting)),
            ]
        )
        self.exits = Rules([exit_(setting) for exit_ in exits(params.exits)])
        assets = dict.fromkeys((params.core, *self._weights))
        self.universe = Universe(
            core=params.core,
            assets=tuple(assets),
            indices=(params.index,),
            series=tuple(dict.fromkeys((*self.entry.needs, *self.exits.needs))),
            basket=self._weights,
            cash_reserve=params.cash_reserve,
            min_history_days=params.min_history_days,
            delisting=params.delisting(),
        )

    def observe(self, history: History) -> RotationObservations:
        """Have every rule observe the history.

        Raises:
            DataError: the core has a week without a bar or too few weeks, or the index never has a ceiling.
        """
        entry, exits_ = self.entry.observe(history), self.exits.observe(history)
        breakout, macd = self._breakout.observe(history), self._cross.observe(history)
        # Several rules look at the same signal: it is asked once a day.
        observed: tuple[ByDay[Any], ...] = (breakout, macd, entry[-1], *entry, *exits_)
        columns = tuple({id(each): each for each in observed}.values())
        return RotationObservations(
            first_day=max(macd.first_day, breakout.first_day),
            breakout=breakout,
            macd=macd,
            entry=entry,
            exits=exits_,
            columns=columns,
            places=(_places(columns, entry), _places(columns, exits_)),
        )

    def start(self) -> RotationState:
        """Start in CORE, nothing bought."""
        return RotationState()

    def decide(self, state: RotationState, facts: RotationFacts, holdings: Holdings) -> Decision[RotationState]:
        """Decide one day by the state machine."""
        state = _without(state, holdings.delisted)
        position = _position(facts.day, state, holdings)
        if state.regime is Regime.ROTATED:
            readings = self.exits.read(facts.exits, position)
            cross = self._cross.read(facts.macd, position)
        else:
            readings = self.entry.read(facts.entry, position)
            cross = readings["golden_cross"]
            if not holdings.entries_allowed:
                readings["index_up_to_date"] = self._stale.read(facts.day, position)
        after, reason = self._next(state, facts, position, readings)
        return Decision(
            state=after,
            reason=reason,
            targets=dict(after.targets),
            trade=reason != "hold",
            evidence={
                "index": _index_evidence(facts.breakout),
                "macd": _macd_evidence(facts.macd, in_force=bool(cross.holds)),
            },
            rules=readings,
        )

    def _next(
        self, state: RotationState, facts: RotationFacts, position: Position, readings: Readings
    ) -> tuple[RotationState, str]:
        if not state.started:
            return replace(state, regime=Regime.CORE, started=True, targets=self._core_targets()), "start"
        if state.regime is Regime.ROTATED:
            fired = next((name for name in self.exits.outer if readings[name].holds), None)
            if fired is not None:
                return self._exited(state, facts), fired
        elif self.entry.all_hold(readings) and position.holdings.entries_allowed:
            return self._entered(state, facts), "entry"
        elif state.regime is Regime.CASH and readings["golden_cross"].holds:
            return replace(state, regime=Regime.CORE, targets=self._core_targets()), "golden_cross"
        drifted = self._drift(state)
        return state, "rebalance" if drifted and drifted.read(facts.day, position).holds else "hold"

    def left_for_cash(self, state: RotationState, day: date) -> RotationState:
        """Give the state after all was sold: the next decision buys the core; crosses of the rotation are spent."""
        exit_day = day if state.regime is Regime.ROTATED else state.exit_day
        return RotationState(regime=Regime.CASH, exit_day=exit_day)

    def asked(self, case: Case[RotationState, RotationFacts]) -> Sequence[Asked]:
        """Give what each state asks: the exits while rotated, else the entry; then how far weights have drifted."""
        state, observed, core = _without(case.state, case.holdings.delisted), case.observations, self.params.core
        if not state.started or not isinstance(observed, RotationObservations):
            return ()
        if state.regime is Regime.ROTATED:
            asked = [Asked(name="leave the basket", rules=self.exits.with_observed(observed.exits), needs="any")]
        else:
            entry = self.entry.with_observed(observed.entry)
            if not case.holdings.entries_allowed:
                entry += ((Named(name="index_up_to_date", rule=self._stale), EveryDay()),)
            asked = [Asked(name="enter the basket", rules=entry, needs="all", awaited=True)]
        if state.regime is Regime.CASH:
            cross = Named(name="golden_cross", rule=self._cross), observed.macd
            asked.append(Asked(name=f"back to {core}", rules=(cross,), needs="all"))
        drifted = self._drift(state)
        if drifted:
            rules = ((Named(name="weights_drifted", rule=drifted), EveryDay()),)
            asked.append(Asked(name="rebalance", rules=rules, needs="all"))
        return asked

    def position(self, case: Case[RotationState, RotationFacts]) -> Position:
        """Give where the rotation stands before the decision."""
        return _position(case.day, case.state, case.holdings)

    def without(self, names: Collection[str]) -> Change | None:
        """Give the change with which confirmations would not be asked."""
        choices = self.params.confirmations
        # Breakout and golden cross come first, the basket last.
        confirming = self.entry.outer[2:-1]
        if not set(names) <= set(confirming):
            return None
        left = tuple(choice for name, choice in zip(confirming, choices, strict=True) if name not in names)
        return SetParameter(key="strategy.confirmations", before=choices, after=left).as_change()

    def _drift(self, state: RotationState) -> WeightsDrifted | None:
        allowed = self.params.rebalance_drift
        return None if allowed is None else WeightsDrifted(allowed, dict(state.targets))

    def _entered(self, state: RotationState, facts: RotationFacts) -> RotationState:
        return replace(
            state,
            regime=Regime.ROTATED,
            targets=self._basket_targets(facts.tradable),
            entry_day=facts.day,
            entry_session=facts.breakout.session,
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


def _without(state: RotationState, delisted: Collection[str]) -> RotationState:
    """Give the state without targets of what was sold as delisted: its share stays cash until they change."""
    left = tuple((asset, weight) for asset, weight in state.targets if asset not in delisted)
    # The same object where nothing goes: what is as it was is written once.
    return state if left == state.targets else replace(state, targets=left)


def _places(columns: Sequence[ByDay[Any]], observed: Sequence[ByDay[Any]]) -> tuple[int, ...]:
    return tuple(next(n for n, column in enumerate(columns) if column is each) for each in observed)


def _position(day: date, state: RotationState, holdings: Holdings) -> Position:
    return Position(
        day=day,
        entry_day=state.entry_day,
        entry_session=state.entry_session,
        exit_day=state.exit_day,
        holdings=holdings,
    )


def _index_evidence(facts: BreakoutFacts) -> Mapping[str, EvidenceValue]:
    return {
        "session": facts.session,
        "close": facts.close,
        "in_breakout": facts.in_breakout,
        "support": facts.support,
        "ceiling": facts.ceiling,
        "breakout_session": facts.breakout_session,
        "loss_session": facts.loss_session,
        "run_length": facts.run_length,
        "run_level": facts.run_level,
    }


def _macd_evidence(facts: WeekFacts, *, in_force: bool) -> Mapping[str, EvidenceValue]:
    return {
        "week": facts.week,
        "macd": facts.macd,
        "signal": facts.signal,
        "above_signal": facts.above_signal,
        "cross_week": facts.cross_week,
        "in_force": in_force,
    }
