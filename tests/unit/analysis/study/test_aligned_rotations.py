"""Rotations side by side where there are few days or none: what stands in for a mean and a band that cannot be made."""

import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.analysis.study.aligned import aligned_with_chance
from engine.analysis.study.excess import Basket, Span
from tests.support.bars import bars_of

COSTS = 4 * math.log(1 - 0.0015)


def basket(days: int, **changes: Any) -> Basket:
    """Give a coin that doubles each day against a core that stands still; decided on from its first day on."""
    coin, core = (
        bars_of(name, date(2024, 1, 1), [growth**day for day in range(days)])
        for name, growth in (("SOL", 2.0), ("BTC", 1.0))
    )
    values: dict[str, Any] = {
        "weights": {"SOL": 1.0}, "bars": {"SOL": coin}, "core": core, "costs": 0.0015, "least_bars": 1,
        "days": core.ordinals, **changes,
    }  # fmt: skip
    return Basket(**values)


def aligned(of: Basket, *spans: Span) -> dict[str, Any]:
    return aligned_with_chance(of, spans, str)


def test_without_a_rotation_there_is_nothing_to_lay_side_by_side() -> None:
    found = aligned(basket(400))

    assert found["aligned"] is None
    assert (found["random_entries"]["q05"], found["random_entries"]["q95"]) == (0.0, 0.0)


def test_one_rotation_is_its_own_mean() -> None:
    found = aligned(basket(400), Span(entry=10, exit=13))["aligned"]

    assert found["days"] == 3
    (rotation,) = found["rotations"]
    assert (rotation["entry"], rotation["exit"]) == ("10", "13")
    assert rotation["line"] == pytest.approx([COSTS + day * math.log(2) for day in range(4)])
    assert found["mean"] == rotation["line"]


def test_what_has_ended_keeps_what_it_ended_with_and_what_is_open_says_so() -> None:
    found = aligned(basket(400), Span(entry=10, exit=11), Span(entry=396, exit=399, open=True))["aligned"]

    short, long = (each["line"] for each in found["rotations"])
    assert [each["exit"] for each in found["rotations"]] == ["11", None]
    # The last day has no open after it, and is marked at its own close.
    assert long == pytest.approx([COSTS + day * math.log(2) for day in (0, 1, 2, 2)])
    assert found["mean"] == pytest.approx(
        [(a + b) / 2 for a, b in zip([*short, short[1], short[1]], long, strict=True)]
    )


@pytest.mark.parametrize(("days", "draws"), [(252, 0), (253, 1), (260, 2), (400, 22)])
def test_a_run_that_is_too_short_to_move_its_rotations_has_no_band(days: int, draws: int) -> None:
    found = aligned(basket(days), Span(entry=10, exit=13))

    assert found["random_entries"]["draws"] == draws == len(range(126, days - 126, 7))
    assert (found["aligned"]["band"] is None) == (draws == 0)


def test_a_rotation_that_begins_on_the_last_day_is_worth_nothing_yet() -> None:
    found = aligned(basket(400), Span(entry=399, exit=399, open=True))["aligned"]

    assert found["days"] == 0
    assert [each["line"] for each in found["rotations"]] == [[0.0]]


def test_weights_by_day_stand_in_for_fixed_ones() -> None:
    asked = []

    def by_day(at: int) -> dict[str, float]:
        asked.append(at)
        return {"SOL": 1.0} if at == 10 else {}

    found = aligned(basket(260, by_day=by_day), Span(entry=10, exit=13))

    assert asked == [10, 136, 143]
    # Where nothing could be bought, nothing was gained.
    assert np.array(found["aligned"]["band"]["q95"]).tolist() == [0.0, 0.0, 0.0, 0.0]
