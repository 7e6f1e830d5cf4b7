"""Section 7 on a made-up market, against the same written from the specification in plain loops."""

from typing import Any

import pytest

from engine.analysis.study.evidence import Tried, evidence_of
from engine.analysis.study.record import ALT_COINS, BTC, RUT, Record
from engine.analysis.study.rotations import RULES, placebo_steps, rotations
from engine.core.market import History
from strategies.rotation import RotationParams
from tests.support.markets import faulty_market
from tests.support.series_market import with_faulty_series
from tests.support.slow_rotations import Trial, evidence
from tests.support.study_worlds import opens_of, record_of, world_of

COSTS = 0.0015
SHIFTS = 12
WARM_UP = 900
"""After so many days of the made-up market both signals have their history."""


@pytest.fixture(scope="module")
def record() -> Record:
    history: History = with_faulty_series(faulty_market(5, years=6, coins=ALT_COINS), 5)
    return record_of(history)


@pytest.fixture(scope="module")
def tried(record: Record) -> Tried:
    days = record.bars[BTC].ordinals
    days = days[(days > days[0] + WARM_UP) & (days <= record.bars[RUT].ordinals[-1])]
    return Tried(record=record, params=RotationParams(name="rotation"), costs=COSTS, days=days)


@pytest.fixture(scope="module")
def ours(tried: Tried) -> dict[str, Any]:
    return evidence_of(tried)


@pytest.fixture(scope="module")
def slow(record: Record, tried: Tried) -> dict[str, Any]:
    return evidence(Trial(world=world_of(record), opens=opens_of(record), days=tried.days.tolist()), shifts=SHIFTS)


def same(found: Any, expected: Any) -> None:
    """Check plain values against expected ones, of which there may be fewer."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            same(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for mine, theirs in zip(found, expected, strict=True):
            same(mine, theirs)
    else:
        assert found == (pytest.approx(expected, abs=1e-9) if isinstance(expected, float) else expected)


@pytest.mark.parametrize("part", ["ablation", "aligned", "random_entries", "delay", "placebo"])
def test_rotations_are_worth_what_the_specification_says(part: str, ours: dict[str, Any], slow: dict[str, Any]) -> None:
    same(ours[part], slow[part])


def test_the_band_is_that_of_the_means_of_the_moved_rotations(ours: dict[str, Any], slow: dict[str, Any]) -> None:
    band, n = ours["aligned"]["band"], ours["ablation"]["both"]["n"]

    for edge in ("q05", "q95"):
        assert [band[edge][day] for day in slow["band"]["looked_at"]] == pytest.approx(slow["band"][edge], abs=1e-9)
        # An ended rotation keeps what it ended with: the band ends where the totals of random entries lie.
        assert band[edge][-1] * n == pytest.approx(ours["random_entries"][edge], abs=1e-9)


def test_the_russells_own_moved_states_are_worth_what_the_specification_says(
    tried: Tried, slow: dict[str, Any]
) -> None:
    basket = tried.basket()
    signals = tried.signals(basket)

    totals = [
        basket.total(rotations(signals.with_driver(signals.driver.moved(steps)), RULES["both"]))
        for steps in placebo_steps(len(tried.days))[:SHIFTS]
    ]

    assert any(totals)
    assert totals == pytest.approx(slow["shifted"], abs=1e-9)


def test_something_rotates_by_each_rule(ours: dict[str, Any]) -> None:
    assert all(found["n"] >= 1 for found in ours["ablation"].values())


def test_the_order_of_placebos_is_that_of_their_totals(ours: dict[str, Any]) -> None:
    totals = {name: found["total_excess"] for name, found in ours["placebo"].items()}
    order = ours["placebo_rank"]["order"]
    assert [totals[name] for name in order] == sorted(totals.values(), reverse=True)
    assert order[ours["placebo_rank"]["rank"] - 1] == RUT
    assert ours["placebo_rank"]["of"] == len(totals)
