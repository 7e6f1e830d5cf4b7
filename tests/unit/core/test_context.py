"""Which systems are looked at and how they are named, and their states by day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.columns import column
from engine.core.context import Context, SeenSystem, context_of, interleaved, seen_over, systems_of
from engine.core.context_rows import PhaseWeek, SystemFacts, SystemRead, transitions
from engine.core.events import ContextSeen, DataDoubted, DayDecided, RunEnded
from engine.core.market import History
from engine.core.rule import Named, RuleParams, Setting, System
from strategies.rotation import Rotation, RotationParams
from tests.support.markets import coin_bars

FIRST = date(2024, 1, 1)


def rotation(*confirmations: object) -> Rotation:
    return Rotation(RotationParams.model_validate({"confirmations": confirmations}))


def names(*confirmations: object, every: bool = True) -> list[str]:
    return [each.name for each in systems_of(rotation(*confirmations), every=every)]


def test_without_a_condition_nothing_is_decided_by_and_the_board_has_every_system_of_the_thesis_once() -> None:
    assert names(every=False) == []
    board = names()
    assert len(board) == len(set(board)) == 37


def test_a_condition_at_its_defaults_is_the_systems_own_line() -> None:
    assert sorted(names("quiet_90", {"quiet_90": {"days": 90}})) == sorted([*names(), "quiet_90#2"])
    assert names("quiet_90") == names()


def test_a_condition_of_other_parameters_keeps_the_name_that_decisions_have_for_it() -> None:
    sixty = {"quiet_90": {"days": 60}}
    strategy = rotation(sixty)

    found = {each.name: each.rule.params for each in systems_of(strategy, every=True) if "quiet" in each.name}

    assert {name: params.model_dump()["days"] for name, params in found.items()} == {"quiet_90": 60, "quiet_90#2": 90}
    assert "quiet_90" in [each.name for each in strategy.entry]


def test_what_stands_in_groups_is_decided_by_too_and_a_group_is_no_system() -> None:
    group = {"any": ["calm", {"not": "tightening"}]}

    assert names(group, "season", every=False) == ["calm", "tightening", "season"]


def test_systems_stand_by_group_and_by_their_first_row() -> None:
    assert names()[:8] == [
        "blue_sky",
        "record_after_drought",
        "weekly_support",
        "monthly_record",
        "value_record",
        "retest_held",
        "participation",
        "volume_thrust",
    ]


def test_a_system_of_no_group_stands_last() -> None:
    series = {"series": {"of": "VIX", "below": 20}}

    assert names(series)[-1] == "series"


def test_a_system_that_cannot_be_observed_is_unknown_on_every_day_with_the_reason() -> None:
    core = coin_bars("BTC", FIRST, [1.0, 2.0])
    history = History(series={"BTC": core}, absent={"RUT": "nobody has it"})
    retest = Named(name="retest_held", rule=rotation("retest_held").entry.named[2].rule)

    (read,) = context_of([retest], [], history, core).on(FIRST).reads

    assert (read.state, read.value, read.reason) == ("unknown", None, "RUT could not be had: nobody has it")


def seen(states: Sequence[bool | None]) -> SeenSystem:
    core = coin_bars("BTC", FIRST, [1.0 + n for n in range(len(states))])
    setting = Setting(core="BTC", index="RUT", basket={})
    made = column(
        core,
        holds=np.array([state is True for state in states]),
        known=np.array([state is not None for state in states]),
        value=np.arange(float(len(states))),
        reason="for a reason",
    )
    return SeenSystem(facts=SystemFacts(name="some"), rule=System(RuleParams(), setting), column=made)


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=30), st.data())
def test_changes_are_what_is_left_of_all_days_when_repetitions_are_dropped(
    states: list[bool | None], data: st.DataObject
) -> None:
    first, last = sorted(data.draw(st.integers(0, len(states) - 1), label="place") for _ in range(2))
    begin, end = FIRST + timedelta(days=first), FIRST + timedelta(days=last)

    changes = list(seen(states).states(begin, end))
    every = list(seen(states).states(begin, end, all_days=True))

    assert [read.holds for _, read in every] == states[first : last + 1]
    assert [day for day, _ in every] == [begin + timedelta(days=n) for n in range(last - first + 1)]
    kept = [each for n, each in enumerate(every) if n == 0 or each[1].holds != every[n - 1][1].holds]
    assert changes == kept


def test_the_value_of_an_unknown_day_is_nothing() -> None:
    assert [read.value for _, read in seen([True, None]).states(FIRST, date(2024, 1, 2))] == [0.0, None]


@pytest.mark.parametrize(("holds", "state"), [(True, "lit"), (False, "unlit"), (None, "unknown")])
def test_states_are_named(holds: bool | None, state: str) -> None:
    assert SystemRead(name="some", holds=holds).state == state


def test_transitions_count_known_weeks_one_after_the_other() -> None:
    weeks = [
        PhaseWeek(sunday=FIRST + timedelta(weeks=n), phase=phase, leader=leader, scores=(0.0, 0.0, None))
        for n, (phase, leader) in enumerate([(0, 0), (1, 1), (1, 2), (2, 2), (2, 0), (3, 3), (2, 1)])
    ]

    # 1 -> 1, 1 -> 2, then an unknown week is passed over: 2 -> 3, 3 -> 2.
    assert transitions(weeks) == ((1, 1, 0), (0, 0, 1), (0, 1, 0))


def test_a_board_without_phases_has_none() -> None:
    one = seen([True])

    board = Context(core=one.column.days, systems=[one]).on(FIRST)

    assert (board.phase, board.phase_names, [facts.name for facts in board.facts]) == (None, (), ["some"])


def day_decided(day: date) -> DayDecided:
    return DayDecided(
        day=day, state="CORE", next_state="CORE", reason="hold", evidence={}, targets={}, changed=False,
        equity=Decimal(1), cash=Decimal(1), core_close=Decimal(1), memory=None,
    )  # fmt: skip


def test_a_run_has_the_first_board_each_change_and_the_last_board_on_record() -> None:
    one = seen([True, True, False, None, None])
    days = [FIRST + timedelta(days=n) for n in range(5)]

    found = seen_over(Context(core=one.column.days, systems=[one]), days)

    assert {day: [read.state for read in each.reads] for day, each in found.items()} == {
        days[0]: ["lit"],
        days[2]: ["unlit"],
        days[3]: ["unknown"],
        days[4]: ["unknown"],
    }
    assert [each.whole for each in found.values()] == [False, False, False, True]
    assert found[days[4]].facts == (one.facts,)
    assert found[days[4]].reads[0].reason == "for a reason"


def test_what_was_seen_stands_behind_all_that_a_days_decision_led_to() -> None:
    first, second, end = day_decided(FIRST), day_decided(FIRST + timedelta(days=1)), RunEnded(last_day=FIRST)
    doubt = DataDoubted(at=datetime(2024, 1, 2, tzinfo=UTC), message="of the first day")
    boards = {day: ContextSeen(day=day, reads=()) for day in (first.day, second.day)}

    assert list(interleaved([first, doubt, second, end], boards)) == [
        first, doubt, boards[first.day], second, boards[second.day], end,
    ]  # fmt: skip
    assert list(interleaved([first], boards)) == [first, boards[first.day]]
    assert list(interleaved([first, end], {})) == [first, end]


def test_what_an_exit_waits_for_is_decided_by_too_under_the_name_that_decisions_have_for_it() -> None:
    exits = ["support_lost", {"confirmation_lost": {"of": {"any": ["season", "calm"]}}}]
    strategy = Rotation(RotationParams.model_validate({"confirmations": ["season"], "exits": exits}))

    assert [each.name for each in systems_of(strategy, every=False)] == ["season", "season#2", "calm"]
    assert [each.name for each in strategy.exits] == ["support_lost", "confirmation_lost", "any", "season#2", "calm"]
    board = [each.name for each in systems_of(strategy, every=True)]
    assert sorted(board) == sorted([*names(), "season#2"])
