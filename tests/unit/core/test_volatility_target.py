"""Sizing by volatility: worked out by hand on a few closes, and from nothing later than the day."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import stdev

import pytest

from engine.core.market import History
from engine.core.volatility_target import CALENDAR_DAYS, VolatilityTarget
from tests.support.look_ahead import garbled
from tests.support.markets import coin_bars, history_of

FIRST = date(2024, 1, 1)


def closes(moves: Sequence[float], start: float = 100.0) -> list[float]:
    made = [start]
    for move in moves:
        made.append(made[-1] * (1 + move))
    return made


def scale(history: History, targets: dict[str, float], day: date, *, yearly: float = 0.1) -> float:
    target = VolatilityTarget(yearly)
    found = target.scale(targets, history, day)
    assert target.scale(targets, garbled(history, day), day) == found
    assert dict(target.sized(targets, history, day)) == {asset: weight * found for asset, weight in targets.items()}
    return found


MOVES = [0.01, -0.02, 0.03, 0.01]
DAY = FIRST + timedelta(days=4)


def test_targets_are_scaled_by_the_wanted_over_the_yearly_deviation_of_their_returns() -> None:
    history = history_of(coin_bars("BTC", FIRST, closes(MOVES)))

    found = scale(history, {"BTC": 0.995}, DAY)

    assert found == pytest.approx(0.1 / (stdev(MOVES) * sqrt(365)))
    assert scale(history, {"BTC": 0.995}, DAY, yearly=9.0) == 1.0


def test_a_days_return_is_of_the_weights_over_the_coins_with_a_bar_on_it_and_the_day_before() -> None:
    # SOL lacks the third close, so that it has no return of that day nor of the next.
    eth, sol = [0.01, -0.02, 0.03, 0.01], [0.05, 0.02, 0.0, -0.04]
    gap: list[float | None] = [*closes(sol)]
    gap[2] = None
    history = history_of(coin_bars("ETH", FIRST, closes(eth)), coin_bars("SOL", FIRST, gap))

    found = scale(history, {"ETH": 0.3, "SOL": 0.6}, DAY)

    returns = [(0.3 * 0.01 + 0.6 * 0.05) / 0.9, -0.02, 0.03, (0.3 * 0.01 + 0.6 * -0.04) / 0.9]
    assert found == pytest.approx(0.1 / (stdev(returns) * sqrt(365)))


def test_a_day_without_any_such_coin_is_left_out() -> None:
    gap: list[float | None] = [*closes(MOVES)]
    gap[1] = None

    found = scale(history_of(coin_bars("BTC", FIRST, gap)), {"BTC": 0.5}, DAY)

    assert found == pytest.approx(0.1 / (stdev(MOVES[2:]) * sqrt(365)))


def test_sixty_calendar_days_are_looked_at() -> None:
    moves = [0.5, 0.4, *([0.01, -0.01] * 30)]
    history = history_of(coin_bars("BTC", FIRST, closes(moves)))

    found = scale(history, {"BTC": 1.0}, FIRST + timedelta(days=62))

    assert found == pytest.approx(0.1 / (stdev(moves[-CALENDAR_DAYS:]) * sqrt(365)))
    assert scale(history, {"BTC": 1.0}, FIRST + timedelta(days=61)) < found / 2


@pytest.mark.parametrize("moves", [[], [0.3], [0.0, 0.0, 0.0]])
def test_with_fewer_than_two_returns_or_no_deviation_nothing_is_scaled(moves: list[float]) -> None:
    history = history_of(coin_bars("BTC", FIRST, closes(moves)))

    assert scale(history, {"BTC": 0.9}, FIRST + timedelta(days=len(moves))) == 1.0
    assert scale(history, {}, FIRST) == 1.0
    assert scale(history, {"ABSENT": 0.5}, FIRST) == 1.0
