"""The phases: how a pair's change is scaled, who leads, and when the phase follows; worked out by hand."""

from math import exp, sqrt

import numpy as np
import pytest

from strategies.rules.phase import PhaseParams
from strategies.signals.phases import phases_of, scaled_changes

NAN = float("nan")


def scaled(*logs: float, least: int = 2, weeks: int = 3) -> list[float | None]:
    values = np.array([exp(log) for log in logs])
    found = scaled_changes(values, change_weeks=1, scale_weeks=weeks, scale_least=least)
    return [None if value != value else round(value, 9) for value in found.tolist()]  # noqa: PLR0124 - NaN


def test_a_change_is_measured_by_the_deviation_of_the_last_ones_with_no_mean_taken_off() -> None:
    # Changes: 1, 3, 2; the deviation of 1, 3 is the root of 2, that of 1, 3, 2 is 1.
    assert scaled(0, 1, 4, 6) == [None, None, round(3 / sqrt(2), 9), 2.0]


def test_a_week_without_a_value_has_no_score_and_its_change_does_not_count() -> None:
    # Changes: 1, 3, -, -, 1: the last three hold one change alone.
    assert scaled(0, 1, 4, NAN, 5, 6) == [None, None, round(3 / sqrt(2), 9), None, None, None]
    # Of the last four, the changes are 3 and 1.
    assert scaled(0, 1, 4, NAN, 5, 6, weeks=4)[-1] == round(1 / sqrt(2), 9)


def test_fewer_changes_than_wanted_and_equal_ones_give_no_score() -> None:
    assert scaled(0, 1, 4, 6, least=3) == [None, None, None, 2.0]
    assert scaled_changes(np.array([1.0, 2, 4, 8]), change_weeks=1, scale_weeks=3, scale_least=2)[-1] != 0


def followed(leaders: str, hold_weeks: int = 2) -> str:
    """Give the phases by the leaders, one a character; - is a week in which a score is missing."""
    scores = {
        number: [np.array([NAN if leads == "-" and number == 2 else float(leads == str(number)) for leads in leaders])]
        for number in (1, 2, 3)
    }
    sundays = np.arange(7, 7 * len(leaders) + 1, 7)
    phases = phases_of(sundays, scores, hold_weeks=hold_weeks)
    assert (phases.leader == 0).tolist() == [leads == "-" for leads in leaders]
    return "".join(str(phase) for phase in phases.phase.tolist())


def test_the_phase_starts_as_the_first_leader_and_follows_one_that_has_led_long_enough() -> None:
    assert followed("1223311") == "1122331"
    assert followed("1233", hold_weeks=3) == "1111"
    assert followed("12333", hold_weeks=3) == "11113"


def test_a_week_that_is_not_known_ends_the_row_and_leaves_the_phase() -> None:
    assert followed("-12-22") == "011112"


def test_of_equal_scores_the_lower_number_leads() -> None:
    tied = {number: [np.array([1.0 if number > 1 else 0.5])] for number in (1, 2, 3)}

    assert phases_of(np.array([7]), tied, hold_weeks=4).leader.tolist() == [2]


def test_a_score_is_the_mean_of_its_pairs() -> None:
    moves = {1: [np.array([1.0]), np.array([2.0])], 2: [np.array([1.4])], 3: [np.array([0.0])]}
    found = phases_of(np.array([7]), moves, hold_weeks=4)

    assert found.scores.tolist() == [pytest.approx([1.5, 1.4, 0.0])]
    assert found.leader.tolist() == [1]


def test_transitions_count_known_weeks_up_to_a_day() -> None:
    scores = {number: [np.array([float(leads == number) for leads in (1, 2, 2, 3)])] for number in (1, 2, 3)}
    phases = phases_of(np.array([7, 14, 21, 28]), scores, hold_weeks=1)

    assert phases.transitions(28) == ((0, 1, 0), (0, 1, 1), (0, 0, 0))
    assert phases.transitions(27) == ((0, 1, 0), (0, 1, 0), (0, 0, 0))


def test_more_changes_than_there_are_weeks_are_refused() -> None:
    assert PhaseParams(scale_weeks=52).scale_least == 52
    with pytest.raises(ValueError, match="scale_least 52 is not allowed with scale_weeks 40"):
        PhaseParams(scale_weeks=40)
