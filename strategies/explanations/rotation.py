"""Why the rotation was entered, left, or neither, on one day; and what would have made the difference."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import product

from engine.core.calendar import DAYS_A_WEEK
from engine.core.changes import Change, SetParameter, together
from engine.core.explanation import Case, Condition, rule
from engine.core.rule import Position
from strategies.explanations.signals.breakout import (
    BreakoutAt,
    breakout_condition,
    confirming,
    keeping,
    losing,
    prolonging,
    shortening,
    support_lost_condition,
    unconfirming,
)
from strategies.explanations.signals.macd import WeekAt, WeeklyLine, cross_condition, crossing, uncrossing
from strategies.rotation import Regime, Rotation, RotationFacts, RotationObservations, RotationParams, RotationState

RotationCase = Case[RotationState, RotationFacts]
MARGIN = 1e-9
FIXES_A_CONDITION = 6
"""Of each condition, so many of the smallest changes are combined with those of the others."""


class Explainer:
    """Explains the rotation."""

    def __init__(self, params: RotationParams) -> None:
        self._params = params
        self._confirming = Rotation(params).confirmations
        # Of the observations asked about last: a whole span is explained from the same ones.
        self._line: WeeklyLine | None = None

    def tree(self, case: RotationCase) -> Condition:
        """Give the rules that the day's state looks at."""
        if not case.state.started:
            return _first_day(self._params.core)
        if case.state.regime is Regime.ROTATED:
            rules = [rule("leave the basket", self._exits(case), needs="any")]
        else:
            rules = [self._entry(case)]
        if case.state.regime is Regime.CASH:
            rules.append(rule(f"back to {self._params.core}", [self._cross(case)], needs="all"))
        if self._params.rebalance_drift is not None:
            rules.append(self._drift(case, self._params.rebalance_drift))
        return rules[0] if len(rules) == 1 else rule("trade", rules, needs="any")

    def awaited(self, case: RotationCase) -> Condition | None:
        """Give the entry rule; None in the basket and on the first day."""
        return self._entry(case) if case.state.started and case.state.regime is not Regime.ROTATED else None

    def proposals(self, case: RotationCase) -> Iterable[Change]:
        """Propose what would have prevented what was decided, or brought about what was not."""
        return sorted(self._proposed(case), key=lambda change: change.size)

    def otherwise(self, case: RotationCase) -> str:
        """Say what stands in the way whatever prices are."""
        state, index = case.state, self._params.index
        if not state.started:
            return f"the first decision day buys {self._params.core}, whatever is observed"
        if state.entry_day is not None and state.entry_session is not None:
            return (
                f"a rotation entered on {state.entry_day} is left at a session of {index} after {state.entry_session}, "
                "or after a whole week; neither has come"
            )
        if not case.holdings.entries_allowed:
            return f"no entry was allowed: {index} had lagged too far behind"
        if state.exit_day is not None and self._week(case).sunday(self._week(case).at) <= state.exit_day:
            return (
                f"the rotation that ended on {state.exit_day} has spent every golden cross up to then, "
                "and no week has ended since"
            )
        if not self._has_basket_bar(case):
            return "no basket asset has a bar of this day, so none could be bought"
        return "no change of the last closes, nor of one parameter, was found that would have"

    def _proposed(self, case: RotationCase) -> Iterator[Change]:
        decision, state = case.decision, case.state
        match decision.reason:
            case "start":
                return
            case "entry":
                yield from unconfirming(self._breakout(case))
                yield from shortening(self._breakout(case), case.day)
                yield from uncrossing(self._week(case), case.day)
            case "golden_cross":
                yield from uncrossing(self._week(case), case.day)
            case "support_lost":
                yield from _with(keeping(self._breakout(case)), self._longer(case))
            case "time_exit":
                yield from self._longer(case)
            case "rebalance":
                yield from self._redrifted(case, 1 + MARGIN)
            case _ if state.regime is Regime.ROTATED:
                yield from losing(self._breakout(case))
                yield from self._shorter(case)
                yield from self._redrifted(case, 1 - MARGIN)
            case _:
                yield from self._entries(case)
                if state.regime is Regime.CASH:
                    yield from crossing(self._week(case), case.day, state.exit_day)
                yield from self._redrifted(case, 1 - MARGIN)

    def _entries(self, case: RotationCase) -> Iterator[Change]:
        fixes: dict[str, Callable[[], Iterator[Change]]] = {
            self._index_name: lambda: self._confirmed(case),
            "golden cross in force": lambda: crossing(self._week(case), case.day, case.state.exit_day),
            "confirmations hold": self._without_failing(case),
            "basket tradable": lambda: self._riper(case),
        }
        failing = [part for part in self._entry(case).parts if not part.holds]
        choices = []
        for part in failing:
            if part.name not in fixes:
                return
            choices.append(_smallest(fixes[part.name]()))
        for changes in product(*choices):
            yield together(changes)

    def _confirmed(self, case: RotationCase) -> Iterator[Change]:
        breakout = self._breakout(case)
        if breakout.in_breakout:
            yield from prolonging(breakout, case.day)
        else:
            yield from _with(confirming(breakout), [])

    def _without_failing(self, case: RotationCase) -> Callable[[], Iterator[Change]]:
        choices = self._params.confirmations

        def changes() -> Iterator[Change]:
            # What lifts the index may make it hold by itself.
            yield Change(parts=())
            held = [condition.holds for condition in self._confirmations(case)]
            left = tuple(choice for choice, holds in zip(choices, held, strict=True) if holds)
            yield SetParameter(key="strategy.confirmations", before=choices, after=left).as_change()

        return changes

    def _riper(self, case: RotationCase) -> Iterator[Change]:
        counts = [
            position + 1
            for asset in self._params.basket_weights()
            if (position := case.history[asset].position_on(case.day)) is not None
        ]
        if counts:
            key = "strategy.min_history_days"
            yield SetParameter(key=key, before=self._params.min_history_days, after=max(counts)).as_change()

    def _has_basket_bar(self, case: RotationCase) -> bool:
        return any(case.history[asset].position_on(case.day) is not None for asset in self._params.basket_weights())

    def _shorter(self, case: RotationCase) -> Iterator[Change]:
        weeks = _days_held(case) // DAYS_A_WEEK
        if weeks >= 1:
            yield self._hold_weeks(weeks).as_change("the rotation's time is then over")

    def _longer(self, case: RotationCase) -> list[Change]:
        weeks = _days_held(case) // DAYS_A_WEEK + 1
        if weeks <= self._params.hold_weeks:
            return []
        return [self._hold_weeks(weeks).as_change("the rotation's time is then not over")]

    def _hold_weeks(self, weeks: int) -> SetParameter:
        return SetParameter(key="strategy.hold_weeks", before=self._params.hold_weeks, after=weeks)

    def _redrifted(self, case: RotationCase, factor: float) -> Iterator[Change]:
        before, drift = self._params.rebalance_drift, _largest_drift(case)
        if before is not None and not case.holdings.orders_waiting and 0 < drift * factor < 1:
            part = SetParameter(key="strategy.rebalance_drift", before=before, after=drift * factor)
            yield part.as_change(f"the furthest weight is {drift:.4f} from its target")

    @property
    def _index_name(self) -> str:
        return f"{self._params.index} breakout in force"

    def _entry(self, case: RotationCase) -> Condition:
        parts = [breakout_condition(self._breakout(case), case.day), self._cross(case)]
        if self._params.confirmations:
            parts.append(
                rule(
                    "confirmations hold",
                    self._confirmations(case),
                    needs="all",
                )
            )
        parts.append(self._tradable(case))
        if not case.holdings.entries_allowed:
            parts.append(
                Condition(
                    name=f"{self._params.index} up to date",
                    holds=False,
                    sentence=f"{self._params.index} lags too far behind for an entry (data.max_stale_sessions)",
                )
            )
        return rule("enter the basket", parts, needs="all")

    def _confirmations(self, case: RotationCase) -> list[Condition]:
        position = Position(holdings=case.holdings)
        return [
            named.rule.told(named.name, column, case.day, position)
            for named, column in zip(self._confirming, _observed(case).confirmations, strict=True)
            if named.name in self._confirming.outer
        ]

    def _cross(self, case: RotationCase) -> Condition:
        return cross_condition(self._week(case), case.day, case.state.exit_day)

    def _tradable(self, case: RotationCase) -> Condition:
        tradable, weights = case.observations.at(case.day).tradable, self._params.basket_weights()
        days = self._params.min_history_days
        sentence = f"{len(tradable)} of {len(weights)} basket assets are tradable"
        return Condition(
            name="basket tradable",
            holds=bool(tradable),
            sentence=sentence if tradable else f"{sentence}: each wants {days} daily bars and one of this day",
            value=len(tradable),
            threshold=1,
            distance=float(len(tradable) - 1),
            unit="assets",
        )

    def _exits(self, case: RotationCase) -> list[Condition]:
        state = case.state
        if state.entry_day is None or state.entry_session is None:
            raise ValueError("a ROTATED state without an entry day")
        until, held = state.entry_day + timedelta(weeks=self._params.hold_weeks), _days_held(case) / DAYS_A_WEEK
        return [
            support_lost_condition(self._breakout(case), state.entry_session),
            Condition(
                name=f"{self._params.hold_weeks} weeks over",
                holds=case.day >= until,
                sentence=f"entered on {state.entry_day}, {held:.1f} weeks ago; the time is over on {until}",
                value=held,
                threshold=self._params.hold_weeks,
                distance=held - self._params.hold_weeks,
                unit="weeks",
            ),
        ]

    def _drift(self, case: RotationCase, allowed: float) -> Condition:
        drift = _largest_drift(case)
        waiting = "; orders still wait" if case.holdings.orders_waiting else ""
        return Condition(
            name="weights drifted",
            holds=drift > allowed and not waiting,
            sentence=f"the furthest weight is {drift:.4f} from its target, {allowed:g} is allowed{waiting}",
            value=drift,
            threshold=allowed,
            distance=drift - allowed,
            unit="weight",
        )

    def _breakout(self, case: RotationCase) -> BreakoutAt:
        observed = _observed(case)
        at = int(observed.session_positions[_row(case)])
        return BreakoutAt(bars=observed.index, columns=observed.breakout, params=self._params.breakout, at=at)

    def _week(self, case: RotationCase) -> WeekAt:
        observed = _observed(case)
        if self._line is None or self._line.weekly is not observed.weekly:
            self._line = WeeklyLine(core=observed.core, weekly=observed.weekly, params=self._params.macd)
        return WeekAt(line=self._line, at=int(observed.week_positions[_row(case)]))


