"""Buy and hold: one purchase."""

from datetime import date

import pytest
from pydantic import ValidationError

from strategies.hold import Hold, HoldParams
from tests.support.fakes import FakeHoldings
from tests.support.markets import coin_bars, history_of

DAY = date(2024, 1, 1)


def test_the_core_is_bought_on_the_first_day_and_kept() -> None:
    hold = Hold(HoldParams(core="ETH", cash_reserve=0.25))

    first = hold.decide(hold.start(), DAY, FakeHoldings())
    second = hold.decide(first.state, DAY, FakeHoldings(held={"ETH": 0.1}))

    assert (first.reason, first.trade, first.targets) == ("start", True, {"ETH": 0.75})
    assert (second.reason, second.trade, second.targets) == ("hold", False, {"ETH": 0.75})
    assert (first.state.name, second.state) == ("CORE", first.state)


def test_it_wants_the_core_alone_and_can_begin_with_its_first_bar() -> None:
    hold = Hold(HoldParams(core="ETH"))

    observed = hold.observe(history_of(coin_bars("ETH", DAY, [1.0, 2.0])))

    assert (hold.universe.assets, hold.universe.basket, hold.universe.indices) == (("ETH",), {"ETH": 1.0}, ())
    assert (observed.first_day, observed.at(DAY)) == (DAY, DAY)


def test_a_reserve_of_everything_is_refused() -> None:
    with pytest.raises(ValidationError):
        HoldParams(cash_reserve=1.0)
