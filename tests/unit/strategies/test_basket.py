"""How the basket is weighed and chosen on a day: by hand, on a few bars."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import log
from statistics import stdev
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.core.market import BarSeries, History
from strategies.rotation import Rotation, RotationParams
from tests.support.look_ahead import garbled
from tests.support.markets import coin_bars, history_of

FIRST = date(2024, 1, 1)
LAST = FIRST + timedelta(days=5)
CALM, WILD, FLAT = [10.0, 11, 10, 11, 10, 11], [10.0, 20, 10, 20, 10, 20], [5.0] * 6


def coin(symbol: str, closes: Sequence[float | None], volumes: Sequence[float] = ()) -> BarSeries:
    bars = coin_bars(symbol, FIRST, closes)
    return replace(bars, volume=np.array(volumes)) if volumes else bars


def weights(history: History, day: date = LAST, **keys: Any) -> dict[str, float]:
    given = {"basket": {"ETH": 0.4}, "basket_equal": ["SOL", "XRP"], "min_history_days": 1, **keys}
    rule = RotationParams.model_validate(given).basket_rule()
    assert rule is not None
    found = rule.weights_on(history, day)
    # What comes later, be it what it may, is none of its business.
    assert rule.weights_on(garbled(history, day), day) == found
    return found


THREE = history_of(coin("ETH", CALM), coin("SOL", WILD), coin("XRP", FLAT))


def test_equal_weights_are_over_what_can_be_traded_that_day_whatever_basket_says() -> None:
    assert weights(THREE, weights="equal") == {"ETH": 1 / 3, "SOL": 1 / 3, "XRP": 1 / 3}
    hole = history_of(coin("ETH", CALM), coin("SOL", [*WILD[:5], None]), coin("XRP", [*[None] * 5, 1.0]))
    assert weights(hole, weights="equal", min_history_days=2) == {"ETH": 1.0}
    assert weights(hole, FIRST - timedelta(days=1), weights="equal") == {}


def test_inverse_volatility_shares_by_the_deviation_of_the_last_log_returns() -> None:
    # The moves are log 1.1 and log 2, up and down: the deviations are in that ratio, the flat one has none.
    calm, wild = 1 / log(1.1), 1 / log(2)

    found = weights(THREE, weights="inverse_volatility")

    assert found == pytest.approx({"ETH": calm / (calm + wild), "SOL": wild / (calm + wild)})


def test_inverse_volatility_takes_so_many_returns_or_all_there_are_but_at_least_two() -> None:
    young = history_of(
        coin("ETH", [1, 2, 1, 1.1, 1, 1.1]), coin("SOL", [*[None] * 3, 1, 2, 1]), coin("XRP", [None] * 4 + [1, 2])
    )
    ours, theirs = 1 / stdev([log(1.1), -log(1.1), log(1.1)]), 1 / stdev([log(2), -log(2)])

    found = weights(young, weights={"inverse_volatility": {"days": 3}})

    assert found == pytest.approx({"ETH": ours / (ours + theirs), "SOL": theirs / (ours + theirs)})


def test_a_steady_growth_has_no_deviation_and_with_nothing_left_there_is_no_basket() -> None:
    assert (
        weights(
            history_of(*(coin(name, [1, 2, 4, 8, 16, 32]) for name in ("ETH", "SOL", "XRP"))),
            weights="inverse_volatility",
        )
        == {}
    )


def test_momentum_takes_the_ones_that_grew_most_with_equal_weights_ties_in_order() -> None:
    coins = history_of(
        coin("ETH", [1, 1, 1, 1, 1, 2]), coin("SOL", [1, 9, 9, 9, 9, 3]), coin("XRP", [7, 1, 1, 1, 1, 2])
    )

    assert weights(coins, weights={"momentum": {"days": 5, "top": 1}}) == {"SOL": 1.0}
    assert weights(coins, weights={"momentum": {"days": 4, "top": 1}}) == {"ETH": 1.0}
    assert weights(coins, weights={"momentum": {"days": 4, "top": 2}}) == {"ETH": 0.5, "XRP": 0.5}
    assert weights(coins, weights={"momentum": {"days": 6}}) == {}


def test_kept_weights_stay_and_the_others_share_what_they_leave() -> None:
    coins = history_of(coin("ETH", FLAT), coin("SOL", [1, 1, 1, 1, 1, 3]), coin("XRP", [1, 1, 1, 1, 1, 2]))
    momentum = {"momentum": {"days": 5, "top": 1, "keep_fixed": True}}

    assert weights(coins, weights=momentum) == pytest.approx({"ETH": 0.4, "SOL": 0.6})
    # Without the one that is kept, or without any that shares, the rest is the whole.
    assert weights(history_of(coin("ETH", [*FLAT[:5], None]), coins["SOL"], coins["XRP"]), weights=momentum) == {
        "SOL": 1.0
    }
    assert weights(coins, FIRST + timedelta(days=4), weights=momentum) == {"ETH": 1.0}


LIQUID = {"candidates": ["A", "B", "C"], "top": 2, "days": 3}


def test_the_most_traded_candidates_are_in_the_basket_an_empty_volume_counting_as_nothing() -> None:
    coins = history_of(
        coin("A", FLAT, [99.0, 99, 99, 1, 1, 1]),
        coin("B", FLAT, [0.0, 0, 0, 2, np.nan, 2]),
        coin("C", [*[None] * 4, 5.0, 5.0], [999.0, 999.0]),
    )

    assert weights(coins, universe={"liquid": LIQUID}) == {"A": 0.5, "B": 0.5}
    # (2 + 0 + 2) / 3 is more than 1; C has too few bars.
    assert weights(coins, universe={"liquid": {**LIQUID, "top": 1}}) == {"B": 1.0}
    # Of two days, C is far ahead, and A and B are level: the first counts.
    assert weights(coins, universe={"liquid": {**LIQUID, "days": 2}}) == {"A": 0.5, "C": 0.5}
    assert weights(coins, universe={"liquid": LIQUID}, weights={"momentum": {"days": 5, "top": 1}}) == {"A": 1.0}


def test_candidates_are_what_is_traded_shown_and_held_as_a_benchmark() -> None:
    rotation = Rotation(RotationParams.model_validate({"universe": {"liquid": LIQUID}}))

    universe = rotation.universe
    assert universe.assets == ("BTC", "A", "B", "C")
    assert universe.basket == pytest.approx({"A": 1 / 3, "B": 1 / 3, "C": 1 / 3})
    assert tuple(rotation.entry.named[0].rule.setting.basket) == ("A", "B", "C")
    assert universe.basket_on is not None
    coins = history_of(*(coin(name, [1.0] * 40, range(1, 41)) for name in "ABC"))
    assert universe.basket_on(coins, FIRST + timedelta(days=39)) == {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"weights": "equel"}, r"strategy\.weights 'equel' is not allowed; found: fixed, equal, inverse_vol"),
        ({"weights": 3}, r"strategy\.weights: 3 is not allowed; a name, or"),
        ({"weights": {"momentum": {"tops": 3}}}, r"strategy\.weights\.momentum\.tops: unknown key; did you mean top"),
        ({"weights": {"momentum": {"top": 0}}}, r"strategy\.weights\.momentum\.top: 0 is not allowed"),
        ({"weights": {"equal": {"keep_fixed": True}}}, r"strategy\.weights\.equal\.keep_fixed: unknown key"),
        ({"universe": "liqid"}, r"strategy\.universe 'liqid' is not allowed; found: listed, liquid"),
        ({"universe": "liquid"}, r"strategy\.universe\.liquid\.candidates: is missing; a value is wanted"),
        ({"universe": {"liquid": {"candidates": []}}}, r"universe\.liquid\.candidates: \[\] is not allowed"),
        ({"universe": {"liquid": {"candidates": ["A", "A"]}}}, r"candidates: A is given twice"),
        ({"universe": {"liquid": {"candidates": ["RUT"]}}}, r"strategy\.index: RUT is also an asset to trade"),
        (
            {"universe": {"liquid": LIQUID}, "weights": {"momentum": {"keep_fixed": True}}},
            r"strategy\.weights: keep_fixed true is not allowed with strategy\.universe liquid.*; false is wanted",
        ),
        ({"weights": "equal", "basket": {}, "basket_equal": []}, r"strategy\.basket: names no asset"),
        ({"weights": "equal", "basket": {"ETH": 1.0}, "basket_equal": ["ETH"]}, r"ETH is given twice"),
        ({"weights": {"momentum": {"keep_fixed": True}}, "basket": {"ETH": 0.5}, "basket_equal": []}, r"1 is wanted"),
    ],
)
def test_what_is_not_allowed_is_one_sentence_with_the_key(keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        RotationParams.model_validate(keys)


def test_weights_of_basket_do_not_count_where_others_are_worked_out() -> None:
    params = RotationParams.model_validate({"weights": "equal", "basket": {"ETH": 1.0}, "basket_equal": ["SOL"]})

    assert params.basket_weights() == {"ETH": 0.5, "SOL": 0.5}
    assert RotationParams.model_validate({"weights": {"fixed": None}, "universe": {"listed": {}}}).basket_rule() is None