def _first_day(core: str) -> Condition:
    return Condition(name="first decision day", holds=True, sentence=f"the first decision day buys {core}")


def _observed(case: RotationCase) -> RotationObservations:
    if not isinstance(case.observations, RotationObservations):
        raise TypeError("observations of another strategy")
    return case.observations


def _row(case: RotationCase) -> int:
    row = _observed(case).core.position_on(case.day)
    if row is None:
        raise KeyError(f"{case.day} has no bar of the core")
    return row


def _days_held(case: RotationCase) -> int:
    entry = case.state.entry_day
    return (case.day - (entry or case.day)).days


def _largest_drift(case: RotationCase) -> float:
    targets, weights = dict(case.state.targets), case.holdings.weights()
    assets = {*targets, *weights}.difference(case.holdings.stuck)
    return max((abs(weights.get(a, 0.0) - targets.get(a, 0.0)) for a in assets), default=0.0)


def _smallest(changes: Iterable[Change]) -> Sequence[Change]:
    """Take the smallest changes, and of every other kind the smallest."""
    chosen: list[Change] = []
    for change in sorted({change.parts: change for change in changes}.values(), key=lambda change: change.size):
        if len(chosen) < FIXES_A_CONDITION or all(change.subjects != other.subjects for other in chosen):
            chosen.append(change)
    return chosen


def _with(changes: Iterable[Change], others: Sequence[Change]) -> Iterator[Change]:
    """Add changes that are needed besides to each."""
    for change in changes:
        if change.parts:
            yield together([change, *others])
