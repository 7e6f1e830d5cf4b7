"""A change is applied and the day decided again: what does not hold what it promises is not offered."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from engine.core.changes import Change, Part, SetClose, SetParameter
from engine.core.market import History
from engine.core.strategy import AnyStrategy, Decision, Holdings, StrategyParams, Universe
from engine.trading.counterfactual import WhatIf
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of

FIRST = date(2024, 1, 1)
DAY = FIRST + timedelta(days=4)
CLOSES = [10.0, 10.0, 10.0, 10.0, 10.0, 99.0]
"""The last bar is of the day after: nothing that is decided may see it."""


class LevelParams(StrategyParams):
    name: str = "level"
    level: float = 15.0
    days: int = 1


@dataclass(frozen=True)
class LevelState:
    name: str = "OUT"


@dataclass(frozen=True)
class LastCloses:
    history: History
    days: int
    first_day: date = FIRST

    def at(self, day: date) -> float:
        bars = self.history["BTC"]
        known = bars.ordinals <= day.toordinal()
        return float(bars.close[known][-self.days :].min())


class Level:
    """In while the last closes are above a level."""

    universe = Universe(core="BTC", assets=("BTC",))

    def __init__(self, params: LevelParams) -> None:
        self._params = params

    def observe(self, history: History) -> LastCloses:
        return LastCloses(history, self._params.days)

    def start(self) -> LevelState:
        return LevelState()

    def decide(self, state: LevelState, facts: float, holdings: Holdings) -> Decision[LevelState]:
        after = LevelState("IN" if facts > self._params.level else "OUT")
        trade = after != state
        return Decision(state=after, reason="turn" if trade else "hold", targets={}, trade=trade, evidence={})


def build(params: StrategyParams) -> AnyStrategy:
    assert isinstance(params, LevelParams)
    return Level(params)


def what_if(params: LevelParams | None = None, *, past_days: int = 0) -> WhatIf:
    return WhatIf(
        build,
        params or LevelParams(),
        history=history_of(coin_bars("BTC", FIRST, CLOSES)),
        day=DAY,
        state=LevelState(),
        holdings=FakeHoldings(),
        past=[(DAY - timedelta(days=back), LevelState()) for back in range(past_days, 0, -1)],
    )


def closing(after: float, *, back: int = 0) -> SetClose:
    return SetClose(symbol="BTC", day=DAY - timedelta(days=back), before=10.0, after=after)


def changing(*parts: Part) -> Change:
    return Change(parts=parts)


def test_a_change_that_flips_while_half_of_it_does_not_is_offered_as_it_is() -> None:
    (flip,) = what_if().flips([changing(closing(15.001))])

    assert flip.change == changing(closing(15.001))
    assert (flip.reason, flip.next_state, flip.since) == ("turn", "IN", DAY)


def test_a_change_that_does_not_flip_is_not_offered() -> None:
    assert what_if().flips([changing(closing(15.0)), changing(closing(40.0, back=1)), changing()]) == ()


def test_what_comes_after_the_day_is_not_known() -> None:
    assert what_if().decision.reason == "hold"
    assert what_if().history["BTC"].last_day == DAY


def test_a_change_larger_than_needed_is_shrunk_to_what_is_needed() -> None:
    asked = what_if()

    (flip,) = asked.flips([changing(closing(60.0))])

    assert flip.change.size == pytest.approx(0.5, abs=1e-6)
    assert asked.is_flipped_by(flip.change)
    assert not asked.is_flipped_by(flip.change.of(0.5))


def test_a_part_that_is_not_needed_is_left_out() -> None:
    (flip,) = what_if().flips([changing(closing(11.0, back=2), closing(15.001))])

    assert flip.change == changing(closing(15.001))


def test_a_parameter_may_flip_it_and_changes_every_day() -> None:
    (flip,) = what_if().flips([changing(SetParameter(key="strategy.level", before=15.0, after=9.999))])

    assert flip.since is None


def test_a_parameter_that_is_refused_is_not_offered() -> None:
    assert what_if().flips([changing(SetParameter(key="strategy.days", before=1, after="many"))]) == ()


def test_alternatives_change_other_things_and_come_smallest_first() -> None:
    flips = what_if().flips(
        [
            changing(closing(15.001)),
            changing(closing(15.002)),
            changing(SetParameter(key="strategy.level", before=15.0, after=9.999)),
        ]
    )

    assert [flip.change.subjects for flip in flips] == [{"strategy.level"}, {"BTC"}]


def test_the_first_day_that_would_have_been_decided_otherwise_is_found() -> None:
    two_days_before = Change(parts=tuple(closing(15.001, back=back) for back in range(3)))

    (flip,) = what_if(LevelParams(days=2), past_days=4).flips([two_days_before])

    # Two closes are enough: the third part is left out.
    assert {part.day for part in flip.change.closes} == {DAY, DAY - timedelta(days=1)}
    assert flip.since == DAY
