"""How long one question is asked again at the most."""

import pytest

from engine.venues.binance.questions import patience_seconds


@pytest.mark.parametrize(
    ("retries", "timeout", "expected"),
    [
        (0, 10, 10),
        # 0.5 + 1 + 2 seconds between four tries of three seconds.
        (3, 3, 15.5),
        # 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30 between nine tries of ten.
        (8, 10, 181.5),
    ],
)
def test_waits_double_up_to_half_a_minute_and_every_try_may_take_its_time(
    retries: int, timeout: float, expected: float
) -> None:
    assert patience_seconds(max_retries=retries, timeout_seconds=timeout) == expected
