"""Nulls on samples that are small enough to be worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.study.distributions import rate_interval
from engine.analysis.study.nulls import (
    by_count,
    by_shifts,
    circular_sums,
    drawn,
    generator,
    parts_of,
    shifts_of,
)
from tests.support.slow_study import drawn_rows


def test_shifts_keep_the_margin_on_both_sides() -> None:
    assert shifts_of(10, 3).tolist() == [3, 4, 5, 6, 7]
    assert shifts_of(5, 3).tolist() == []


def test_a_statistic_is_measured_in_deviations_of_the_shifted_ones() -> None:
    # Mean 2, population deviation sqrt(2 / 3); nu = 20 // 5 - 1 = 3.
    judged = by_shifts(2 + 2 * math.sqrt(2 / 3), np.array([1.0, 2.0, 3.0]), steps=20, width=5)

    assert judged is not None
    # Student's t with 3 degrees: P(t > 2) = 1/2 - (1/pi) (atan(2 / sqrt 3) + (2 / sqrt 3) / (1 + 4 / 3)).
    tail = 0.5 - (math.atan(2 / math.sqrt(3)) + (2 / math.sqrt(3)) / (1 + 4 / 3)) / math.pi
    assert judged.freedom == 3
    assert judged.p_up == pytest.approx(tail)
    assert judged.p_lo == pytest.approx(1 - tail)
    assert judged.p == pytest.approx(2 * tail)
    # t(0.975, 3) = 3.182446, t(0.8, 3) = 0.978472: tables.
    reach = 3.182446 * math.sqrt(2 / 3)
    centre = 2 * math.sqrt(2 / 3)
    assert judged.interval == pytest.approx((centre - reach, centre + reach), abs=1e-5)
    assert judged.mde == pytest.approx((3.182446 + 0.978472) * math.sqrt(2 / 3), abs=1e-5)
    assert judged.p_rank == pytest.approx(2 * 1 / 4)


def test_shifts_that_all_say_the_same_say_nothing() -> None:
    assert by_shifts(1.0, np.full(9, 1.0), steps=30, width=3) is None
    assert by_shifts(1.0, np.array([2.0]), steps=30, width=3) is None


def test_ties_count_against_the_claim() -> None:
    judged = by_count(1.0, np.array([0.0, 1.0, 1.0 + 1e-13, 2.0]))

    assert judged.p_up == 4 / 5
    assert judged.p_lo == 4 / 5
    assert judged.p == 1.0


def test_draws_come_in_parts_of_a_thousand() -> None:
    assert list(parts_of(2500)) == [1000, 1000, 500]
    assert list(parts_of(999)) == [999]


@given(seed=st.integers(0, 999), n=st.integers(1, 60), block=st.sampled_from([1.0, 2.0, 13.0, 26.0]))
def test_blocks_are_drawn_as_the_written_algorithm_draws_them(seed: int, n: int, block: float) -> None:
    ours = drawn(np.random.default_rng(seed), 5, n, block)
    assert ours.tolist() == drawn_rows(np.random.default_rng(seed), 5, n, block)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=30))
def test_circular_sums_are_those_of_a_loop(pairs: list[tuple[float, float]]) -> None:
    x, y = (list(side) for side in zip(*pairs, strict=True))
    n = len(x)
    expected = [math.fsum(x[t] * y[(t + s) % n] for t in range(n)) for s in range(n)]
    assert circular_sums(np.array(x), np.array(y)) == pytest.approx(expected, abs=1e-9)


def test_each_test_has_its_own_chance_and_always_the_same() -> None:
    first = generator("001-8a").integers(0, 1 << 30, 4).tolist()

    assert generator("001-8a").integers(0, 1 << 30, 4).tolist() == first
    assert generator("004-5a").integers(0, 1 << 30, 4).tolist() != first


@pytest.mark.parametrize(("hits", "low", "high"), [(0, 0.0, 0.3085), (5, 0.1871, 0.8129), (10, 0.6915, 1.0)])
def test_the_interval_of_a_rate_is_clopper_and_pearsons(hits: int, low: float, high: float) -> None:
    # Of ten trials; the tables of 1934.
    assert rate_interval(hits, 10) == pytest.approx((low, high), abs=5e-5)
