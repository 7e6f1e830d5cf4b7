"""On what terms a strategy is run through history: what the account begins with, rules and costs, what bounds it."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.fills import Costs
from engine.core.instrument import Instrument
from engine.core.ledger import Ledger
from engine.core.orders_in_flight import SELL_WAIT_DAYS
from engine.core.planner import Planner
from engine.core.sizing import Sizing
from engine.core.strategy import Universe


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a run is given beside strategy and history.

    Attributes:
        name: goes into the names of its orders.
        start: what the account begins with.
        instruments: trading rules, of every asset that may be traded at least.
        sell_wait_days, max_drawdown, sizing: as of `Session`.
    """

    name: str
    start: Ledger
    instruments: Mapping[str, Instrument]
    costs: Costs
    sell_wait_days: int = SELL_WAIT_DAYS
    max_drawdown: float | None = None
    sizing: Sizing | None = None

    def planner(self, universe: Universe) -> Planner:
        """Make what plans the orders of a strategy."""
        return Planner(account=self.name, instruments=self.instruments, costs=self.costs, trading_order=universe.assets)
