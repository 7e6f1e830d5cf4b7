"""What the court says where the truth is known, over forty markets; `tests.benchmarks.court` asks two hundred."""

import numpy as np
import pytest

from engine.analysis.study import blocks
from engine.analysis.study.court import Court
from engine.analysis.study.record import ALT, RUT
from engine.analysis.study.verdicts import Verdict, judge
from tests.support.planted import (
    BLOCKS,
    CLAIM_BY_ID,
    PLANTED_WEEKS,
    Truth,
    at_random,
    court_of,
    p_of,
    placebo_rank,
    planted,
    with_luck,
    with_placebos,
)

SEEDS = range(40)
MOST_FALSE = 8
"""A sound block rejects so many of forty markets without any relation, or fewer, but for once in thousands."""
LEVEL = 0.05


@pytest.fixture(scope="module")
def unrelated() -> list[Court]:
    return [court_of(planted(seed, Truth())) for seed in SEEDS]


def rejected(courts: list[Court], block: str) -> int:
    found = (BLOCKS[block](court, seed) for seed, court in enumerate(courts))
    return sum(p_of(outcome) <= LEVEL for outcome in found if outcome.judged is not None)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_seldom_finds_what_is_not_there(block: str, unrelated: list[Court]) -> None:
    assert rejected(unrelated, block) <= MOST_FALSE


def test_a_lead_of_four_weeks_is_found_at_its_lag() -> None:
    courts = [court_of(planted(seed, Truth(lead=1.0))) for seed in range(20)]

    found = [BLOCKS["lead"](court, 0) for court in courts]

    assert sum(p_of(outcome) <= LEVEL for outcome in found) >= 19
    assert {outcome.detail["best_lag"] for outcome in found} == {PLANTED_WEEKS}


def test_what_happens_in_the_same_week_is_an_association_and_no_lead() -> None:
    courts = [court_of(planted(seed, Truth(same=1.6))) for seed in range(8)]

    assert rejected(courts, "assoc") == len(courts)
    assert rejected(courts, "partial") == len(courts)
    assert rejected(courts, "lead") <= MOST_FALSE / 4
    assert rejected(courts, "net") <= MOST_FALSE / 4


def test_a_gain_in_new_territory_is_found_by_the_weeks_in_it() -> None:
    courts = [court_of(planted(seed, Truth(at_highs=0.06))) for seed in range(10)]

    assert rejected(courts, "state") >= 7


@pytest.mark.parametrize("seed", range(5))
def test_one_lucky_event_gets_no_verdict(seed: int) -> None:
    claim = CLAIM_BY_ID["002-5b"]
    outcome = claim.run(court_of(with_luck(planted(seed, Truth()))))

    (result,) = judge([(claim, outcome)], alpha=0.1)

    assert outcome.n == 1
    assert outcome.effect is not None
    assert outcome.effect > 0.5
    assert result.verdict is Verdict.TOO_FEW
    assert not result.in_family


def test_a_court_whose_shifts_are_shorter_than_the_memory_of_the_signal_is_caught(
    unrelated: list[Court], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "shifts_of", lambda _steps, _margin: np.arange(1, 7))

    assert rejected(unrelated, "shift") > MOST_FALSE
    assert sum(p_of(c.event(at_random(c, seed), ALT, 126)) <= LEVEL for seed, c in enumerate(unrelated)) > MOST_FALSE


def test_a_court_that_draws_single_weeks_is_caught_where_quarters_overlap(
    unrelated: list[Court], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> int:
        quarters = (court.assoc("quarters", court.week(RUT, 13), court.ahead(ALT, 13)) for court in unrelated)
        return sum(p_of(outcome) <= LEVEL for outcome in quarters)

    monkeypatch.setattr(blocks, "WEEK_BLOCK", 1.0)

    assert found() > MOST_FALSE


def test_the_index_ranks_anywhere_among_placebos_where_all_are_noise() -> None:
    ranks = [placebo_rank(with_placebos(seed, a_day=0.0))[0] for seed in range(12)]

    # The mean of twelve ranks of eight lies within 4.5 +- 2, three of its deviations.
    assert abs(np.mean(ranks) - 4.5) < 2
    assert len(set(ranks)) >= 4


@pytest.mark.parametrize("seed", range(2))
def test_the_index_ranks_first_where_it_drives_the_coins(seed: int) -> None:
    rank, of, rotations = placebo_rank(with_placebos(seed, a_day=0.02))

    assert (rank, of) == (1, 8)
    assert rotations >= 1
