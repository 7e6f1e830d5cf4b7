"""The rotation: hold the core, rotate into a basket when the index breaks out and the core's weekly MACD crosses.

The rules are in `strategies/rules/`; parameters, state and what is observed of each day in `strategies/rotating/`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from math import fsum
from typing import Any, ClassVar

from engine.core.changes import Change, SetParameter
from engine.core.explaining import Asked
from engine.core.explanation import Case
from engine.core.market import History
from engine.core.reading import Readings
from engine.core.rule import AnyRule, ByDay, EveryDay, Named, Position, RuleParams, Rules, System
from engine.core.strategy import Decision, Holdings, StrategyParams, Universe
from strategies.rotating.facts import RotationFacts, RotationObservations, evidence_of, places_of
from strategies.rotating.params import RotationParams
from strategies.rotating.rule_files import confirmation, exits, thesis_systems
from strategies.rotating.state import Regime, RotationState, Targets, Tranche
from strategies.rules.basket_tradable import BasketTradable
from strategies.rules.breakout import Breakout
from strategies.rules.golden_cross import GoldenCross
from strategies.rules.index_up_to_date import IndexUpToDate
from strategies.rules.weights_drifted import WeightsDrifted
from strategies.signals.setting import RotationSetting

__all__ = ["Regime", "Rotation", "RotationFacts", "RotationParams", "RotationState"]


class Rotation:
    """Core, basket and back."""

    Params: ClassVar[type[StrategyParams]] = RotationParams

    def __init__(self, params: RotationParams) -> None:
        self.params = params
        self._weights = params.basket_weights()
        setting = self._setting = RotationSetting(
            core=params.core,
            index=params.index,
            basket=self._weights,
            breakout=params.breakout,
            macd=params.macd,
            hold_weeks=params.hold_weeks,
            min_history_days=params.min_history_days,
            exits=params.exits,
        )
        self._breakout, self._cross = Breakout(RuleParams(), setting), _cross(params, setting)
        self._stale = IndexUpToDate(RuleParams(), setting)
        self.entry = Rules(
            [
                Named(name="breakout", rule=self._breakout),
                Named(name="golden_cross", rule=self._cross),
                *(confirmation(choice)(setting) for choice in params.confirmations),
                Named(name="basket_tradable", rule=_tradable(params, setting)),
            ]
        )
        # A system within an exit has no name that a confirmation has.
        self.exits = Rules([exit_(setting) for exit_ in exits(params.exits)], after=self.entry)
        basket, assets = params.basket_rule(), dict.fromkeys((params.core, *self._weights))
        self.universe = Universe(
            core=params.core,
            assets=tuple(assets),
            indices=(params.index,),
            series=tuple(dict.fromkeys((*self.entry.needs, *self.exits.needs))),
            basket=self._weights,
            cash_reserve=params.cash_reserve,
            min_history_days=params.min_history_days,
            basket_on=None if basket is None else basket.weights_on,
            delisting=params.delisting(),
        )

    def observe(self, history: History) -> RotationObservations:
        """Have every rule observe the history.

        Raises:
            DataError: the core has a week without a bar or too few weeks, or the index never has a ceiling.
        """
        entry, exits_ = self.entry.observe(history), self.exits.observe(history)
        breakout, macd = self._breakout.observe(history), self._setting.daily_macd.of(history)
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
            places=(places_of(columns, entry), places_of(columns, exits_)),
        )

    def verify(self, history: History) -> None:
        """Hold the MACD to that of `ta`."""
        from strategies.signals.macd_by_ta import hold_to_ta  # noqa: PLC0415 - a quarter of a second, for checks alone

        hold_to_ta(history[self.params.core], self.params.macd)

    def start(self) -> RotationState:
        """Start in CORE, nothing bought."""
        return RotationState()

    def decide(self, state: RotationState, facts: RotationFacts, holdings: Holdings) -> Decision[RotationState]:
        """Decide one day by the state machine."""
        state = state.without(holdings.delisted)
        position = _position(facts.day, state, holdings)
        if state.regime is Regime.ROTATED:
            readings = self.exits.read(facts.exits, position)
            cross = self._cross.read(facts.cross, position)
        else:
            readings = self.entry.read(facts.entry, position)
            cross = readings["golden_cross"]
            if not holdings.entries_allowed:
                readings["index_up_to_date"] = self._stale.read(facts.day, position)
        after, reason = self._next(state, facts, position, readings)
        return Decision(
            state=after,
            reason=reason,
            targets=_weights(after.targets),
            trade=reason != "hold",
            evidence=evidence_of(facts, in_force=bool(cross.holds)),
            rules=readings,
            is_sized=True,
        )

    def _next(
        self, state: RotationState, facts: RotationFacts, position: Position, readings: Readings
    ) -> tuple[RotationState, str]:
        if not state.started:
            begun = replace(state, regime=Regime.CORE, started=True)
            return self._to(self._core_targets(), begun, position, "start")
        if state.regime is Regime.ROTATED:
            fired = next((name for name in self.exits.outer if readings[name].holds), None)
            if fired is not None:
                parts = self.params.tranches.exit
                return self._to(self._exit_targets(), self._exited(state, facts, fired), position, fired, parts=parts)
        elif self.entry.all_hold(readings) and position.holdings.entries_allowed:
            parts = self.params.tranches.entry
            return self._to(self._basket_targets(facts), self._entered(state, facts), position, "entry", parts=parts)
        elif state.regime is Regime.CASH and readings["golden_cross"].holds:
            return self._to(self._core_targets(), replace(state, regime=Regime.CORE), position, "golden_cross")
        if state.tranche is not None:
            continued = _continued(state, state.tranche, facts.day, self.universe.assets)
            if continued is not None:
                return continued, state.tranche.reason
        drifted = self._drift(state)
        return state, "rebalance" if drifted and drifted.read(facts.day, position).holds else "hold"

    def left_for_cash(self, state: RotationState, day: date) -> RotationState:
        """Give the state after all was sold: the next decision buys the core; crosses of the rotation are spent."""
        if state.regime is Regime.ROTATED:
            return RotationState(regime=Regime.CASH, exit_day=day)
        return RotationState(regime=Regime.CASH, exit_day=state.exit_day, left_by=state.left_by)

    def asked(self, case: Case[RotationState, RotationFacts]) -> Sequence[Asked]:
        """Give what each state asks: the exits while rotated, else the entry; then how far weights have drifted."""
        state, observed, core = case.state.without(case.holdings.delisted), case.observations, self.params.core
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
            cross = Named(name="golden_cross", rule=self._cross), observed.cross
            asked.append(Asked(name=f"back to {core}", rules=(cross,), needs="all"))
        if state.tranche is not None:
            asked.append(Asked(name="the next part", rules=(_part_due(state.tranche),), needs="all"))
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

    def drawn(self) -> Mapping[str, AnyRule]:
        """Give all rules by their names."""
        return {each.name: each.rule for asked in (self.entry, self.exits) for each in asked}

    def used_systems(self) -> Sequence[Named]:
        """Give the systems that it decides by, within groups too, under the names that decisions have for them."""
        rules = self.drawn().items()
        return tuple(
            Named(name=name, rule=rule) for name, rule in rules if isinstance(rule, System) and not rule.members
        )

    def thesis_systems(self) -> Sequence[Named]:
        """Give the systems of the thesis, at their defaults."""
        return thesis_systems(self._setting)

    def _drift(self, state: RotationState) -> WeightsDrifted | None:
        allowed = self.params.rebalance_drift
        return None if allowed is None else WeightsDrifted(allowed, dict(state.targets))

    def _to(
        self, targets: Targets, state: RotationState, position: Position, reason: str, *, parts: int = 1
    ) -> tuple[RotationState, str]:
        """Set targets, as far as the limits on the whole account allow; in parts, the first of them."""
        end = tuple(position.holdings.sized(dict(targets)).items())
        if parts == 1:
            return replace(state, targets=end, tranche=None), reason
        from strategies.rotating.tranches import begun  # noqa: PLC0415 - off by default

        day, assets = position.day, self.universe.assets
        return begun(state, end, count=parts, reason=reason, day=day, assets=assets), reason

    def _entered(self, state: RotationState, facts: RotationFacts) -> RotationState:
        return replace(state, regime=Regime.ROTATED, entry_day=facts.day, entry_session=facts.breakout.session)

    def _exited(self, state: RotationState, facts: RotationFacts, left_by: str) -> RotationState:
        return replace(
            state,
            regime=Regime.CASH if self.params.exit_to == "cash" else Regime.CORE,
            entry_day=None,
            entry_session=None,
            exit_day=facts.day,
            left_by=left_by if self.params.reentry == "breakout_again" else "",
        )

    def _exit_targets(self) -> Targets:
        return () if self.params.exit_to == "cash" else self._core_targets()

    def _core_targets(self) -> Targets:
        return ((self.params.core, 1 - self.params.cash_reserve),)

    def _basket_targets(self, facts: RotationFacts) -> Targets:
        invested = 1 - self.params.cash_reserve
        if facts.weights is not None:
            return tuple((asset, weight * invested) for asset, weight in facts.weights)
        total = fsum(self._weights[asset] for asset in facts.tradable)
        return tuple((asset, self._weights[asset] / total * invested) for asset in facts.tradable)


@lru_cache(maxsize=8)
def _weights(targets: Targets) -> Mapping[str, float]:
    """Give them by asset, the same object while they stay: it is written once."""
    return dict(targets)


def _position(day: date, state: RotationState, holdings: Holdings) -> Position:
    return Position(
        day=day,
        entry_day=state.entry_day,
        entry_session=state.entry_session,
        exit_day=state.exit_day,
        left_by=state.left_by,
        holdings=holdings,
    )


def _cross(params: RotationParams, setting: RotationSetting) -> GoldenCross:
    if params.reentry == "new_cross":
        return GoldenCross(RuleParams(), setting)
    from strategies.rules.breakout_again import BreakoutAgain  # noqa: PLC0415 - off by default

    return BreakoutAgain(RuleParams(), setting)


def _tradable(params: RotationParams, setting: RotationSetting) -> BasketTradable:
    rule = params.basket_rule()
    if rule is None:
        return BasketTradable(RuleParams(), setting)
    from strategies.rules.basket_weighed import BasketWeighed  # noqa: PLC0415 - off by default

    return BasketWeighed(RuleParams(), setting, rule)


def _continued(state: RotationState, tranche: Tranche, day: date, assets: Sequence[str]) -> RotationState | None:
    from strategies.rotating.tranches import continued  # noqa: PLC0415 - off by default

    return continued(state, tranche, day, assets)


def _part_due(tranche: Tranche) -> tuple[Named, EveryDay]:
    from strategies.rules.part_due import PartDue  # noqa: PLC0415 - off by default

    return Named(name="part_due", rule=PartDue(tranche)), EveryDay()
