"""Prices of coins that have no close of a day."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.core.marks import Mark, closes_at, days_of_older
from tests.support.fakes import DAY
from tests.support.markets import coin_bars, history_of

HISTORY = history_of(coin_bars("BTC", DAY, [10.0, 11.0]), coin_bars("ETH", DAY, [2.0]), coin_bars("SOL", DAY, []))
SECOND, LAST = DAY + timedelta(days=1), DAY - timedelta(days=9)


def test_a_coin_is_valued_at_its_last_close_and_without_one_at_its_mark() -> None:
    marks = {"SOL": Mark(price=Decimal(5), day=LAST), "BTC": Mark(price=Decimal(99), day=LAST)}

    closes = closes_at(["BTC", "ETH", "SOL"], SECOND, HISTORY, marks)

    assert closes == {"BTC": Decimal(11), "ETH": Decimal(2), "SOL": Decimal(5)}
    assert days_of_older(["BTC", "ETH", "SOL"], SECOND, HISTORY, marks) == {"ETH": DAY, "SOL": LAST}
    assert days_of_older(["BTC"], SECOND, HISTORY, marks) == {}
    assert days_of_older(["BTC"], SECOND + timedelta(days=99), HISTORY, marks) == {"BTC": SECOND}


def test_a_coin_without_a_close_and_without_a_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="SOL is held or targeted on 2024-01-02 and has no close up to then"):
        closes_at(["SOL"], SECOND, HISTORY, {})
