"""The digest names the content of a series."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.data.digest import bars_sha256
from tests.support.bars import bars_of

BARS = bars_of("BTC", date(2024, 1, 1), [1.0, 2.0])


@pytest.mark.parametrize("name", ["days", "open", "high", "low", "close", "volume"])
def test_every_column_enters_the_digest(name: str) -> None:
    changed = getattr(BARS, name).copy()
    changed[1] += np.timedelta64(1, "D") if name == "days" else 1

    assert bars_sha256(replace(BARS, **{name: changed})) != bars_sha256(BARS)


def test_the_name_of_the_series_does_not_enter() -> None:
    assert bars_sha256(replace(BARS, symbol="XBT")) == bars_sha256(BARS)


def test_a_missing_volume_counts_the_same_in_whatever_bits_it_is_written() -> None:
    plain, negative = np.array([np.nan, 1.0]), np.array([-np.nan, 1.0])
    assert plain.tobytes() != negative.tobytes()

    assert bars_sha256(replace(BARS, volume=plain)) == bars_sha256(replace(BARS, volume=negative))
