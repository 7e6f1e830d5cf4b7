"""The report's own figures: drawdowns, and how numbers are written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.performance import max_drawdown_of
from engine.report.html import formats
from engine.report.html.columns import drawdowns

CURVES = st.lists(st.floats(min_value=0.01, max_value=1e9), min_size=1, max_size=900)


@given(CURVES)
def test_the_deepest_drawdown_is_that_of_the_summary(curve: list[float]) -> None:
    falls = drawdowns(curve)

    assert len(falls) == len(curve)
    assert all(fall <= 0 for fall in falls)
    assert min(falls) == pytest.approx(max_drawdown_of(np.array(curve)), abs=0.00005)


def test_a_drawdown_of_no_equity_is_none_and_a_gap_is_passed_over() -> None:
    assert drawdowns([]) == []
    assert drawdowns([None, 100.0, None, 50.0]) == [None, 0, None, -0.5]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (formats.percent(14.3966), "1,439.7%"),
        (formats.percent(-0.836), "−83.6%"),
        (formats.percent(0.074, signed=True), "+7.4%"),
        (formats.percent(None), "–"),
        (formats.ratio(0.8399), "0.84"),
        (formats.ratio(None), "–"),
        (formats.amount(1539650.886), "1,539,650.89"),
        (formats.amount(1539650.886, decimals=0), "1,539,651"),
        (formats.number(905977.0), "905,977"),
        (formats.number(13388.85108), "13,388.85"),
        (formats.number(7.42533), "7.42533"),
        (formats.number(0.00502833291), "0.00502833"),
        (formats.basis_points(0.0005), "+5.0"),
        (formats.basis_points(None), "–"),
    ],
)
def test_numbers_are_written_for_people(written: str, wanted: str) -> None:
    assert written == wanted
