"""ETH flows: the funds that hold ETH took in money over the last sessions (rows 000-17, 000-18)."""

from typing import ClassVar

import numpy as np
from pydantic import Field, StrictInt

from engine.core.columns import Column
from engine.core.reading import Reading
from engine.core.rule import RuleParams, Setting
from engine.core.thesis import Group
from strategies.signals.sight import Sight, SightedSystem
from strategies.signals.words import number_of, signed


class EthFlowsParams(RuleParams):
    """Parameters of flows."""

    sessions: StrictInt = Field(20, ge=1, le=5000, description="Sessions whose flows are added up.")


class EthFlows(SightedSystem[EthFlowsParams]):
    """Holds while the flows of the last sessions add up to more than 0."""

    Params = EthFlowsParams
    coin: ClassVar[str] = "ETH"
    rows: ClassVar[tuple[str, ...]] = ("000-17", "000-18")
    group = Group.FLOWS

    def __init__(self, params: EthFlowsParams, setting: Setting) -> None:
        super().__init__(params, setting)
        self.needs = (f"{self.coin}_ETF_FLOW",)

    def column(self, sight: Sight) -> Column:
        """Add up the last flows."""
        flows = sight.last_n(sight.series(*self.needs), self.params.sessions)
        return sight.compared(np.sum(flows, axis=1), ">", 0.0)

    def says(self, reading: Reading) -> str:
        """Say how much it was."""
        flow = signed(number_of(reading), 1)
        return f"USD {flow} million flowed into the US funds of {self.coin} in {self.params.sessions} sessions"
