"""What a reader is told before believing a figure."""

import pytest

from engine.report.caveats import rests_on


@pytest.mark.parametrize(
    ("completed", "sentence"),
    [
        (0, "No rotation was completed: these figures say nothing about rotating."),
        (1, "These figures rest on 1 completed rotation - far too few to tell skill from luck."),
        (29, "These figures rest on 29 completed rotations - far too few to tell skill from luck."),
        (30, "These figures rest on 30 completed rotations."),
    ],
)
def test_it_says_on_how_many_rotations_figures_rest(completed: int, sentence: str) -> None:
    assert rests_on(completed) == sentence


def test_of_a_strategy_without_rotations_it_counts_round_trips() -> None:
    few = " - far too few to tell skill from luck"

    assert rests_on(0, rotates=False).startswith("No round trip was completed")
    assert rests_on(2, rotates=False) == f"These figures rest on 2 completed round trips{few}."
