"""What a reader is told before believing a figure."""

from typing import Any

import pytest

from engine.report.caveats import excess_rests_on, rests_on


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


CHANCE = {"draws": 382, "q05": -0.8, "q95": 1.266, "p_up": 0.1253, "rank": "335 of 382 below"}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            {"n": 5, "breakouts": 2, "random_entries": CHANCE},
            "rests on n = 5 separate rotations after 2 breakouts of the index; random entries, as many and as long, "
            "give -0.80 to +1.27 in nine of ten cases, and less in 335 of 382 (p = 0.13).",
        ),
        (
            {"n": 1, "breakouts": 1, "random_entries": {"draws": 0}},
            "rests on n = 1 separate rotation; the run is too short for random entries beside it.",
        ),
        (
            {"n": 2, "breakouts": None, "random_entries": {"draws": 0}},
            "rests on n = 2 separate rotations; the run is too short for random entries beside it.",
        ),
    ],
    ids=["a band", "too short", "no breakout known"],
)
def test_it_says_on_how_many_events_the_excess_rests(found: dict[str, Any], sentence: str) -> None:
    said = excess_rests_on({"core": "BTC", "total_excess": 0.8564, **found})

    assert said == f"The excess over BTC, +0.86 (log), {sentence}"
