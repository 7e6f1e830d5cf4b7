"""How often an order is tried again, by how the attempt ended and how many ended so before."""

import pytest

from engine.core.retry_policy import MOST, AttemptEnd, verdict_on

TABLE = [
    # ended, earlier attempts that ended so, tried again, why not
    (AttemptEnd.FINAL, 0, False, "left after 1 attempts"),
    (AttemptEnd.EXPIRED, 0, True, ""),
    (AttemptEnd.EXPIRED, 3, True, ""),
    (AttemptEnd.EXPIRED, 4, False, "left after 5 attempts"),
    (AttemptEnd.PROGRESSED, 0, True, ""),
    (AttemptEnd.PROGRESSED, 198, True, ""),
    (AttemptEnd.PROGRESSED, 199, False, "left after 200 attempts that brought a part each"),
    (AttemptEnd.CUT, 998, True, ""),
    (AttemptEnd.CUT, 999, False, "left after 1000 pieces of the most that the market takes"),
    (AttemptEnd.REFUSED, 0, True, ""),
    (AttemptEnd.REFUSED, 98, True, ""),
    (AttemptEnd.REFUSED, 99, False, "left after 100 refusals"),
    (AttemptEnd.UNPLACED, 98, True, ""),
    (AttemptEnd.UNPLACED, 99, False, "left after 100 attempts that were never placed"),
]


@pytest.mark.parametrize(("ended", "before", "tries_again", "reason"), TABLE)
def test_an_order_is_tried_again_until_enough_attempts_ended_so(
    ended: AttemptEnd, before: int, tries_again: bool, reason: str
) -> None:
    verdict = verdict_on(ended, earlier={ended: before})

    assert (verdict.tries_again, verdict.reason) == (tries_again, reason)


@pytest.mark.parametrize("ended", AttemptEnd)
def test_attempts_of_another_kind_do_not_count(ended: AttemptEnd) -> None:
    others = {other: MOST[other] for other in AttemptEnd if other is not ended}

    assert verdict_on(ended, earlier=others) == verdict_on(ended, earlier={})


def test_every_end_has_a_most_so_that_no_answer_repeats_an_order_without_end() -> None:
    assert set(MOST) == set(AttemptEnd)
    assert sum(MOST.values()) < 1500
