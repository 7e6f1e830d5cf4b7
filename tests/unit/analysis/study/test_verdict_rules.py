"""The rules of the verdict as a table: what a test found, and what may be said of it."""

from dataclasses import replace

import pytest

from engine.analysis.study.claim import Claim, Kind
from engine.analysis.study.nulls import Judged, two_sided
from engine.analysis.study.outcome import Outcome
from engine.analysis.study.verdicts import Result, Verdict, judge, rows_of

CLAIM = Claim(id="009-1a", row="009-1", says="a claim", exactly="a test", sign=1, least=10, primary=True)


def outcome(p_up: float, *, n: int = 12, without_best: float | None = 0.1) -> Outcome:
    judged = Judged(p_up=p_up, p_lo=1 - p_up, p=two_sided(p_up, 1 - p_up))
    return Outcome(n=n, effect=0.1, judged=judged, without_best=without_best)


def verdict(claim: Claim, found: Outcome, *, beside: int = 0, easy: int = 0) -> Result:
    """Judge one test beside others: hopeless ones, and truths so plain that they lower the bar of the weaker rate."""
    others = [(replace(CLAIM, id=f"008-{k}a", row=f"008-{k}"), outcome(0.5)) for k in range(beside)]
    others += [(replace(CLAIM, id=f"007-{k}a", row=f"007-{k}"), outcome(1e-9)) for k in range(easy)]
    return judge([(claim, found), *others], alpha=0.1)[0]


@pytest.mark.parametrize(
    ("p_up", "n", "without_best", "expected"),
    [
        (0.001, 12, 0.1, Verdict.SUPPORTED),
        (0.001, 12, None, Verdict.SUPPORTED),
        (0.001, 12, -0.1, Verdict.NOT_SUPPORTED),
        (0.001, 12, float("nan"), Verdict.NOT_SUPPORTED),
        (0.001, 9, 0.1, Verdict.TOO_FEW),
        (0.999, 12, 0.1, Verdict.CONTRADICTED),
        (0.999, 9, 0.1, Verdict.TOO_FEW),
        (0.2, 12, 0.1, Verdict.NOT_SUPPORTED),
        (0.8, 12, 0.1, Verdict.NOT_SUPPORTED),
    ],
)
def test_a_test_alone_in_its_family(p_up: float, n: int, without_best: float | None, expected: Verdict) -> None:
    assert verdict(CLAIM, outcome(p_up, n=n, without_best=without_best)).verdict is expected


def test_what_is_claimed_downwards_is_supported_by_a_low_statistic() -> None:
    falling = replace(CLAIM, sign=-1)

    assert verdict(falling, outcome(0.999, without_best=-0.1)).verdict is Verdict.SUPPORTED
    assert verdict(falling, outcome(0.001, without_best=-0.1)).verdict is Verdict.CONTRADICTED


def test_what_one_event_carries_is_not_supported_and_says_so() -> None:
    found = verdict(CLAIM, outcome(0.001, without_best=-0.1))

    assert found.hinges_on_one
    assert not found.leaning


def test_the_family_is_counted_under_any_dependence() -> None:
    # Alone p = 0.02 passes; with 19 others q = 0.02 * 20, and the sum 1 + 1/2 + .. + 1/20 = 3.5977 comes on top.
    found = verdict(CLAIM, outcome(0.01), beside=19)

    assert found.q == pytest.approx(0.4)
    assert found.q_by == pytest.approx(1.0)
    assert found.verdict is Verdict.NOT_SUPPORTED


def test_easy_truths_make_a_claim_lean_and_do_not_support_it() -> None:
    # Rank 11 of 11: q = p = 0.06; times 1 + 1/2 + .. + 1/11 = 3.0199 it is 0.181.
    found = verdict(CLAIM, outcome(0.03), easy=10)

    assert found.q == pytest.approx(0.06)
    assert found.q_by == pytest.approx(0.06 * 3.0198773449, rel=1e-9)
    assert found.verdict is Verdict.NOT_SUPPORTED
    assert found.leaning


def test_nothing_leans_the_other_way_or_on_one_event() -> None:
    assert not verdict(CLAIM, outcome(0.97), easy=10).leaning
    assert not verdict(CLAIM, outcome(0.03, without_best=-0.1), easy=10).leaning


def test_a_test_without_a_p_gets_no_verdict_whatever_its_n() -> None:
    assert verdict(CLAIM, Outcome(n=50, effect=1.0)).verdict is Verdict.TOO_FEW


def test_one_counterexample_contradicts_a_universal_claim_and_leaves_the_family() -> None:
    universal = replace(CLAIM, kind=Kind.UNIVERSAL, sign=-1)
    found = verdict(universal, replace(outcome(0.5, n=3), counterexample=True))

    assert found.verdict is Verdict.CONTRADICTED
    assert not found.in_family


@pytest.mark.parametrize(
    ("kind", "holds", "expected"),
    [
        (Kind.FACT, True, Verdict.SUPPORTED),
        (Kind.FACT, False, Verdict.CONTRADICTED),
        (Kind.FACT, None, Verdict.OPEN),
        (Kind.FORECAST, True, Verdict.CAME_TRUE),
        (Kind.FORECAST, False, Verdict.DID_NOT),
        (Kind.FORECAST, None, Verdict.OPEN),
    ],
)
def test_a_statement_about_dates_is_no_matter_of_chance(kind: Kind, holds: bool | None, expected: Verdict) -> None:
    found = verdict(replace(CLAIM, kind=kind, least=1), Outcome(n=1, holds=holds))

    assert found.verdict is expected
    assert not found.in_family


def test_what_lacks_its_series_is_untestable_and_outside_the_family() -> None:
    found = verdict(CLAIM, Outcome(n=0, why="no such file: NFCI"))

    assert found.verdict is Verdict.UNTESTABLE
    assert not found.in_family


def test_a_row_has_the_verdict_of_its_primary_test() -> None:
    second = replace(CLAIM, id="009-1b", primary=False)
    results = judge([(CLAIM, outcome(0.001)), (second, outcome(0.5))], alpha=0.1)

    assert rows_of(results) == {"009-1": Verdict.SUPPORTED}
