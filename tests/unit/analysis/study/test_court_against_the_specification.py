"""Every test of the registry on a made-up record, against the same written from the specification in plain loops."""

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.study.claims import CLAIMS
from engine.analysis.study.court import Court
from engine.analysis.study.record import ALT_COINS, Record
from engine.core.market import History
from tests.support.markets import faulty_market
from tests.support.series_market import with_faulty_series
from tests.support.slow_claims import TESTS
from tests.support.slow_study import Found, World
from tests.support.study_worlds import record_of, world_of

DRAWS = 12
OF_SECTION_7 = {"003-14a", "004-13a"}
EXACT = 1e-9
CLAIM_BY_ID = {claim.id: claim for claim in CLAIMS}
IN_THE_MAJORITY = 0.7


def market(seed: int) -> History:
    """Give six years of all that the claims look at; liquidity stays positive, and rates move in quarters."""
    history = with_faulty_series(faulty_market(seed, years=6, coins=ALT_COINS), seed)
    assets, rate = history.values["WALCL"], history.values["DFF"]
    changed = {
        "WALCL": replace(assets, values=assets.values + 2e7),
        "DFF": replace(rate, values=np.round(rate.values / 4) / 4),
    }
    return replace(history, values={**history.values, **changed})


@pytest.fixture(scope="module")
def record() -> Record:
    return record_of(market(2))


@pytest.fixture(scope="module")
def court(record: Record) -> Court:
    return Court(record=record, draws=DRAWS)


@pytest.fixture(scope="module")
def world(record: Record) -> World:
    return world_of(record)


@pytest.fixture(scope="module")
def slow(world: World) -> dict[str, Found]:
    return {test: run(world, DRAWS) for test, run in TESTS.items()}


def test_every_claim_but_those_of_section_7_is_worked_out_twice() -> None:
    of_days = {claim.id for claim in CLAIMS if claim.kind in ("test", "universal")}
    assert set(TESTS) == of_days - OF_SECTION_7


@pytest.mark.parametrize("test", TESTS)
def test_a_claim_is_tested_as_the_specification_says(test: str, court: Court, slow: dict[str, Found]) -> None:
    expected = slow[test]

    found = CLAIM_BY_ID[test].run(court)

    judged = found.judged
    ours = {
        "n": found.n,
        "effect": found.effect,
        "p": judged and judged.p,
        "p_up": judged and judged.p_up,
        "p_lo": judged and judged.p_lo,
    }
    assert [key for key, figure in ours.items() if figure is None] == [key for key in ours if expected.get(key) is None]
    figures = {key: figure for key, figure in ours.items() if figure is not None}
    assert figures == pytest.approx({key: expected[key] for key in figures}, rel=EXACT, abs=EXACT)
    interval = expected.get("interval")
    assert found.interval == (interval if interval is None else pytest.approx(interval, rel=EXACT, abs=EXACT))
    if expected.get("nu") is not None and judged is not None:
        assert judged.freedom == expected["nu"]
        assert judged.mde == pytest.approx(expected["mde"], rel=EXACT)
    if "events" in expected:
        assert found.events == tuple(expected["events"])
    if "without_best" in expected:
        left = None if found.without_best is None or math.isnan(found.without_best) else found.without_best
        assert left == (expected["without_best"] and pytest.approx(expected["without_best"], rel=EXACT))


def test_most_claims_have_something_to_say_on_that_record(slow: dict[str, Found]) -> None:
    # A comparison of nothing with nothing would hold too.
    said = [test for test, found in slow.items() if found["n"] and found.get("p_up") is not None]
    assert len(said) > IN_THE_MAJORITY * len(TESTS)
