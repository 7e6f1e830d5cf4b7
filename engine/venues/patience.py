"""How long an exchange is asked again before it is believed that something is not there.

An answer may come from a copy that lags behind the matching engine: order, trades and account alike.
"""

from collections.abc import Iterator

FIRST_PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0)
LONGEST_PAUSE_SECONDS = 10.0


def pauses(settle_seconds: float) -> Iterator[float]:
    """Give the pause before each question, in seconds: at most ten, and together at least `settle_seconds`."""
    waited = 0.0
    for pause in FIRST_PAUSES_SECONDS:
        waited += pause
        yield pause
    while waited < settle_seconds:
        waited += LONGEST_PAUSE_SECONDS
        yield LONGEST_PAUSE_SECONDS
