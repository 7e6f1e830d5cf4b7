"""How every report writes a figure."""

import pytest

from engine.report.figures import few_days_words, signed_percent, turnover_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0123, "+1.2%"),
        (-0.0123, "-1.2%"),
        (-0.00001, "+0.0%"),
        (14.5, "+1,450.0%"),
        (None, "–"),
        (-727.614, "-72,761%"),
        (57_900.72, "+5.79e6%"),
        (3.2e9, "+3.20e11%"),
    ],
)
def test_percent_carry_their_sign_and_nothing_has_none_that_is_minus(value: float | None, words: str) -> None:
    assert signed_percent(value) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (180, ""),
        (58, "58 decision days are too few for CAGR, Calmar (180 are needed)"),
        (
            1,
            "1 decision day is too few for volatility, Sharpe, Sortino (30 are needed) "
            "and CAGR, Calmar (180 are needed)",
        ),
    ],
)
def test_why_a_figure_is_left_out_is_said(days: int, words: str) -> None:
    assert few_days_words(days) == words


def test_turnover_of_a_few_days_is_not_told_as_a_years() -> None:
    # 14.6 a year is 2 in 50 days.
    assert turnover_words(14.6, decision_days=51, elapsed=50) == "2.00 in 50 days"
    assert turnover_words(14.6, decision_days=180, elapsed=179) == "14.60 a year"
    assert turnover_words(None, decision_days=1, elapsed=0) == "–"
