"""Who is in the basket on a day and with which weight, where the configuration does not list it: point in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum
from typing import TypeAlias

import numpy as np
from pydantic import Field, StrictBool, StrictInt

from engine.core.market import BarSeries, Floats, History
from engine.core.rule import RuleParams
from engine.core.strategy import MarketName
from strategies.rotating.rule_files import LONGEST_SHOWN, chosen_params, name_and_values

Bars: TypeAlias = Mapping[str, BarSeries]
"""By asset, each up to a day."""
WEIGHTS, UNIVERSE = "strategy.weights", "strategy.universe"
LEAST_RETURNS = 2
WEIGHT_TOLERANCE = 1e-9
"""Weights typed as decimals add up to 1 within this."""


class Equal(RuleParams):
    """The same weight for all."""

    def shares(self, bars: Bars) -> dict[str, float]:
        """Give each asset its share."""
        return dict.fromkeys(bars, 1.0)


class InverseVolatility(RuleParams):
    """The less, the more an asset moves."""

    days: StrictInt = Field(90, ge=LEAST_RETURNS, le=3650, description="Daily log returns that are looked at.")
    keep_fixed: StrictBool = Field(default=False, description="Keep the weights of basket, share only what it leaves.")

    def shares(self, bars: Bars) -> dict[str, float]:
        """Give each asset 1 / the sample deviation of its returns; none without two returns, or without a deviation."""
        deviations = {asset: _deviation(_log_returns(each.close[-self.days - 1 :])) for asset, each in bars.items()}
        return {asset: 1 / deviation for asset, deviation in deviations.items() if deviation > 0}


class Momentum(RuleParams):
    """The ones that have grown most, with the same weight each."""

    days: StrictInt = Field(90, ge=1, le=3650, description="Bars back to the close that the last one is compared with.")
    top: StrictInt = Field(3, ge=1, description="So many of them.")
    keep_fixed: StrictBool = Field(default=False, description="Keep the weights of basket, share only what it leaves.")

    def shares(self, bars: Bars) -> dict[str, float]:
        """Give each of the best its share; an asset without so old a bar is none."""
        growth = {
            asset: float(each.close[-1] / each.close[-1 - self.days])
            for asset, each in bars.items()
            if len(each) > self.days
        }
        return dict.fromkeys(_highest(growth, self.top), 1.0)


class Liquid(RuleParams):
    """The candidates that are traded most."""

    candidates: tuple[MarketName, ...] = Field(min_length=1, description="Those that may be in the basket.")
    top: StrictInt = Field(8, ge=1, description="So many of them.")
    days: StrictInt = Field(90, ge=1, le=3650, description="Bars over which close times volume is averaged.")

    def chosen(self, bars: Bars) -> list[str]:
        """Give those with the highest mean of close times volume, in order; an empty volume counts as nothing."""
        turnover = {
            asset: float(np.mean((each.close * np.nan_to_num(each.volume))[-self.days :]))
            for asset, each in bars.items()
            if len(each) >= self.days
        }
        return _highest(turnover, self.top)


Weighing: TypeAlias = Equal | InverseVolatility | Momentum
WEIGHINGS: Mapping[str, type[Weighing]] = {
    "equal": Equal,
    "inverse_volatility": InverseVolatility,
    "momentum": Momentum,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketRule:
    """How the basket is made.

    Attributes:
        assets: those that may be in it, in trading order.
        kept: fixed weights, which share with nobody.
        liquid: chooses among the assets; None for all of them.
    """

    assets: tuple[str, ...]
    weighing: Weighing
    kept: Mapping[str, float]
    liquid: Liquid | None
    min_history_days: int

    def weights_on(self, history: History, day: date) -> dict[str, float]:
        """Give the weight of each asset on a day, adding up to 1, in trading order; empty where none has one."""
        bars = {asset: known for asset in self.assets if (known := self._tradable(history, asset, day)) is not None}
        chosen = bars if self.liquid is None else {asset: bars[asset] for asset in self.liquid.chosen(bars)}
        weights = {asset: weight for asset, weight in self.kept.items() if asset in chosen}
        shared = self.weighing.shares({asset: each for asset, each in chosen.items() if asset not in self.kept})
        rest, total = 1 - fsum(self.kept.values()), fsum(shared.values())
        if rest > WEIGHT_TOLERANCE:
            weights |= {asset: rest * share / total for asset, share in shared.items()}
        whole = fsum(weights.values())
        return {asset: weights[asset] / whole for asset in self.assets if asset in weights}

    def _tradable(self, history: History, asset: str, day: date) -> BarSeries | None:
        """Give the bars up to a day of an asset that is tradable on it."""
        position = history[asset].position_on(day)
        if position is None or position + 1 < self.min_history_days:
            return None
        return history[asset].take(position + 1)


def weighing_of(choice: object) -> Weighing | None:
    """Check how the basket is weighed as the configuration has it; None for fixed weights.

    Raises:
        ValueError: it is not allowed; one sentence that names the key.
    """
    name, values = name_and_values(choice, WEIGHTS)
    if name == "fixed" and not values:
        return None
    if name not in WEIGHINGS:
        raise ValueError(f"{WEIGHTS} {name[:LONGEST_SHOWN]!r} is not allowed; found: fixed, {', '.join(WEIGHINGS)}")
    return chosen_params(values, WEIGHINGS[name], f"{WEIGHTS}.{name}")


def liquid_of(choice: object) -> Liquid | None:
    """Check who may be in the basket as the configuration has it; None for those that it lists.

    Raises:
        ValueError: likewise.
    """
    name, values = name_and_values(choice, UNIVERSE)
    if name == "listed" and not values:
        return None
    if name != "liquid":
        raise ValueError(f"{UNIVERSE} {name[:LONGEST_SHOWN]!r} is not allowed; found: listed, liquid")
    liquid = chosen_params(values, Liquid, f"{UNIVERSE}.liquid")
    twice = [asset for asset in liquid.candidates if liquid.candidates.count(asset) > 1]
    if twice:
        raise ValueError(f"{UNIVERSE}.liquid.candidates: {twice[0]} is given twice; each asset may stand there once")
    return liquid


def basket_rule(
    *, weights: object, universe: object, fixed: Mapping[str, float], equal: Sequence[str], min_history_days: int
) -> BasketRule | None:
    """Check and build how the basket is made; None where that is by fixed weights of what is listed.

    Args:
        weights, universe, min_history_days: as the configuration has them; fixed: its basket, equal: its basket_equal.

    Raises:
        ValueError: they are not allowed; one sentence that names the key.
    """
    weighing, liquid = weighing_of(weights), liquid_of(universe)
    keeps = weighing is not None and getattr(weighing, "keep_fixed", False)
    if weighing is None and liquid is None:
        return None
    if keeps and liquid is not None:
        raise ValueError(
            f"{WEIGHTS}: keep_fixed true is not allowed with {UNIVERSE} liquid, which does not use basket; "
            "false is wanted"
        )
    kept = dict(fixed) if keeps else {}
    # With nothing left to share, basket_equal is idle.
    sharing = () if keeps and fsum(kept.values()) > 1 - WEIGHT_TOLERANCE else equal
    return BasketRule(
        assets=tuple(dict.fromkeys((*fixed, *sharing))) if liquid is None else liquid.candidates,
        weighing=weighing or Equal(),
        kept=kept,
        liquid=liquid,
        min_history_days=min_history_days,
    )


def _highest(values: Mapping[str, float], count: int) -> list[str]:
    """Give the keys of the highest values in their own order; of equal ones the first."""
    ranked = sorted(values, key=lambda asset: -values[asset])[:count]
    return [asset for asset in values if asset in ranked]


def _log_returns(closes: Floats) -> Floats:
    returns: Floats = np.log(closes[1:] / closes[:-1])
    return returns


def _deviation(returns: Floats) -> float:
    # Sums of equal numbers may be off by a bit, which would make a deviation of nothing.
    if len(returns) < LEAST_RETURNS or bool((returns == returns[0]).all()):
        return 0.0
    return float(np.std(returns, ddof=1))
