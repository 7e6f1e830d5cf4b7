"""At least one asset has a weight in the basket, where weights and members are worked out on the day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from engine.core.changes import Change
from engine.core.market import History
from engine.core.reading import Reading
from engine.core.rule import RuleCase, RuleParams
from strategies.rotating.basket import BasketRule
from strategies.rules.basket_tradable import BasketTradable, DailyTradable, Tradable
from strategies.signals.setting import RotationSetting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailyBasket(DailyTradable):
    """The basket by decision day, worked out for the days that are asked for."""

    history: History
    rule: BasketRule
    made: dict[date, Tradable] = field(default_factory=dict)

    def at(self, day: date) -> Tradable:
        """Give it on a decision day."""
        if day not in self.made:
            tradable, weights = DailyTradable.at(self, day), self.rule.weights_on(self.history, day)
            self.made[day] = Tradable(
                assets=tuple(weights),
                # What can be traded and is yet left out (too young, or it never moved) is rare: no row of it is kept.
                since=tradable.since if bool(weights) == bool(tradable.assets) else day,
                weights=tuple(weights.items()),
            )
        return self.made[day]


class BasketWeighed(BasketTradable):
    """Holds on a day on which the rule of the basket gives at least one asset a weight."""

    def __init__(self, params: RuleParams, setting: RotationSetting, rule: BasketRule) -> None:
        super().__init__(params, setting)
        self._rule = rule

    def observe(self, history: History) -> DailyTradable:
        """Work out the basket of each day."""
        found = super().observe(history)
        return DailyBasket(
            core=found.core,
            assets=found.assets,
            bars=found.bars,
            matrix=found.matrix,
            since=found.since,
            seen={},
            history=history,
            rule=self._rule,
        )

    def sentence(self, reading: Reading) -> str:
        """Say how many."""
        return f"{reading.value:.0f} of {len(self.setting.basket)} assets have a weight in the basket"

    def changes(self, case: RuleCase[DailyTradable], *, holds: bool) -> Iterable[Change]:
        """Propose nothing: what is left out lacks bars, or never moved."""
        return ()
