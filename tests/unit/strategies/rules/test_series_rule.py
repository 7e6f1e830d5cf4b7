"""Any series, transformed and compared: each transform by hand, in observations and in weeks; what does not fit."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.core.calendar import days_between, instants_after, ordinals_of
from engine.core.market import History
from engine.core.series import SeriesKind, ValueSeries
from strategies.rotating.rule_files import confirmation
from tests.support.markets import coin_bars
from tests.support.rule_settings import setting_of

MONDAY, SUNDAY = date(2024, 1, 1), date(2024, 1, 21)
# Two values in the first week, one in the second, two in the third.
DAYS = ("2024-01-02", "2024-01-05", "2024-01-09", "2024-01-16", "2024-01-19")


def asked(*values: float, day: date = SUNDAY, **params: Any) -> Any:
    days = np.array(DAYS[: len(values)], dtype="datetime64[D]")
    series = ValueSeries(
        name="X",
        kind=SeriesKind.DAILY,
        ordinals=ordinals_of(days),
        values=np.array(values, dtype=np.float64),
        known_at=instants_after(days),
    )
    history = History(
        series={"BTC": coin_bars("BTC", MONDAY, [2.0] * len(days_between(MONDAY, SUNDAY)))}, values={"X": series}
    )
    return confirmation({"series": {"of": "X", **params}})(setting_of({})).rule.observe(history).at(day)


@pytest.mark.parametrize(
    ("transform", "window", "unit", "value"),
    [
        ("value", None, "observations", 5),
        ("value", None, "weeks", 5),
        ("change", 2, "observations", 5 - 3),
        ("change", 2, "weeks", 5 - 2),
        ("growth", 2, "observations", round(5 / 3 - 1, 10)),
        ("growth", 2, "weeks", 1.5),
        ("rolling_sum", 3, "observations", 12),
        # All values that became known in the weeks: 3, and 4 and 5.
        ("rolling_sum", 2, "weeks", 12),
        ("rolling_sum", 3, "weeks", 15),
        ("mean_distance", 3, "observations", 0.25),
        # The weeks end with 2, 3, 5.
        ("mean_distance", 3, "weeks", 0.5),
        # 5 is 1 above the mean of 3, 4, 5, whose deviation is 1.
        ("zscore", 3, "observations", 1),
        ("zscore", 2, "weeks", round(1 / 2**0.5, 10)),
        ("percentile", 4, "observations", 1),
    ],
)
def test_a_transform_of_the_last_values(transform: str, window: int | None, unit: str, value: float) -> None:
    found = asked(1, 2, 3, 4, 5, transform=transform, window=window, unit=unit, above=0.0)

    assert (found.value, found.holds, found.threshold) == (value, True, 0)


def test_a_percentile_counts_what_is_at_most_the_last_value() -> None:
    assert asked(4, 1, 2, 3, 2, transform="percentile", window=4, below=0.9).value == 0.75


def test_above_and_below_are_strict_and_the_distance_is_to_the_side_that_is_wanted() -> None:
    def found(side: str, level: float) -> tuple[bool, float]:
        reading = asked(3, **{side: level}, day=date(2024, 1, 2))
        return reading.holds, reading.distance

    assert (found("above", 3), found("below", 3)) == ((False, 0), (False, 0))
    assert (found("above", 2.5), found("below", 2.5)) == ((True, 0.5), (False, -0.5))


def test_a_ratio_is_of_dates_that_both_have() -> None:
    assert asked(1, 2, 3, 4, 5, over="BTC", above=0).value == 2.5


@pytest.mark.parametrize(
    ("values", "params"),
    [
        ((0, 2), {"transform": "growth", "window": 1}),
        ((-1, 1), {"transform": "mean_distance", "window": 2}),
        ((2, 2), {"transform": "zscore", "window": 2}),
        ((2, 2), {"transform": "change", "window": 2}),
        # Nothing became known in the second week.
        ((1, 2), {"transform": "rolling_sum", "window": 3, "unit": "weeks"}),
    ],
)
def test_a_division_by_nothing_and_too_few_values_are_not_known(values: tuple[float, ...], params: Any) -> None:
    found = asked(*values, above=0, **params)

    assert (found.holds, found.value) == (None, None)
    assert found.reason


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "confirmations.series: one of above and below is wanted, and not both"),
        ({"above": 1, "below": 2}, "one of above and below is wanted, and not both"),
        ({"above": 1, "transform": "change"}, "window is missing; transform change wants"),
        ({"above": 1, "window": 3}, "window 3 is not allowed with transform value"),
        ({"above": 1, "transform": "zscore", "window": 1}, "at least 2 values are wanted"),
        ({"above": 1, "transform": "mean"}, "confirmations.series.transform: 'mean' is not allowed"),
        ({"above": 1, "of": None}, "confirmations.series.of: None is not allowed"),
    ],
)
def test_what_does_not_fit_together_is_one_sentence(params: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        confirmation({"series": {"of": "X", **params}})


def test_the_sentence_says_what_is_made_of_what() -> None:
    rule = confirmation({"series": {"of": "DXY", "transform": "change", "window": 13, "unit": "weeks", "below": 0}})(
        setting_of({})
    ).rule
    reading = asked(1, 2, 3, 4, 5, transform="change", window=1, below=0)

    assert (
        rule.sentence(reading) == "change of DXY over 13 weeks is 1.00, where less than 0 is wanted, since 2024-01-05"
    )
