"""The section `risk` of the configuration: limits on the whole account, whatever the strategy; off by default."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictFloat


class RiskSettings(BaseModel):
    """Limits on the whole account."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    late_keys: ClassVar[tuple[str, ...]] = ("max_drawdown", "volatility_target")

    max_drawdown: StrictFloat | None = Field(
        None,
        gt=0,
        lt=1,
        description="Fall of the equity from the run's highest, as a fraction, at which all is sold and nothing is "
        "traded until a person re-arms it; null: never.",
    )
    volatility_target: StrictFloat | None = Field(
        None,
        gt=0,
        le=100,
        description="Yearly volatility, as a fraction, to which the targets of a change are scaled down by the returns "
        "of the last 60 days; null: never.",
    )
