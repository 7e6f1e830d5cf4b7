"""A decision that looks at what is held may be another where the accounts differ: if it comes out of the live one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from engine.analysis.comparison.comparison import compare
from engine.analysis.comparison.decisions import Mind
from engine.analysis.comparison.differences import Attribution, Cause
from engine.analysis.comparison.step_reader import steps_of
from engine.analysis.comparison.strict import strict
from engine.core.events import DayDecided, Event
from engine.core.market import History
from engine.core.reading import Reading, Readings
from engine.core.settling import plan_events
from engine.core.strategy import Decision, Holdings, Universe
from tests.support.laboratory import (
    DAYS,
    HISTORY,
    MODEL,
    PLANNER,
    START,
    backtest_events,
    live_events,
)

TARGETS = {"BTC": 0.995}
LEAST = 0.9945
"""Of 999.006 the backtest holds 994 in BTC, and the live run 993.006: 0.99499 and 0.99399 of it."""


@dataclass(frozen=True)
class State:
    name: str = "CORE"


class Watchful:
    """Trades back to its targets when the weight of BTC is below what it wants at least."""

    universe = Universe(core="BTC", assets=("BTC",))

    def observe(self, history: History) -> Any:
        return self

    @property
    def first_day(self) -> date:
        return DAYS[0]

    def at(self, day: date) -> date:
        return day

    def start(self) -> State:
        return State()

    def decide(self, state: State, facts: date, holdings: Holdings) -> Decision[State]:
        weight = holdings.weights().get("BTC", 0.0)
        low = weight < LEAST
        reason = "start" if facts == DAYS[0] else "rebalance" if facts == DAYS[2] and low else "hold"
        return Decision(
            state=state,
            reason=reason,
            targets=TARGETS,
            trade=reason != "hold",
            evidence={},
            rules=said(weight),
        )


MIND = Mind(strategy=Watchful(), observations=Watchful(), history=HISTORY)


def watched(events: Sequence[Event], *, low: bool) -> list[Event]:
    """Give the events with what the strategy says of the weights held."""
    weights = (0.0, 994 / 999.006, 994 / 999.006) if not low else (0.0, 993.006 / 999.006, 993.006 / 999.006)
    return [
        replace(
            event,
            memory=State(),
            rules=said(weights[DAYS.index(event.day)]),
            closes={"BTC": event.core_close},
            planned=event.changed,
        )
        if isinstance(event, DayDecided)
        else event
        for event in events
    ]


def said(weight: float) -> Readings:
    return {"watched": Reading(holds=weight < LEAST, value=weight, threshold=LEAST)}


def rebalanced() -> list[Event]:
    """Give the live run, which trades back on the last day; it is too little for an order."""
    *before, last = watched(live_events(), low=True)
    assert isinstance(last, DayDecided)
    ledger = steps_of(before, START, last_plan=True).ledger
    plan = PLANNER.plan(TARGETS, ledger=ledger, closes=last.closes, day=last.day, reason="rebalance")
    return [*before, replace(last, reason="rebalance", changed=True, planned=True), *plan_events(plan, last.day)]


def comparison(live: Sequence[Event], mind: Mind | None = MIND) -> Attribution:
    ours, theirs = (steps_of(each, START, last_plan=True) for each in (watched(backtest_events(), low=False), live))
    policy = strict(ours, theirs, live_planner=PLANNER, model=MODEL, mind=mind)
    return compare(ours, theirs, history=HISTORY, planner=PLANNER, policy=policy)


def test_readings_of_what_is_held_differ_with_it_and_are_no_difference() -> None:
    *others, _ = watched(live_events(), low=True)

    found = [each.what for each in comparison(others).differences if each.kind == "decision"]

    # Of the second day, which has other readings, nothing is said.
    assert found == ["the live run decided nothing on this day"]


def test_a_decision_that_comes_out_of_the_live_account_is_explained_by_it() -> None:
    result = comparison(rebalanced())

    assert result.unexplained == []
    (decision,) = [each for each in result.differences if each.kind == "decision"]
    assert (decision.day, decision.cause) == (DAYS[2], Cause.STATE)
    assert decision.what == ("reason is rebalance live and hold in the backtest: the accounts held something else")


@pytest.mark.parametrize(
    "change",
    [
        {"rules": {"watched": Reading(holds=True, value=0.5, threshold=LEAST)}},
        {"targets": {"BTC": 0.9}},
        {"memory": State("CASH")},
        {"reason": "hold", "changed": False, "planned": False},
        {"evidence": {"index": {"close": 1.0}}},
    ],
)
def test_one_that_does_not_is_unexplained(change: dict[str, Any]) -> None:
    live = rebalanced()
    (last,) = [event for event in live if isinstance(event, DayDecided) and event.day == DAYS[2]]
    live[live.index(last)] = replace(last, **change)

    words = [each.what for each in comparison(live).unexplained if each.kind == "decision"]

    assert words


def test_without_a_mind_nothing_may_be_otherwise() -> None:
    words = [each.what for each in comparison(rebalanced(), None).unexplained]

    assert any(each.startswith("reason is rebalance live and hold in the backtest") for each in words)
