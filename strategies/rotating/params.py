"""The parameters of the rotation, as in the configuration."""

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, model_validator

from engine.core.strategy import DelistingRule, MarketName, StrategyParams
from strategies.rotating.rule_files import Choice, ConfirmationChoice, ExitChoice, confirmation, exits
from strategies.signals.breakout import BreakoutParams
from strategies.signals.macd import MacdParams

if TYPE_CHECKING:
    from strategies.rotating.basket import BasketRule

WEIGHT_TOLERANCE = 1e-9
"""Weights typed as decimals add up to 1 within this."""


class Tranches(BaseModel):
    """In how many parts, a week apart, a change of targets is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry: StrictInt = Field(1, ge=1, le=520, description="Parts of an entry.")
    exit: StrictInt = Field(1, ge=1, le=520, description="Parts of an exit.")


class RotationParams(StrategyParams):
    """Parameters of the rotation, as in the configuration."""

    late_keys: ClassVar[tuple[str, ...]] = (
        "exits",
        "reentry",
        "tranches",
        "weights",
        "universe",
        "delisted_after_days",
        "delisting_penalty",
    )

    name: str = "rotation"
    core: MarketName = Field("BTC", description="The asset held outside rotations.")
    index: MarketName = Field("RUT", description="The index whose breakout is awaited.")
    basket: dict[MarketName, StrictFloat] = Field(default_factory=lambda: {"ETH": 0.5}, description="Fixed weights.")
    basket_equal: tuple[MarketName, ...] = Field(
        ("SOL", "BNB", "XRP", "ADA", "AVAX", "LINK", "DOGE"),
        description="These share equally what the basket leaves of 1.",
    )
    min_history_days: StrictInt = Field(30, ge=1, description="Daily bars after which an asset is tradable.")
    breakout: BreakoutParams = BreakoutParams()
    macd: MacdParams = MacdParams()
    hold_weeks: StrictInt = Field(18, ge=1, le=5200, description="Weeks after which a rotation ends.")
    exit_to: Literal["core", "cash"] = Field("core", description="Where a rotation ends.")
    cash_reserve: StrictFloat = Field(0.005, ge=0, lt=1, description="Fraction of equity never invested.")
    rebalance_drift: StrictFloat | None = Field(
        None, gt=0, lt=1, description="Trade back to the targets when a weight is further off; null: never."
    )
    confirmations: tuple[ConfirmationChoice, ...] = Field((), description="Further conditions that must hold at entry.")
    exits: tuple[ExitChoice, ...] = Field(("support_lost", "time_exit"), description="What ends a rotation, by rank.")
    reentry: Literal["new_cross", "breakout_again"] = Field(
        "new_cross",
        description="new_cross: a rotation needs a golden cross after the end of the last one. breakout_again: where "
        "support was lost, a breakout that was confirmed since does as well.",
    )

    tranches: Tranches = Tranches()
    weights: Choice = Field(
        "fixed",
        description="fixed, equal, {inverse_volatility: {days, keep_fixed}} or {momentum: {days, top, keep_fixed}}: "
        "how the basket is weighed on the entry day.",
    )
    universe: Choice = Field(
        "listed",
        description="listed: the basket is of basket and basket_equal. {liquid: {candidates, top, days}}: of those of "
        "the candidates that are traded most on the entry day.",
    )

    delisted_after_days: StrictInt | None = Field(
        None,
        ge=1,
        le=36500,
        description="Days without a bar after which a backtest takes a held asset as delisted and sells it in the "
        "books; null: never.",
    )
    delisting_penalty: StrictFloat = Field(
        0.5, ge=0, lt=1, description="Fraction of its last close that a delisted asset loses."
    )

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        for asset, weight in self.basket.items():
            if not 0 < weight <= 1:
                raise ValueError(
                    f"strategy.basket.{asset} {weight} is not allowed; a weight above 0 and up to 1 is wanted"
                )
        rule = self.basket_rule()
        if rule is None or rule.kept:
            self._fixed_weights_fit()
        elif rule.liquid is None:
            self._listed_once([*self.basket, *self.basket_equal])
        if self.index in {self.core, *self.basket_weights()}:
            raise ValueError(f"strategy.index: {self.index} is also an asset to trade; the index is only looked at")
        for choice in self.confirmations:
            confirmation(choice)
        exits(self.exits)
        return self

    def _fixed_weights_fit(self) -> None:
        total = fsum(self.basket.values())
        if total > 1 + WEIGHT_TOLERANCE:
            raise ValueError(f"strategy.basket: weights add up to {total:g}; at most 1 is allowed")
        if not self.basket_equal and abs(total - 1) > WEIGHT_TOLERANCE:
            raise ValueError(f"strategy.basket: weights add up to {total:g}; 1 is wanted when basket_equal is empty")
        # With nothing left to share, basket_equal is idle, whatever it names.
        if total < 1 - WEIGHT_TOLERANCE:
            self._listed_once([*self.basket, *self.basket_equal])

    def _listed_once(self, assets: Sequence[str]) -> None:
        if not assets:
            raise ValueError("strategy.basket: names no asset, nor does basket_equal; at least one is wanted")
        twice = [asset for asset in self.basket_equal if assets.count(asset) > 1]
        if twice:
            raise ValueError(
                f"strategy.basket_equal: {twice[0]} is given twice; each asset may stand in the basket once"
            )

    def delisting(self) -> DelistingRule | None:
        """Give when a held asset counts as delisted; None: never."""
        if self.delisted_after_days is None:
            return None
        return DelistingRule(after_days=self.delisted_after_days, penalty=self.delisting_penalty)

    def basket_rule(self) -> "BasketRule | None":
        """Give how the basket is made on a day; None where that is by fixed weights of what is listed."""
        if self.weights == "fixed" and self.universe == "listed":
            return None
        from strategies.rotating.basket import basket_rule  # noqa: PLC0415 - off by default

        return basket_rule(
            weights=self.weights,
            universe=self.universe,
            fixed=self.basket,
            equal=self.basket_equal,
            min_history_days=self.min_history_days,
        )

    def basket_weights(self) -> dict[str, float]:
        """Give the weight of each asset that may be in the basket, in trading order, adding up to 1.

        Where they are worked out on the day, all that share have the same.
        """
        rule = self.basket_rule()
        if rule is not None and not rule.kept:
            return dict.fromkeys(rule.assets, 1 / len(rule.assets))
        weights = dict(self.basket)
        rest = 1 - fsum(self.basket.values())
        if rest > WEIGHT_TOLERANCE:
            weights |= dict.fromkeys(self.basket_equal, rest / len(self.basket_equal))
        return weights
