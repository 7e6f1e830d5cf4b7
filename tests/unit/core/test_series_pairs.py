"""Two series cut to their common dates."""

import numpy as np

from engine.core.series import SeriesKind, ValueSeries
from engine.core.series_pairs import on_common_dates


def series(name: str, known: dict[int, str]) -> ValueSeries:
    return ValueSeries(
        name=name,
        kind=SeriesKind.DAILY,
        ordinals=np.array(list(known)),
        values=np.array(list(known), dtype=np.float64) * 10,
        known_at=np.array(list(known.values()), dtype="datetime64[s]"),
    )


def test_dates_that_one_lacks_are_left_out_and_a_value_is_known_when_both_are() -> None:
    first, second = on_common_dates(
        series("A", {1: "2024-01-01", 2: "2024-01-02", 4: "2024-01-04"}),
        series("B", {2: "2024-01-03", 3: "2024-01-03", 4: "2024-01-03"}),
    )

    assert (first.values.tolist(), second.values.tolist()) == ([20, 40], [20, 40])
    assert first.name == second.name == "A/B"
    assert [str(at)[:10] for at in first.known_at] == ["2024-01-03", "2024-01-04"]
    assert first.known_at.tolist() == second.known_at.tolist()
