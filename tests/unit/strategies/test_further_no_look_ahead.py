"""Nor does anything that is off by default know the future: proved day by day."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from engine.core.volatility_target import VolatilityTarget
from engine.settings.registry import params_of, strategy_factory
from tests.support.look_ahead import require_no_look_ahead
from tests.support.markets import faulty_market, with_series

# What runs here is measured by other tests too; measuring takes as long again as the tests.
pytestmark = pytest.mark.no_cover

QUICK: Mapping[str, Any] = {
    "basket": {"ETH": 0.4},
    "basket_equal": ["SOL", "BNB", "XRP"],
    "macd": {"fast": 3, "slow": 8, "signal": 3, "warmup_weeks": 20, "valid_weeks": 6},
    "breakout": {"lookback_years": 2, "min_age_weeks": 4, "confirm_sessions": 2, "loss_sessions": 2},
    "hold_weeks": 6,
}
FURTHER: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "exits": (
        {
            "exits": [
                {"trailing_support": {"weeks": 4, "sessions": 2}},
                "macd_death_cross",
                {"basket_stop": {"limit": 0.03}},
                {"basket_drawdown": {"limit": 0.08}},
                {"confirmation_lost": {"of": {"any": ["blue_sky", {"altseason": {"days": 9}}]}, "days": 4}},
                "time_exit",
            ]
        },
        {"trailing_support", "basket_stop", "basket_drawdown", "confirmation_lost"},
    ),
    "baskets": (
        {
            "universe": {"liquid": {"candidates": ["XRP", "SOL", "ETH", "BNB"], "top": 2, "days": 20}},
            "weights": {"inverse_volatility": {"days": 9}},
            "reentry": "breakout_again",
            "tranches": {"entry": 3, "exit": 2},
        },
        {"support_lost"},
    ),
}


@pytest.mark.parametrize("name", FURTHER)
def test_no_decision_depends_on_what_comes_after_its_day(name: str) -> None:
    further, reasons = FURTHER[name]
    strategy = strategy_factory("rotation")(params_of("rotation").model_validate({**QUICK, **further}))
    market = with_series(faulty_market(3, years=3), strategy.universe.further_series)

    sizing = VolatilityTarget(0.4)
    decided = require_no_look_ahead(strategy, market, days_back=0, cut_too=False, days_apart=3, sizing=sizing)

    found = Counter(day.reason for day in decided)
    assert found["entry"] >= 3
    assert reasons <= set(found), found
